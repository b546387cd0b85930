package layers

import (
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TCP relays bytes between client and server and shows them as messages. It
// keeps half-closed connections: a side that will send no more may still receive.
type TCP struct{ talk }

// NewTCP returns a relay between the context's client and server. An ignored one leaves no flow, unless the options show ignored connections.
func NewTCP(ctx *layer.Context, ignore bool) layer.Layer {
	t := &TCP{}
	t.init(ctx, flow.TCP, ignore)
	t.Begin(ctx, t.run)
	ctx.Push(t)
	return t
}

func (t *TCP) run(s *layer.Script) {
	s.Next() // Start
	t.over = !t.open(&layer.TCPStart{OfFlow: layer.OfFlow{Flow: t.flow}})
	for !t.over {
		t.step(s.Next())
	}
	t.settleUp()
}

func (t *TCP) step(ev layer.Event) {
	if m, ok := t.message(ev); ok {
		t.relay(m)
	} else if ev, ok := ev.(*layer.ConnectionClosed); ok {
		t.closed(t.peer(ev.Conn == &t.ctx.Client.Conn))
	}
}

// relay shows a message and sends what became of it.
func (t *TCP) relay(m flow.Message) {
	if b, ok := t.show(m); ok {
		t.Do(&layer.SendData{Conn: t.peer(m.FromClient), Data: b})
	}
}

// closed passes on the end of one side: to the other one's writing half, or, if neither has more to say, to both.
func (t *TCP) closed(other *flow.Conn) {
	if other.State&flow.CanRead != 0 {
		if other.State&flow.CanWrite != 0 {
			t.Do(&layer.CloseConnection{Conn: other, Half: true})
		}
		return
	}
	t.over = true
	t.closeBoth()
	if t.flow != nil {
		t.flow.Live = false
		t.Hook(&layer.TCPEnd{OfFlow: layer.OfFlow{Flow: t.flow}})
	}
}
