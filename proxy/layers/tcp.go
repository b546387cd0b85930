package layers

import (
	"maps"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

const (
	// maxRecorded bounds the bytes that one TCP flow keeps of its messages.
	maxRecorded = 64 << 20
	// messageCost is what keeping a message costs besides its content.
	messageCost = 128
)

// TCP relays bytes between client and server and shows them as messages. It
// keeps half-closed connections: a side that will send no more may still receive.
type TCP struct {
	layer.Script
	ctx      *layer.Context
	flow     *flow.Flow // nil: nobody sees it
	recorded int        // bytes
}

// NewTCP returns a relay between the context's client and server. An ignored one leaves no flow, unless the options show ignored connections.
func NewTCP(ctx *layer.Context, ignore bool) layer.Layer {
	t := &TCP{ctx: ctx}
	if !ignore || ctx.Options().ShowIgnored {
		t.flow = flow.New(flow.TCP, ctx.Client, ctx.Server, ctx.Now())
	}
	t.Begin(ctx, t.run)
	ctx.Push(t)
	return t
}

func (t *TCP) run(s *layer.Script) {
	s.Next() // Start
	if t.flow != nil {
		s.Hook(&layer.TCPStart{OfFlow: layer.OfFlow{Flow: t.flow}})
		if t.killed(s) {
			return
		}
	}
	srv := t.ctx.Server
	if srv.State == flow.Closed && srv.Error != "" { // TLS to it has failed
		t.fail(s, srv.Error)
		return
	}
	if srv.State == flow.Closed && srv.Start.IsZero() {
		if err := s.Open(srv); err != nil {
			t.fail(s, err.Error())
			return
		}
	}
	for t.step(s, s.Next()) {
	}
}

// step handles one event and reports whether there can be more.
func (t *TCP) step(s *layer.Script, ev layer.Event) bool {
	client, server := &t.ctx.Client.Conn, &t.ctx.Server.Conn
	switch ev := ev.(type) {
	case *layer.DataReceived:
		if ev.Conn == client {
			return t.relay(s, flow.Message{FromClient: true, Content: ev.Data}, server)
		}
		return t.relay(s, flow.Message{Content: ev.Data}, client)
	case *layer.Injected:
		if t.flow == nil || ev.Flow != t.flow.ID {
			return true
		}
		m := ev.Message
		m.Injected = true
		if m.FromClient {
			return t.relay(s, m, server)
		}
		return t.relay(s, m, client)
	case *layer.Kill:
		if t.flow == nil || ev.Flow != t.flow.ID {
			return true
		}
		t.flow.Kill(t.ctx.Now())
		return !t.killed(s)
	case *layer.ConnectionClosed:
		if ev.Conn == client {
			return t.closed(s, server)
		}
		return t.closed(s, client)
	}
	return true
}

// relay shows a message and sends what became of it. It reports whether the flow goes on.
func (t *TCP) relay(s *layer.Script, m flow.Message, to *flow.Conn) bool {
	if t.flow == nil || t.full(len(m.Content)) {
		s.Do(&layer.SendData{Conn: to, Data: m.Content})
		return true
	}
	content := append([]byte(nil), m.Content...)
	m.Content, m.Time = content, t.ctx.Now()
	at := len(t.flow.Messages)
	t.flow.Messages = append(t.flow.Messages, m)
	s.Hook(&layer.TCPMessage{OfFlow: layer.OfFlow{Flow: t.flow}})
	if t.killed(s) {
		return false
	}
	if at < len(t.flow.Messages) {
		if t.flow.Messages[at].Dropped {
			return true
		}
		content = t.flow.Messages[at].Content
	}
	s.Do(&layer.SendData{Conn: to, Data: content})
	return true
}

// full counts a message of n bytes and reports whether it is more than the flow may keep. Then nothing is recorded any more.
func (t *TCP) full(n int) bool {
	if t.recorded > maxRecorded {
		return true
	}
	if t.recorded += n + messageCost; t.recorded <= maxRecorded {
		return false
	}
	m := maps.Clone(t.flow.Metadata)
	if m == nil {
		m = map[string]string{}
	}
	m["tcp_record"] = "the messages after the first 64 MiB were forwarded and not recorded"
	t.flow.Metadata = m
	return true
}

// closed passes on the end of one side: to the other one's writing half, or, if
// neither has more to say, to both. It reports whether the flow goes on.
func (t *TCP) closed(s *layer.Script, other *flow.Conn) bool {
	if other.State&flow.CanRead != 0 {
		if other.State&flow.CanWrite != 0 {
			s.Do(&layer.CloseConnection{Conn: other, Half: true})
		}
		return true
	}
	t.closeBoth(s)
	if t.flow != nil {
		t.flow.Live = false
		s.Hook(&layer.TCPEnd{OfFlow: layer.OfFlow{Flow: t.flow}})
	}
	return false
}

// killed reports whether somebody has killed the flow, and then ends both connections.
func (t *TCP) killed(s *layer.Script) bool {
	if t.flow == nil || !t.flow.Killed() {
		return false
	}
	t.flow.Live = false
	t.closeBoth(s)
	s.Hook(&layer.TCPError{OfFlow: layer.OfFlow{Flow: t.flow}})
	return true
}

func (t *TCP) closeBoth(s *layer.Script) {
	for _, c := range []*flow.Conn{&t.ctx.Server.Conn, &t.ctx.Client.Conn} {
		if c.State != flow.Closed {
			s.Do(&layer.CloseConnection{Conn: c})
		}
	}
}

// fail ends a flow whose server cannot be reached.
func (t *TCP) fail(s *layer.Script, why string) {
	if t.flow != nil {
		t.flow.Live = false
		t.flow.Error = &flow.Error{Message: why, Time: t.ctx.Now()}
		s.Hook(&layer.TCPError{OfFlow: layer.OfFlow{Flow: t.flow}})
	}
	s.Do(&layer.CloseConnection{Conn: &t.ctx.Client.Conn})
}
