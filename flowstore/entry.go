package flowstore

import (
	"math"
	"slices"
	"sort"

	"sluice/proxy/flow"
)

// An entry is what the store knows of one flow. Everything in it is guarded by Store.mu.
type entry struct {
	engine  *flow.Flow // the newest snapshot that was published; nil once removed
	flow    *flow.Flow // engine with the person's things in it; nil: to be made
	person  *person    // nil: nobody touched it
	seq     uint64     // its place in the order of arrival, never used again
	version uint64     // Store.version of its last change
	bytes   int64      // what it adds to Store.bytes
	tally   tally
	entries *entryCount // nil: no body is a list
	traffic int64       // bytes of all messages, lost ones included
	lost    bool        // some of them are
	slot    int32       // its place in Store.slots, used again after it
	links   [3]link
}

// A state is an entry as it was when somebody looked.
type state struct {
	flow     *flow.Flow
	seq      uint64
	version  uint64
	traffic  int64 // bytes of its messages
	entries  int   // in its bodies
	slot     int32
	lost     bool // some of them were let go
	modified bool
}

func (e *entry) state() state {
	return state{
		flow: e.current(), seq: e.seq, version: e.version, slot: e.slot,
		traffic: e.traffic, entries: e.entries.count(), lost: e.lost, modified: e.person != nil && e.person.modified(),
	}
}

// current returns the snapshot that the world sees.
func (e *entry) current() *flow.Flow {
	if e.flow == nil {
		e.flow = e.person.over(e.engine)
	}
	return e.flow
}

// own returns the person's part of the entry, made if there is none.
func (e *entry) own() *person {
	if e.person == nil {
		e.person = new(person)
	}
	return e.person
}

// done reports whether nothing more is expected of the flow.
func (e *entry) done() bool { return !e.engine.Live && !e.engine.Intercepted }

func (e *entry) marked() bool {
	if e.person != nil && e.person.marked != nil {
		return *e.person.marked != ""
	}
	return e.engine.Marked != ""
}

// A removal is an entry that is no more.
type removal struct {
	version uint64
	seq     uint64
	slot    int32
}

// A link is an entry's place in a chain.
type link struct {
	prev, next *entry
	in         *chain // nil: in none
}

// The links of an entry.
const (
	inRecent = iota
	inBodies
	inFinished
)

// A chain is a list of entries that are pushed at its end and dropped anywhere in constant time.
type chain struct {
	first, last *entry
	at          int // which of the entry's links
}

// push puts e at the end unless it is in a chain by the same link already.
func (c *chain) push(e *entry) {
	l := &e.links[c.at]
	if l.in != nil {
		return
	}
	*l = link{prev: c.last, in: c}
	if c.last != nil {
		c.last.links[c.at].next = e
	} else {
		c.first = e
	}
	c.last = e
}

// drop takes e out of the chain if it is in it.
func (c *chain) drop(e *entry) {
	l := e.links[c.at]
	if l.in != c {
		return
	}
	if l.prev != nil {
		l.prev.links[c.at].next = l.next
	} else {
		c.first = l.next
	}
	if l.next != nil {
		l.next.links[c.at].prev = l.prev
	} else {
		c.last = l.prev
	}
	e.links[c.at] = link{}
}

// arrivals are the entries in the order in which they came, removed ones left in until half are.
type arrivals struct {
	entries []*entry
	next    uint64
	removed int
}

func (a *arrivals) add(e *entry) {
	e.seq = a.next
	a.next++
	a.entries = append(a.entries, e)
}

// forget counts a removed entry, whose engine is nil by now.
func (a *arrivals) forget() {
	if a.removed++; a.removed > len(a.entries)/2 {
		a.entries = slices.DeleteFunc(a.entries, func(e *entry) bool { return e.engine == nil })
		a.removed = 0
	}
}

// from returns the entries that came as number seq or later.
func (a *arrivals) from(seq uint64) []*entry {
	i := sort.Search(len(a.entries), func(i int) bool { return a.entries[i].seq >= seq })
	return a.entries[i:]
}

// page fills buf to its capacity with the flows that came as number seq or later.
func (s *Store) page(seq uint64, buf []state) []state {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.arrivals.from(seq) {
		if len(buf) == cap(buf) {
			break
		}
		if e.engine != nil {
			buf = append(buf, e.state())
		}
	}
	return buf
}

// A delta is what has changed since a version of the store.
type delta struct {
	states  []state // the latest change first
	removed []removal
	lost    bool // removals are missing
	version uint64
}

// since tells what has changed after version, in the room that d has.
func (s *Store) since(version uint64, d *delta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.states, d.removed = d.states[:0], d.removed[:0]
	for e := s.recent.last; e != nil && e.version > version; e = e.links[inRecent].prev {
		d.states = append(d.states, e.state())
	}
	i := sort.Search(len(s.removals), func(i int) bool { return s.removals[i].version > version })
	d.removed = append(d.removed, s.removals[i:]...)
	d.lost = version < s.forgot
	d.version = s.version
}

// forget lets go of the snapshots that d holds and keeps its room.
func (d *delta) forget() { clear(d.states) }

// present reports for each slot and number whether that entry is still there.
func (s *Store) present() func(slot int32, seq uint64) bool {
	s.mu.Lock()
	seqs := make([]uint64, len(s.slots))
	for i, e := range s.slots {
		if e != nil {
			seqs[i] = e.seq + 1
		}
	}
	s.mu.Unlock()
	return func(slot int32, seq uint64) bool { return int(slot) < len(seqs) && seqs[slot] == seq+1 }
}

// now returns the store's version.
func (s *Store) now() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// slot returns the slot of a flow, or one that nobody has.
func (s *Store) slot(id flow.ID) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[id]; e != nil {
		return e.slot
	}
	return math.MaxInt32
}
