package layer

import (
	"errors"
	"iter"

	"sluice/proxy/flow"
)

// A Script is a layer written as straight-line code. Its body runs on a
// coroutine of its own and gives way only in Next, Await, Hook and Open. What
// comes while it waits for an answer keeps its place in the inbox.
//
// A layer embeds a Script and calls Begin in its constructor.
type Script struct {
	ctx  *Context
	body func(*Script)

	resume func() (struct{}, bool)
	halt   func()
	park   func(struct{}) bool

	inbox   []Event
	cmds    []Command
	waiting Command    // the command whose answer the body waits for
	answer  Completion // that answer
	over    bool

	prev, next *Script
}

var errStopped = errors.New("script stopped")

// Begin sets the body, which starts with the first event.
func (s *Script) Begin(ctx *Context, body func(*Script)) { s.ctx, s.body = ctx, body }

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
			s.inbox = append(s.inbox, Keep(ev))
			return cmds
		}
		s.waiting, s.answer = nil, c
	} else {
		s.inbox = append(s.inbox, ev)
	}
	if s.resume == nil {
		s.resume, s.halt = iter.Pull(s.run)
		s.ctx.scripts.add(s)
	}
	s.cmds = cmds
	s.resume()
	cmds, s.cmds = s.cmds, nil
	if n := len(s.inbox); n > 0 && s.inbox[n-1] == ev {
		s.inbox[n-1] = Keep(ev)
	}
	return cmds
}

func (s *Script) run(yield func(struct{}) bool) {
	defer func() {
		s.over, s.inbox = true, nil
		s.ctx.scripts.remove(s)
		if r := recover(); r != nil && r != any(errStopped) {
			panic(r)
		}
	}()
	s.park = yield
	s.body(s)
}

// Stop ends the body where it waits.
func (s *Script) Stop() {
	s.over = true
	s.ctx.scripts.remove(s)
	if s.halt != nil {
		s.halt()
	}
}

func (s *Script) wait() {
	if !s.park(struct{}{}) {
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
	}
	return ev
}

// Rest takes all events that have come and not been read. What they lend is lent until Handle returns.
func (s *Script) Rest() []Event {
	rest := s.inbox
	s.inbox = nil
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

// Handoff runs another layer inside the script and issues its commands.
func (s *Script) Handoff(l Layer, ev Event) { s.cmds = l.Handle(ev, s.cmds) }

// Await issues a command and waits for its answer.
func (s *Script) Await(c Command) Completion {
	s.Do(c)
	s.waiting = c
	s.wait()
	a := s.answer
	s.answer = nil
	return a
}

// Hook shows a hook to the addons and waits until they let go.
func (s *Script) Hook(h Hook) { s.Await(h) }

// Open connects to a server.
func (s *Script) Open(srv *flow.Server) error {
	return s.Await(&OpenConnection{srv}).(*OpenCompleted).Err
}
