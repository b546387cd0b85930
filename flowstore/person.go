package flowstore

import (
	"slices"

	"sluice/proxy/flow"
)

// A person is what people did to one flow.
type person struct {
	marked   *string // nil: as the engine says
	comment  *string // nil: as the engine says
	settings map[string]string

	received *flow.Flow // as it was before the first edit; nil: never edited, or reverted
	edited   *flow.Flow // as the last edit left it
	patch    patch      // what the engine has not taken over
	sent     bool       // the engine took over an edit
}

// SetMark marks flows, or with "" takes their marks away.
func (s *Store) SetMark(marker string, ids ...flow.ID) {
	s.change(ids, func(p *person) { p.marked = &marker })
}

// SetComment writes a comment on a flow.
func (s *Store) SetComment(id flow.ID, text string) {
	s.change([]flow.ID{id}, func(p *person) { p.comment = &text })
}

// SetSetting remembers a value with flows for as long as they are kept.
func (s *Store) SetSetting(key, value string, ids ...flow.ID) {
	s.change(ids, func(p *person) {
		if p.settings == nil {
			p.settings = make(map[string]string)
		}
		p.settings[key] = value
	})
}

// Setting returns what SetSetting remembered, or "".
func (s *Store) Setting(id flow.ID, key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[id]; e != nil && e.person != nil {
		return e.person.settings[key]
	}
	return ""
}

func (s *Store) change(ids []flow.ID, do func(*person)) {
	s.mu.Lock()
	for _, id := range ids {
		if e := s.byID[id]; e != nil {
			do(e.own())
			s.renew(e)
		}
	}
	s.mu.Unlock()
	s.notify()
}

// renew makes a person's change seen.
func (s *Store) renew(e *entry) {
	e.flow = nil
	s.touch(e)
	s.settle(e)
}

// over returns the engine's snapshot with the person's things on top; itself when there are none. A nil person has none.
func (p *person) over(engine *flow.Flow) *flow.Flow {
	if p == nil || p.marked == nil && p.comment == nil && p.patch.empty() {
		return engine
	}
	c := *engine
	if p.marked != nil {
		c.Marked = *p.marked
	}
	if p.comment != nil {
		c.Comment = *p.comment
	}
	p.patch.apply(&c)
	return &c
}

// absorb lets go of the parts of the patch that the engine has taken over: those
// that its new snapshot contains, and when it has just been given the flow, by resuming
// or replaying it, those that it has changed. Addons may have changed them further, and
// what the engine says of a part from then on is the truth.
func (p *person) absorb(old, fresh *flow.Flow) {
	if p.patch.empty() {
		return
	}
	given := old.Intercepted && !fresh.Intercepted || !old.Live && fresh.Live
	if p.patch.absorb(old, fresh, given) {
		p.sent = true
	}
}

// modified reports whether the flow differs by a person's hand from what was received.
func (p *person) modified() bool { return p.received != nil && (p.sent || !p.patch.empty()) }

// bytes returns how many bytes of bodies are kept in received and edited, beside those of the engine's snapshot.
func (p *person) bytes(engine *flow.Flow) int64 {
	if p.received == nil {
		return 0
	}
	var room [8]*flow.Body
	bodies := appendBodies(room[:0], engine)
	own := len(bodies)
	bodies = appendBodies(appendBodies(bodies, p.received), p.edited)
	var n int64
	for i := own; i < len(bodies); i++ {
		known := slices.ContainsFunc(bodies[:i], func(b *flow.Body) bool { return identical(b, bodies[i]) })
		if !known {
			n += bodies[i].Kept()
		}
	}
	return n
}

func appendBodies(bodies []*flow.Body, f *flow.Flow) []*flow.Body {
	if f == nil {
		return bodies
	}
	if f.Request != nil {
		bodies = append(bodies, &f.Request.Body)
	}
	if f.Response != nil {
		bodies = append(bodies, &f.Response.Body)
	}
	return bodies
}

func (p *person) dropBodies() {
	p.received, p.edited = withoutBodies(p.received), withoutBodies(p.edited)
	p.patch.dropBodies()
}
