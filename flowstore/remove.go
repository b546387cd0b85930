package flowstore

import "sluice/proxy/flow"

// Remove forgets flows. It kills none: what the engine still says of one that is alive is ignored.
func (s *Store) Remove(ids ...flow.ID) {
	s.mu.Lock()
	for _, id := range ids {
		if e := s.byID[id]; e != nil {
			s.remove(e)
		}
	}
	s.mu.Unlock()
	s.notify()
}

// Clear forgets all flows. Like Remove, it kills none.
func (s *Store) Clear() { s.clear(func(*entry) bool { return true }) }

// ClearUnmarked forgets all flows without a mark. Like Remove, it kills none.
func (s *Store) ClearUnmarked() { s.clear(func(e *entry) bool { return !e.marked() }) }

func (s *Store) clear(which func(*entry) bool) {
	s.mu.Lock()
	for _, e := range s.byID {
		if which(e) {
			s.remove(e)
		}
	}
	s.mu.Unlock()
	s.notify()
}

func (s *Store) remove(e *entry) {
	id := e.engine.ID
	delete(s.byID, id)
	if !e.done() {
		s.ended[id] = struct{}{}
	}
	s.slots[e.slot] = nil
	s.free = append(s.free, e.slot)
	s.bytes -= e.bytes
	s.recent.drop(e)
	s.bodies.drop(e)
	s.treasure.drop(e)
	s.finished.drop(e)
	e.engine, e.flow, e.person = nil, nil, nil
	s.arrivals.forget()
	s.version++
	s.removals = append(s.removals, removal{s.version, e.seq, e.slot})
	if n := len(s.removals) - maxRemovals; n >= maxRemovals {
		s.forgot = s.removals[n-1].version
		s.removals = append(s.removals[:0], s.removals[n:]...)
	}
}

// Duplicate adds a copy of each flow as it is now, edits included, and returns the
// ids of the copies. A copy is not alive and has no earlier versions.
func (s *Store) Duplicate(ids ...flow.ID) []flow.ID {
	var copies []flow.ID
	s.mu.Lock()
	for _, id := range ids {
		if e := s.byID[id]; e != nil {
			c := e.current().Copy()
			copies = append(copies, c.ID)
			s.put(c)
		}
	}
	s.mu.Unlock()
	s.notify()
	return copies
}
