package layer

import (
	"log/slog"
	"time"
)

const (
	// maxUndecided bounds what is kept while nobody knows the protocol.
	maxUndecided = 256 << 10
	// decisionTime is how long first bytes that leave the protocol open may stay the only ones.
	decisionTime = 30 * time.Second
)

// NextLayer stands where the following protocol is not known yet. It keeps what
// comes and asks the Next hook after each piece of data. When an addon has
// decided, the layer it chose gets everything from the start and takes over for good.
type NextLayer struct {
	Context *Context
	// Patience is how long nobody may say anything before the hook is asked all the same. 0: for ever.
	Patience time.Duration

	layer  Layer
	asking *Next
	events []Event // before the hook was asked
	queue  []Event // while it is asked
	client []byte  // the data of events, by side
	server []byte
	kept   int64          // bytes that count in the budget
	limit  *RequestWakeup // nil: nothing has been left open yet
	late   bool
}

// NewNextLayer returns an undecided layer. It is not part of ctx.Layers.
func NewNextLayer(ctx *Context) *NextLayer { return &NextLayer{Context: ctx} }

// Decide chooses the layer.
func (n *NextLayer) Decide(l Layer) { n.layer = l }

// Decided reports whether there is a layer already.
func (n *NextLayer) Decided() bool { return n.layer != nil }

// ClientData returns what the client has sent so far. It is lent until the hook is answered.
func (n *NextLayer) ClientData() []byte { return n.client }

// ServerData returns what the server has sent so far.
func (n *NextLayer) ServerData() []byte { return n.server }

// Late reports whether there has been time enough for all that is needed to decide. What is not there by then does not count.
func (n *NextLayer) Late() bool { return n.late }

// Handle keeps ev, asks, or hands it on.
func (n *NextLayer) Handle(ev Event, cmds []Command) []Command {
	if n.layer != nil && n.asking == nil {
		return n.layer.Handle(ev, cmds)
	}
	if n.asking != nil {
		if c, ok := ev.(*HookCompleted); !ok || c.Hook != Hook(n.asking) {
			n.queue = append(n.queue, Keep(ev))
			return cmds
		}
		n.asking = nil
		return n.answered(cmds)
	}
	if w, ok := ev.(*Wakeup); ok && n.limit != nil && w.Cmd == n.limit {
		n.late = true
		n.asking = &Next{n}
		return append(cmds, n.asking)
	}
	n.keep(ev)
	switch ev := ev.(type) {
	case Start:
		if n.Patience > 0 {
			n.limit = &RequestWakeup{n.Patience}
			return append(cmds, n.limit)
		}
	case *DataReceived:
		if n.limit != nil && len(n.client)+len(n.server) == 0 {
			cmds = append(cmds, &CancelWakeup{n.limit})
			n.limit = nil
		}
		if ev.Conn == &n.Context.Client.Conn {
			n.client = append(n.client, ev.Data...)
		} else {
			n.server = append(n.server, ev.Data...)
		}
		if len(n.client)+len(n.server) > maxUndecided {
			return append(cmds,
				&Log{slog.LevelWarn, "cannot tell the protocol from the first 256 KiB: closing the connection"},
				&CloseConnection{Conn: &n.Context.Client.Conn})
		}
		n.charge(2 * int64(len(ev.Data))) // in events too
		n.asking = &Next{n}
		return append(cmds, n.asking)
	case *ConnectionClosed:
		n.charge(-n.kept)
		if ev.Conn == &n.Context.Client.Conn {
			return append(cmds, &CloseConnection{Conn: ev.Conn})
		}
	}
	return cmds
}

// keep adds ev to the events. Small pieces of a stream are joined, for they may be of a byte each.
func (n *NextLayer) keep(ev Event) {
	if d, ok := ev.(*DataReceived); ok && len(n.events) > 0 {
		if last, ok := n.events[len(n.events)-1].(*DataReceived); ok && last.extend(d) {
			return
		}
	}
	n.events = append(n.events, Keep(ev))
}

// charge counts what is kept in the budget.
func (n *NextLayer) charge(b int64) {
	n.kept += b
	n.Context.Backlog(b)
}

func (n *NextLayer) answered(cmds []Command) []Command {
	if n.layer != nil {
		n.charge(-n.kept)
		if n.limit != nil && !n.late {
			cmds = append(cmds, &CancelWakeup{n.limit})
		}
		events, queue := n.events, n.queue
		n.events, n.queue, n.client, n.server = nil, nil, nil, nil
		for _, ev := range append(events, queue...) {
			if w, ok := ev.(*Wakeup); ok && w.Cmd == n.limit {
				continue
			}
			had := len(cmds)
			cmds = n.layer.Handle(ev, cmds)
			Own(cmds[had:])
		}
		return cmds
	}
	if n.limit == nil && len(n.client)+len(n.server) > 0 {
		n.limit = &RequestWakeup{decisionTime}
		cmds = append(cmds, n.limit)
	}
	queue := n.queue
	n.queue = nil
	for _, ev := range queue {
		cmds = n.Handle(ev, cmds)
	}
	return cmds
}
