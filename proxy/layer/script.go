package layer

import (
	"errors"
	"slices"

	"sluice/proxy/flow"
)

// maxBacklog is how many bytes may wait for a script that waits for an answer before those who send them are not read any more;
// minBacklog, when memory is scarce.
const (
	maxBacklog = 256 << 10
	minBacklog = 64 << 10
)

// A Script is a layer written as straight-line code. Its body runs on a
// coroutine and gives way only in Next, Await, Hook and Open. What
// comes while it waits for an answer keeps its place in the inbox.
//
// A layer embeds a Script and calls Begin in its constructor.
type Script struct {
	ctx  *Context
	body func(*Script)

	co *coroutine // nil: not begun, or over

	inbox   []Event
	room    [2]Event // for an inbox that is short
	cmds    []Command
	waiting Command      // the command whose answer the body waits for
	answer  Completion   // that answer
	backlog int          // bytes of data in the inbox
	kept    int64        // bytes of it that count in the budget
	paused  []*flow.Conn // are not read until the inbox is empty
	over    bool
	halted  bool // stopped: its coroutine is not used again

	prev, next *Script
}

// eventCost is what keeping an event costs besides its data, in bytes.
const eventCost = 128

var errStopped = errors.New("script stopped")

// Begin sets the body, which starts with the first event.
func (s *Script) Begin(ctx *Context, body func(*Script)) { s.ctx, s.body = ctx, body }

// Again makes a body that has ended begin anew with the next event.
func (s *Script) Again() { *s = Script{ctx: s.ctx, body: s.body} }

// Over reports whether the body has ended. Later events are dropped.
func (s *Script) Over() bool { return s.over }

// Awaits reports whether c answers the command that the body waits for.
func (s *Script) Awaits(c Completion) bool { return s.waiting != nil && c.Of() == s.waiting }

// Handle gives the body an event and runs it until it needs another.
func (s *Script) Handle(ev Event, cmds []Command) []Command {
	if s.over {
		return cmds
	}
	if s.waiting != nil {
		c, ok := ev.(Completion)
		if !ok || c.Of() != s.waiting {
			s.keep(ev)
			return s.pause(ev, cmds)
		}
		s.waiting, s.answer = nil, c
	} else {
		s.put(ev)
	}
	if s.co == nil {
		s.co = s.ctx.scripts.pool.get()
		s.co.script = s
		s.ctx.scripts.add(s)
	}
	co := s.co
	s.cmds = cmds
	co.resume()
	if co.script != s { // the body has ended
		s.ctx.scripts.pool.put(co)
	}
	cmds, s.cmds = s.cmds, nil
	if n := len(s.inbox); n > 0 && s.inbox[n-1] == ev {
		s.inbox[n-1] = Keep(ev)
		s.charge(cost(ev))
	}
	return cmds
}

func (s *Script) put(ev Event) {
	if s.inbox == nil {
		s.inbox = s.room[:0]
	}
	s.inbox = append(s.inbox, ev)
	if d, ok := ev.(*DataReceived); ok {
		s.backlog += len(d.Data) + eventCost
	}
}

// keep puts an event that has to wait. Where so much waits that its source should have stopped, bytes are joined to those before them.
func (s *Script) keep(ev Event) {
	s.charge(cost(ev))
	n := len(s.inbox)
	if n == 0 {
		s.put(Keep(ev))
		return
	}
	if d, ok := ev.(*DataReceived); ok {
		if last, ok := s.inbox[n-1].(*DataReceived); ok && s.backlog >= maxBacklog && last.extend(d) {
			s.backlog += len(d.Data)
			return
		}
	} else if j, ok := s.inbox[n-1].(Joiner); ok && j.Join(ev) {
		return
	}
	s.put(Keep(ev))
}

// cost is what keeping an event costs, in bytes.
func cost(ev Event) int64 {
	switch ev := ev.(type) {
	case *DataReceived:
		return int64(len(ev.Data)) + eventCost
	case Sized:
		return int64(ev.Size()) + eventCost
	}
	return eventCost
}

