package layer

import (
	"errors"
	"log/slog"
	"time"

	"sluice/proxy/flow"
)

const (
	// maxEarly bounds what a peer may send before its tunnel has begun.
	maxEarly = 64 << 10
	// maxWaiting bounds what comes from elsewhere while a tunnel is being made, with what it costs to keep it.
	maxWaiting = 16 << 20
)

var errClosed = errors.New("connection closed")

// A Protocol is what makes a tunnel the one it is. A layer that embeds a Tunnel
// has all of it but Handshake, for bytes that pass as they are.
type Protocol interface {
	// Handshake makes the tunnel ready. It runs as a script whose events are the
	// data and the close of the outer connection, and whose commands go out as they are. An error is told to
	// whoever wants the tunnel; what else is to be said and closed is up to the handshake.
	Handshake(s *Script) error
	// Receive takes what comes through the open tunnel, and calls Deliver. It is
	// called once without data, or with the handshake's surplus, when the tunnel has opened.
	Receive(data []byte, cmds []Command) []Command
	// ReceiveClose is called when the open tunnel's outer connection will bring no more.
	ReceiveClose(cmds []Command) []Command
	// Send takes what the child sends on the inner connection.
	Send(data []byte, cmds []Command) []Command
	// SendClose closes the outer connection, as the child wants the inner one closed.
	SendClose(half bool, cmds []Command) []Command
}

type tunnelState uint8

const (
	tunnelIdle   tunnelState = iota // not begun
	tunnelMaking                    // in the handshake
	tunnelOpen
	tunnelEnded // it failed, or the outer connection brings no more
)

// A Tunnel is the base of layers that carry one connection, the inner, in
// another, the outer: TLS, where both are the same object, and CONNECT to an upstream proxy. Its
// child sees the inner connection. Nothing of the handshake stays once the tunnel is open.
//
// A layer embeds a Tunnel and calls BindClient or BindServer in its constructor.
type Tunnel struct {
	// Child is a NextLayer unless it is replaced before the first event.
	Child Layer
	// Patient says that an outer connection that is open already does not begin
	// the tunnel: that waits until the child opens the inner one.
	Patient bool

	ctx      *Context
	proto    Protocol
	outer    *flow.Conn
	inner    *flow.Conn
	server   *flow.Server // that has the outer connection; nil if it is the client's
	state    tunnelState
	bypassed bool

	script  *Script // the handshake, while it lasts
	result  error
	rest    []Event         // what the handshake did not read
	limit   *RequestWakeup  // of the handshake; nil: it has none, or it is over
	opening *OpenConnection // the child's, unanswered
	connect *OpenConnection // ours, unanswered
	waiting []Event         // for the child, while the tunnel is made for nobody in particular
	size    int             // bytes of memory in waiting
	early   []byte          // came before the handshake, or was too much for it

	busy    bool      // the child's commands are being carried out
	replies []Event   // for the child, caused by them
	scratch []Command // the child's commands
	base    int       // from where on this event's commands may lend bytes of the child
	told    bool      // the child has had an event since
}

// BindClient makes a tunnel in the client's connection.
func (t *Tunnel) BindClient(ctx *Context, p Protocol) {
	t.ctx, t.proto, t.Child = ctx, p, NewNextLayer(ctx)
	t.outer, t.inner = &ctx.Client.Conn, &ctx.Client.Conn
}

// BindServer makes a tunnel for inner in the connection to outer, which may be the same one.
func (t *Tunnel) BindServer(ctx *Context, p Protocol, outer, inner *flow.Server) {
	t.ctx, t.proto, t.Child = ctx, p, NewNextLayer(ctx)
	t.outer, t.inner, t.server = &outer.Conn, &inner.Conn, outer
}

// Bypass takes the tunnel out: from now on everything passes between the outside
// and the child as it is, beginning with what has come so far.
func (t *Tunnel) Bypass() { t.bypassed = true }

// Surplus gives back bytes that the handshake has read and not used. They are copied.
func (t *Tunnel) Surplus(b []byte) { t.early = append(t.early, b...) }

// Limit bounds the handshake: if it has not ended after d, its next event is a Wakeup. A limit replaces the one before; 0 is none.
func (t *Tunnel) Limit(s *Script, d time.Duration) {
	if t.limit != nil {
		s.Do(&CancelWakeup{t.limit})
		t.limit = nil
	}
	if d > 0 {
		t.limit = &RequestWakeup{d}
		s.Do(t.limit)
	}
}

// Handle does the tunnel's part of an event and hands on the rest.
func (t *Tunnel) Handle(ev Event, cmds []Command) []Command {
	t.base, t.told = len(cmds), false
	if t.bypassed {
		return t.toChild(ev, cmds)
	}
	switch ev := ev.(type) {
	case Start:
		if t.outer.State != flow.Closed && !t.Patient {
			cmds = t.begin(cmds)
		}
	case *DataReceived:
		if ev.Conn == t.outer {
			return t.receive(ev, cmds)
		}
	case *ConnectionClosed:
		if ev.Conn == t.outer {
			return t.receiveClose(ev, cmds)
		}
	case Completion:
		if t.connect != nil && ev.Of() == Command(t.connect) {
			return t.connected(ev.(*OpenCompleted).Err, cmds)
		}
		if t.limit != nil && ev.Of() == Command(t.limit) {
			t.limit = nil
			return t.shake(ev, cmds)
		}
		if t.script != nil && t.script.Awaits(ev) {
			return t.shake(ev, cmds)
		}
	}
	return t.deliver(ev, cmds)
}

