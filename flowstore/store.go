// Package flowstore keeps every flow by its id: the newest snapshot that the
// engine published, and beside it what belongs to people: marks, comments and
// edits. A View puts the flows into an order, behind a filter, with a focus.
//
// A Store may be used from any number of goroutines and never blocks for long;
// a View belongs to one. What comes out of either is immutable. The package
// opens no file and knows no screen.
package flowstore

import (
	"sync"

	"sluice/proxy/flow"
)

const (
	defaultBodyLimit = 1 << 30
	maxBatch         = 256  // flows handled under one lock
	maxRemovals      = 4096 // removals remembered for views that lag behind
)

// Config bounds what a Store keeps.
type Config struct {
	// BodyLimit is how many bytes of bodies and messages are kept. Over it, those of
	// the flows that finished first are dropped, of marked flows last. 0: 1 GiB.
	BodyLimit int64
	// MaxFlows is how many flows are kept. Over it, those that finished first are
	// removed, but no marked ones. 0: no limit.
	MaxFlows int
}

// A Store keeps flows by id. Its methods may be called from any goroutine.
type Store struct {
	cfg     Config
	changed chan struct{}

	editing sync.Mutex // one edit at a time; taken before mu

	mu       sync.Mutex
	byID     map[flow.ID]*entry
	arrivals arrivals
	slots    []*entry // by entry.slot; nil: free
	free     []int32
	ended    map[flow.ID]struct{} // removed while under way: what the engine still says of them is ignored

	version  uint64 // grows with every change of any entry
	recent   chain  // all entries, the latest change last
	removals []removal
	forgot   uint64 // removals up to this version are not remembered

	bytes    int64 // of all bodies
	bodies   chain // finished flows with bodies, the first to finish first
	treasure chain // the same for marked ones, filled when bodies runs over them
	finished chain // what MaxFlows may remove, the first to finish first
}

// New returns an empty store.
func New(cfg Config) *Store {
	if cfg.BodyLimit <= 0 {
		cfg.BodyLimit = defaultBodyLimit
	}
	return &Store{
		cfg:      cfg,
		changed:  make(chan struct{}, 1),
		byID:     make(map[flow.ID]*entry),
		ended:    make(map[flow.ID]struct{}),
		recent:   chain{at: inRecent},
		bodies:   chain{at: inBodies},
		treasure: chain{at: inBodies},
		finished: chain{at: inFinished},
	}
}

// PutAll takes in snapshots in the order in which they were published.
func (s *Store) PutAll(batch []*flow.Flow) {
	s.mu.Lock()
	for _, f := range batch {
		s.put(f)
	}
	s.mu.Unlock()
	s.notify()
}

// Put takes in one snapshot, which nobody may write to any more. It is ignored when
// it is older than the one we have, or of a flow that was removed while it was alive.
func (s *Store) Put(f *flow.Flow) {
	s.mu.Lock()
	s.put(f)
	s.mu.Unlock()
	s.notify()
}

func (s *Store) put(f *flow.Flow) {
	e := s.byID[f.ID]
	if e == nil {
		if e = s.add(f); e == nil {
			return
		}
	} else {
		if f.Rev < e.engine.Rev {
			return
		}
		if e.person != nil {
			e.person.absorb(e.engine, f)
		}
		e.engine, e.flow = f, nil
	}
	s.touch(e)
	s.settle(e)
}

// add makes the entry of a flow that is new, or returns nil if it was removed while it was alive.
func (s *Store) add(f *flow.Flow) *entry {
	if _, gone := s.ended[f.ID]; gone {
		if !f.Live && !f.Intercepted {
			delete(s.ended, f.ID)
		}
		return nil
	}
	e := &entry{engine: f}
	s.byID[f.ID] = e
	s.arrivals.add(e)
	if n := len(s.free); n > 0 {
		e.slot, s.free = s.free[n-1], s.free[:n-1]
		s.slots[e.slot] = e
	} else {
		e.slot = int32(len(s.slots))
		s.slots = append(s.slots, e)
	}
	return e
}

// touch makes e the latest change.
func (s *Store) touch(e *entry) {
	s.version++
	e.version = s.version
	if s.recent.last != e {
		s.recent.drop(e)
		s.recent.push(e)
	}
}

func (s *Store) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Changes receives when something has changed since it last received. It has one
// reader; views learn what has changed from Sync.
func (s *Store) Changes() <-chan struct{} { return s.changed }

// Get returns the latest snapshot of a flow with the person's mark, comment and edits in it, or nil.
func (s *Store) Get(id flow.ID) *flow.Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[id]; e != nil {
		return e.current()
	}
	return nil
}

// Row returns the summary of a flow.
func (s *Store) Row(id flow.ID) (Row, bool) {
	s.mu.Lock()
	e := s.byID[id]
	if e == nil {
		s.mu.Unlock()
		return Row{}, false
	}
	st := e.state()
	s.mu.Unlock()
	return st.row(), true
}

// Len returns how many flows there are, CONNECT requests included.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// Each calls fn with every flow in the order of arrival until it returns false. fn
// may call the store. What arrives meanwhile may be left out.
func (s *Store) Each(fn func(*flow.Flow) bool) {
	var buf [maxBatch]state
	for next := uint64(0); ; {
		batch := s.page(next, buf[:0])
		if len(batch) == 0 {
			return
		}
		for i := range batch {
			if !fn(batch[i].flow) {
				return
			}
		}
		next = batch[len(batch)-1].seq + 1
	}
}