// charge counts what is kept in the budget.
func (s *Script) charge(n int64) {
	if n != 0 {
		s.kept += n
		s.ctx.Backlog(n)
	}
}

// discharge takes an event that has been read out of the budget, and all that is left when the inbox is empty.
func (s *Script) discharge(ev Event) {
	n := s.kept
	if len(s.inbox) > 0 {
		n = min(n, cost(ev))
	}
	s.charge(-n)
}

// maxJoined is how many bytes events that are joined may bring.
const maxJoined = 64 << 10

// extend adds the bytes of an event to those of one that owns its own. Datagrams stay apart.
func (e *DataReceived) extend(next *DataReceived) bool {
	if e.Conn != next.Conn || e.Conn.Transport == "udp" || len(e.Data)+len(next.Data) > maxJoined {
		return false
	}
	e.Data = append(e.Data, next.Data...)
	return true
}

// pause has the connection of an event not read any more if too much waits already.
func (s *Script) pause(ev Event, cmds []Command) []Command {
	d, ok := ev.(*DataReceived)
	if !ok || s.backlog < minBacklog || s.backlog < maxBacklog && !s.ctx.Scarce() || slices.Contains(s.paused, d.Conn) {
		return cmds
	}
	s.paused = append(s.paused, d.Conn)
	return append(cmds, &Pause{d.Conn, true})
}

// unpause has everything read again.
func (s *Script) unpause() {
	for _, c := range s.paused {
		s.Do(&Pause{c, false})
	}
	s.paused = nil
}

// play runs the body to its end, or to where it is stopped.
func (s *Script) play() {
	defer func() {
		s.over, s.inbox, s.co = true, nil, nil
		s.charge(-s.kept)
		s.ctx.scripts.remove(s)
		if r := recover(); r != nil && r != any(errStopped) {
			panic(r)
		}
	}()
	s.body(s)
}

// Stop ends the body where it waits.
func (s *Script) Stop() {
	s.over, s.halted = true, true
	s.ctx.scripts.remove(s)
	if s.co != nil {
		s.co.halt()
	}
}

func (s *Script) wait() {
	if !s.co.park(struct{}{}) {
		panic(errStopped)
	}
}

// Next returns the next event, oldest first. Bytes it lends are gone after the next Next, Await, Hook or Open.
func (s *Script) Next() Event {
	if len(s.inbox) == 0 {
		s.wait()
	}
	ev := s.inbox[0]
	s.inbox[0] = nil
	if s.inbox = s.inbox[1:]; len(s.inbox) == 0 {
		s.inbox = nil
		s.unpause()
	}
	if s.kept > 0 {
		s.discharge(ev)
	}
	if d, ok := ev.(*DataReceived); ok {
		s.backlog -= len(d.Data) + eventCost
	}
	return ev
}

// Rest takes all events that have come and not been read. What they lend is lent until Handle returns.
func (s *Script) Rest() []Event {
	rest := slices.Clone(s.inbox)
	s.inbox, s.backlog = nil, 0
	s.charge(-s.kept)
	s.unpause()
	return rest
}

// Pending reports whether an event that has come and not been read yet is like that.
func (s *Script) Pending(like func(Event) bool) bool {
	for _, ev := range s.inbox {
		if like(ev) {
			return true
		}
	}
	return false
}

// Do issues a command and goes on.
func (s *Script) Do(c Command) { s.cmds = append(s.cmds, c) }

// Await issues a command and waits for its answer.
func (s *Script) Await(c Command) Completion {
	s.Do(c)
	s.waiting = c
	s.wait()
	a := s.answer
	s.answer = nil
	return a
}

// Hook shows a hook to the addons and waits until they let go. Mostly they do so at once, and
// then the body goes on without giving way.
func (s *Script) Hook(h Hook) {
	if s.ctx.Inline == nil || !s.ctx.Inline(h) {
		s.Await(h)
	}
}

// Open connects to a server.
func (s *Script) Open(srv *flow.Server) error {
	return s.Await(&OpenConnection{srv}).(*OpenCompleted).Err
}