func (t *Tunnel) receive(ev *DataReceived, cmds []Command) []Command {
	switch t.state {
	case tunnelMaking:
		return t.shake(ev, cmds)
	case tunnelOpen:
		return t.proto.Receive(ev.Data, cmds)
	case tunnelIdle:
		if len(t.early)+len(ev.Data) > maxEarly {
			t.early = nil
			return append(cmds,
				&Log{slog.LevelWarn, "too much data before the start of TLS: closing the connection"},
				&CloseConnection{Conn: t.outer})
		}
		t.early = append(t.early, ev.Data...)
	}
	return cmds
}

func (t *Tunnel) receiveClose(ev *ConnectionClosed, cmds []Command) []Command {
	if t.inner != t.outer {
		t.inner.State &^= flow.CanRead
		t.inner.End = t.ctx.Now()
		t.inner.Touch()
	}
	switch t.state {
	case tunnelMaking:
		return t.shake(ev, cmds)
	case tunnelOpen:
		t.state = tunnelEnded
		return t.proto.ReceiveClose(cmds)
	case tunnelIdle:
		return t.toChild(&ConnectionClosed{t.inner}, cmds)
	}
	return cmds
}

// begin starts the handshake. What the peer has sent already is its first data.
func (t *Tunnel) begin(cmds []Command) []Command {
	t.state, t.result = tunnelMaking, nil
	early := t.early
	t.early = nil
	t.script = &Script{}
	t.script.Begin(t.ctx, func(s *Script) {
		s.Next() // Start
		t.result = t.proto.Handshake(s)
		t.rest = s.Rest()
	})
	cmds = t.shake(Start{}, cmds)
	if len(early) > 0 && t.script != nil {
		cmds = t.shake(&DataReceived{t.outer, early}, cmds)
	}
	if t.outer.State&flow.CanRead == 0 && t.script != nil {
		cmds = t.shake(&ConnectionClosed{t.outer}, cmds)
	}
	return cmds
}

// shake gives the handshake an event and, when that was the last one it needed, opens or ends the tunnel.
func (t *Tunnel) shake(ev Event, cmds []Command) []Command {
	cmds = t.script.Handle(ev, cmds)
	if !t.script.Over() {
		return cmds
	}
	if t.limit != nil {
		cmds = append(cmds, &CancelWakeup{t.limit})
		t.limit = nil
	}
	t.ctx.Backlog(int64(-t.size))
	rest, waiting, open := t.rest, t.waiting, t.opening
	t.script, t.rest, t.waiting, t.opening, t.size = nil, nil, nil, nil, 0
	if t.state = tunnelOpen; t.result != nil {
		t.state = tunnelEnded
	}
	if t.inner != t.outer {
		t.inner.State = flow.Closed
		if t.result == nil {
			t.inner.State = flow.Open
		} else {
			t.inner.Error = t.result.Error()
		}
		t.inner.Start = t.ctx.Now()
		t.inner.Touch()
	}
	for _, ev := range waiting {
		cmds = t.toChild(ev, cmds)
	}
	if open != nil {
		cmds = t.toChild(&OpenCompleted{open, t.result}, cmds)
	}
	if t.state == tunnelOpen && !t.bypassed {
		early := t.early
		t.early = nil
		cmds = t.proto.Receive(early, cmds)
	}
	for _, ev := range rest {
		cmds = t.unread(ev, cmds)
	}
	return cmds
}

// unread handles an event that the handshake has left.
func (t *Tunnel) unread(ev Event, cmds []Command) []Command {
	if t.bypassed {
		return t.toChild(ev, cmds)
	}
	switch ev := ev.(type) {
	case *DataReceived:
		return t.receive(ev, cmds)
	case *ConnectionClosed:
		return t.receiveClose(ev, cmds)
	}
	return cmds
}

// connected goes on when the outer connection has been opened for the child.
func (t *Tunnel) connected(err error, cmds []Command) []Command {
	t.connect = nil
	if err == nil {
		return t.begin(cmds)
	}
	open := t.opening
	t.opening, t.state = nil, tunnelEnded
	if t.inner != t.outer {
		t.inner.Error = err.Error()
		t.inner.Touch()
	}
	return t.toChild(&OpenCompleted{open, err}, cmds)
}

// deliver gives the child an event that is not the tunnel's, or keeps it while the tunnel is made.
func (t *Tunnel) deliver(ev Event, cmds []Command) []Command {
	if t.state != tunnelMaking || t.opening != nil {
		return t.toChild(ev, cmds)
	}
	t.waiting = append(t.waiting, Keep(ev))
	if d, ok := ev.(*DataReceived); ok {
		n := len(d.Data) + eventCost
		t.ctx.Backlog(int64(n))
		if t.size += n; t.size > maxWaiting {
			t.ctx.Backlog(int64(-t.size))
			t.size, t.waiting = 0, t.waiting[:len(t.waiting)-1]
			return append(cmds,
				&Log{slog.LevelWarn, "too much data while another connection is being opened: closing the connection"},
				&CloseConnection{Conn: d.Conn})
		}
	}
	return cmds
}
