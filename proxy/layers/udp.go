package layers

import (
	"fmt"
	"log/slog"
	"maps"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// maxDatagram is the most that one datagram can carry over IPv4, in bytes.
const maxDatagram = 65507

// UDP relays datagrams between client and server and shows each as a message. It ends when one side does, which
// for a client is when it has been silent for long.
type UDP struct {
	layer.Script
	ctx      *layer.Context
	flow     *flow.Flow // nil: nobody sees it
	recorded int        // bytes
}

// NewUDP returns a relay between the context's client and server. An ignored one leaves no flow, unless the options show ignored connections.
func NewUDP(ctx *layer.Context, ignore bool) layer.Layer {
	u := &UDP{ctx: ctx}
	if !ignore || ctx.Options().ShowIgnored {
		u.flow = flow.New(flow.UDP, ctx.Client, ctx.Server, ctx.Now())
	}
	u.Begin(ctx, u.run)
	ctx.Push(u)
	return u
}

func (u *UDP) of() layer.OfFlow { return layer.OfFlow{Flow: u.flow} }

func (u *UDP) run(s *layer.Script) {
	s.Next() // Start
	if u.flow != nil {
		s.Hook(&layer.UDPStart{OfFlow: u.of()})
		if u.killed(s) {
			return
		}
	}
	srv := u.ctx.Server
	if srv.State == flow.Closed && srv.Start.IsZero() {
		if err := s.Open(srv); err != nil {
			u.fail(s, err.Error())
			return
		}
	}
	for u.step(s, s.Next()) {
	}
}

// step handles one event and reports whether there can be more.
func (u *UDP) step(s *layer.Script, ev layer.Event) bool {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		return u.relay(s, flow.Message{FromClient: ev.Conn == &u.ctx.Client.Conn, Content: ev.Data})
	case *layer.Injected:
		if u.flow == nil || ev.Flow != u.flow.ID {
			return true
		}
		m := ev.Message
		m.Injected = true
		return u.relay(s, m)
	case *layer.Kill:
		if u.flow == nil || ev.Flow != u.flow.ID {
			return true
		}
		u.flow.Kill(u.ctx.Now())
		return !u.killed(s)
	case *layer.ConnectionClosed:
		u.closeBoth(s)
		if u.flow != nil {
			u.flow.Live = false
			s.Hook(&layer.UDPEnd{OfFlow: u.of()})
		}
		return false
	}
	return true
}

// relay shows a message and sends what became of it. It reports whether the flow goes on.
func (u *UDP) relay(s *layer.Script, m flow.Message) bool {
	to := &u.ctx.Client.Conn
	if m.FromClient {
		to = &u.ctx.Server.Conn
	}
	if u.flow == nil || u.full(len(m.Content)) {
		u.send(s, to, m.Content)
		return true
	}
	content := append([]byte(nil), m.Content...)
	m.Content, m.Time = content, u.ctx.Now()
	at := len(u.flow.Messages)
	u.flow.Messages = append(u.flow.Messages, m)
	s.Hook(&layer.UDPMessage{OfFlow: u.of()})
	if u.killed(s) {
		return false
	}
	if at < len(u.flow.Messages) {
		content = u.flow.Messages[at].Content
	}
	u.send(s, to, content)
	return true
}

func (u *UDP) send(s *layer.Script, to *flow.Conn, b []byte) {
	if len(b) > maxDatagram {
		s.Do(&layer.Log{Level: slog.LevelWarn, Text: fmt.Sprintf("a UDP message of %d bytes was not sent: a datagram carries at most %d", len(b), maxDatagram)})
		return
	}
	s.Do(&layer.SendData{Conn: to, Data: b})
}

// full counts a message of n bytes and reports whether it is more than the flow may keep. Then nothing is recorded any more.
func (u *UDP) full(n int) bool {
	if u.recorded > maxRecorded {
		return true
	}
	if u.recorded += n + messageCost; u.recorded <= maxRecorded {
		return false
	}
	m := maps.Clone(u.flow.Metadata)
	if m == nil {
		m = map[string]string{}
	}
	m["udp_record"] = "the messages after the first 64 MiB were forwarded and not recorded"
	u.flow.Metadata = m
	return true
}

// killed reports whether somebody has killed the flow, and then ends both connections.
func (u *UDP) killed(s *layer.Script) bool {
	if u.flow == nil || !u.flow.Killed() {
		return false
	}
	u.flow.Live = false
	u.closeBoth(s)
	s.Hook(&layer.UDPError{OfFlow: u.of()})
	return true
}

func (u *UDP) closeBoth(s *layer.Script) {
	for _, c := range []*flow.Conn{&u.ctx.Server.Conn, &u.ctx.Client.Conn} {
		if c.State != flow.Closed {
			s.Do(&layer.CloseConnection{Conn: c})
		}
	}
}

// fail ends a flow whose server cannot be reached.
func (u *UDP) fail(s *layer.Script, why string) {
	if u.flow != nil {
		u.flow.Live = false
		u.flow.Error = &flow.Error{Message: why, Time: u.ctx.Now()}
		s.Hook(&layer.UDPError{OfFlow: u.of()})
	}
	s.Do(&layer.CloseConnection{Conn: &u.ctx.Client.Conn})
}
