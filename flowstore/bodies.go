package flowstore

import (
	"slices"
	"unsafe"

	"sluice/proxy/flow"
)

// A tally counts the bytes of a list of messages of which only the last may change
// while the list grows, looking at each message once.
type tally struct {
	n     int   // messages counted for good
	bytes int64 // in them
	lost  int64 // bytes that they have lost
}

// count returns how many bytes all of ms have and have lost.
func (t *tally) count(ms []flow.Message) (n, lost int64) {
	if len(ms) <= t.n {
		*t = tally{}
	}
	if len(ms) == 0 {
		return 0, 0
	}
	for ; t.n < len(ms)-1; t.n++ {
		t.bytes += int64(len(ms[t.n].Content))
		t.lost += int64(ms[t.n].Lost)
	}
	last := &ms[t.n]
	return t.bytes + int64(len(last.Content)), t.lost + int64(last.Lost)
}

// settle counts the bodies of e anew, queues it for removal if it is finished, and keeps the limits.
func (s *Store) settle(e *entry) {
	n, lost := e.tally.count(e.engine.AllMessages())
	e.traffic, e.lost = n+lost, lost > 0
	n += e.engine.BodiesKept() + costOf(e.engine.AllMessages())
	e.countEntries()
	if e.person != nil {
		n += e.person.bytes(e.engine)
	}
	s.bytes += n - e.bytes
	e.bytes = n
	if e.done() {
		s.queue(e)
	}
	s.keepBodies()
	s.keepFlows()
}

func (s *Store) queue(e *entry) {
	if e.bytes > 0 {
		s.bodies.push(e)
	}
	if s.cfg.MaxFlows > 0 && !e.marked() {
		s.finished.push(e)
	}
}

// keepBodies drops bodies until they are within the limit or all belong to flows that are under way.
// A flow that lives again leaves the queues here and is back in when it finishes.
func (s *Store) keepBodies() {
	for s.bytes > s.cfg.BodyLimit {
		from := &s.bodies
		if from.first == nil {
			from = &s.treasure
		}
		e := from.first
		if e == nil {
			return
		}
		from.drop(e)
		switch {
		case !e.done():
		case e.marked() && from == &s.bodies:
			s.treasure.push(e)
		default:
			s.dropBodies(e)
		}
	}
}

// keepFlows removes flows until there are no more than the limit or all are marked or under way.
func (s *Store) keepFlows() {
	for s.cfg.MaxFlows > 0 && len(s.byID) > s.cfg.MaxFlows {
		e := s.finished.first
		if e == nil {
			return
		}
		s.finished.drop(e)
		if e.done() && !e.marked() {
			s.remove(e)
		}
	}
}

// dropBodies lets go of all bodies of e, which say so from then on.
func (s *Store) dropBodies(e *entry) {
	e.engine, e.flow = withoutBodies(e.engine), nil
	if e.person != nil {
		e.person.dropBodies()
	}
	s.bytes -= e.bytes
	e.bytes, e.tally, e.lost = 0, tally{}, e.traffic > 0
	s.touch(e)
}

// withoutBodies returns a copy of a snapshot with gaps where its bodies were.
func withoutBodies(f *flow.Flow) *flow.Flow {
	if f == nil {
		return nil
	}
	c := *f
	c.Request, c.Response = requestWithoutBody(f.Request), responseWithoutBody(f.Response)
	if f.WebSocket != nil {
		w := *f.WebSocket
		w.Messages = withoutContent(w.Messages)
		c.WebSocket = &w
	}
	c.Messages = withoutContent(c.Messages)
	return &c
}

func requestWithoutBody(r *flow.Request) *flow.Request {
	if r == nil || r.Body.Kept() == 0 {
		return r
	}
	c := *r
	c.Body = flow.BodyGap(r.Body.Len(), flow.Dropped)
	return &c
}

func responseWithoutBody(r *flow.Response) *flow.Response {
	if r == nil || r.Body.Kept() == 0 {
		return r
	}
	c := *r
	c.Body = flow.BodyGap(r.Body.Len(), flow.Dropped)
	return &c
}

// withoutContent returns messages without their content. What a long list has more than it may have for nothing is told of by its last message.
func withoutContent(ms []flow.Message) []flow.Message {
	out := slices.Clone(ms[:min(len(ms), freeMessages)])
	for i := range out {
		out[i].Lost += len(out[i].Content)
		out[i].Content = nil
	}
	for i := len(out); i < len(ms); i++ {
		out[len(out)-1].Lost += ms[i].Lost + len(ms[i].Content)
	}
	return out
}

const (
	// freeMessages is how many messages of a flow count for no more than their content.
	freeMessages = 1000
	// messageCost is what each further one takes besides, in bytes.
	messageCost = int64(unsafe.Sizeof(flow.Message{}))
)

// costOf is what a list of messages takes besides their content, which may be next to nothing.
func costOf(ms []flow.Message) int64 { return int64(max(0, len(ms)-freeMessages)) * messageCost }
