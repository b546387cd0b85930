package layers

import (
	"fmt"
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// maxDatagram is the most that one datagram can carry over IPv4, in bytes.
const maxDatagram = 65507

// UDP relays datagrams between client and server and shows each as a message. It ends when one side does, which
// for a client is when it has been silent for long.
type UDP struct{ talk }

// NewUDP returns a relay between the context's client and server. An ignored one leaves no flow, unless the options show ignored connections.
func NewUDP(ctx *layer.Context, ignore bool) layer.Layer {
	u := &UDP{}
	u.init(ctx, flow.UDP, ignore)
	u.Begin(ctx, u.run)
	ctx.Push(u)
	return u
}

func (u *UDP) run(s *layer.Script) {
	s.Next() // Start
	u.over = !u.open(&layer.UDPStart{OfFlow: layer.OfFlow{Flow: u.flow}})
	for !u.over {
		u.step(s.Next())
	}
	u.settleUp()
}

func (u *UDP) step(ev layer.Event) {
	if m, ok := u.message(ev); ok {
		u.relay(m)
	} else if _, ok := ev.(*layer.ConnectionClosed); ok {
		u.over = true
		u.closeBoth()
		if u.flow != nil {
			u.flow.Live = false
			u.Hook(&layer.UDPEnd{OfFlow: layer.OfFlow{Flow: u.flow}})
		}
	}
}

// relay shows a message and sends what became of it.
func (u *UDP) relay(m flow.Message) {
	b, ok := u.show(m)
	switch {
	case !ok:
	case len(b) > maxDatagram:
		u.Do(&layer.Log{Level: slog.LevelWarn, Text: fmt.Sprintf("a UDP message of %d bytes was not sent: a datagram carries at most %d", len(b), maxDatagram)})
	default:
		u.Do(&layer.SendData{Conn: u.peer(m.FromClient), Data: b})
	}
}
