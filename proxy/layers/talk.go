package layers

import (
	"maps"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

const (
	// maxRecorded bounds the bytes that a TCP or UDP flow keeps of its messages.
	maxRecorded = 64 << 20
	// messageCost is what keeping a message costs besides its content.
	messageCost = 128
)

// A talk is what relays of bytes and of datagrams have in common: both ends, and the flow with its messages.
type talk struct {
	layer.Script
	ctx      *layer.Context
	flow     *flow.Flow // nil: nobody sees it
	recorded int        // bytes
	charged  int64      // of them, in the budget
	over     bool
}

// init makes the flow. An ignored one leaves none, unless the options show ignored connections.
func (t *talk) init(ctx *layer.Context, kind flow.Kind, ignore bool) {
	t.ctx = ctx
	if !ignore || ctx.Options().ShowIgnored {
		t.flow = flow.New(kind, ctx.Client, ctx.Server, ctx.Now())
	}
}

// open shows the flow and connects to the server. It reports whether there is one to talk to.
func (t *talk) open(start layer.Hook) bool {
	if t.flow != nil {
		t.Hook(start)
		if t.killed() {
			return false
		}
	}
	srv := t.ctx.Server
	if srv.Error != "" && (srv.State == flow.Closed || srv.TLS && srv.TLSSetup.IsZero()) { // TLS to it has failed
		t.fail(srv.Error)
		return false
	}
	if srv.State == flow.Closed && srv.Start.IsZero() {
		if err := t.Open(srv); err != nil {
			t.fail(err.Error())
			return false
		}
	}
	return true
}

// peer is who gets what the client sends, or the server.
func (t *talk) peer(fromClient bool) *flow.Conn {
	if fromClient {
		return &t.ctx.Server.Conn
	}
	return &t.ctx.Client.Conn
}

// message returns the message that an event brings, from a side or from a person. It ends the flow if that is what the event asks for.
func (t *talk) message(ev layer.Event) (m flow.Message, ok bool) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		return flow.Message{FromClient: ev.Conn == &t.ctx.Client.Conn, Content: ev.Data}, true
	case *layer.Injected:
		m, ok = ev.Message, t.owns(ev.Flow)
		m.Injected = true
	case *layer.Kill:
		if t.owns(ev.Flow) {
			t.flow.Kill(t.ctx.Now())
			t.killed()
		}
	}
	return m, ok
}

// owns reports whether an event that names a flow is for this one.
func (t *talk) owns(id flow.ID) bool { return t.flow != nil && t.flow.ID == id }

// show shows a message, whose content is lent. It returns what became of the content, and whether
// anything is to be sent. If not, the flow may have ended.
func (t *talk) show(m flow.Message) ([]byte, bool) {
	if t.flow == nil || t.full(len(m.Content)) {
		return m.Content, true
	}
	m.Content, m.Time = append([]byte(nil), m.Content...), t.ctx.Now()
	at := len(t.flow.Messages)
	t.flow.Messages = append(t.flow.Messages, m)
	of := layer.OfFlow{Flow: t.flow}
	if t.flow.Kind == flow.UDP {
		t.Hook(&layer.UDPMessage{OfFlow: of})
	} else {
		t.Hook(&layer.TCPMessage{OfFlow: of})
	}
	if t.killed() {
		return nil, false
	}
	if at < len(t.flow.Messages) {
		return t.flow.Messages[at].Content, !t.flow.Messages[at].Dropped
	}
	return m.Content, true
}

// full counts a message of n bytes and reports whether it is more than the flow may keep. Then nothing is recorded any more.
func (t *talk) full(n int) bool {
	if t.recorded > maxRecorded {
		return true
	}
	n += messageCost
	switch size := t.recorded + n; {
	case size > maxRecorded:
		noteUnrecorded(t.flow, t.flow.Kind.String(), "the messages after the first 64 MiB were forwarded and not recorded")
	case !t.ctx.MayRecord(int64(size)):
		noteUnrecorded(t.flow, t.flow.Kind.String(), crowdedOut)
		tellScarce(t.ctx, &t.Script)
	default:
		t.recorded = size
		t.charged += int64(n)
		t.ctx.Charge(int64(n))
		return false
	}
	t.recorded = maxRecorded + 1
	return true
}

// settleUp takes the messages out of the budget: the flow is over, and they belong to whoever keeps that.
func (t *talk) settleUp() {
	t.ctx.Charge(-t.charged)
	t.charged = 0
}

// crowdedOut says why no more messages are recorded of a flow that is one of the largest.
const crowdedOut = "the messages after these were forwarded and not recorded, since all flows under way took up too much: raise body_record_budget"

// noteUnrecorded notes in a flow why no more of its messages are recorded.
func noteUnrecorded(f *flow.Flow, kind, why string) {
	m := maps.Clone(f.Metadata)
	if m == nil {
		m = map[string]string{}
	}
	m[kind+"_record"] = why
	f.Metadata = m
}

// killed reports whether somebody has killed the flow, and then ends both connections.
func (t *talk) killed() bool {
	if t.flow == nil || !t.flow.Killed() {
		return false
	}
	t.closeBoth()
	t.failed()
	return true
}

func (t *talk) closeBoth() {
	for _, c := range []*flow.Conn{&t.ctx.Server.Conn, &t.ctx.Client.Conn} {
		if c.State != flow.Closed {
			t.Do(&layer.CloseConnection{Conn: c})
		}
	}
}

// fail ends a flow whose server cannot be reached.
func (t *talk) fail(why string) {
	if t.flow != nil {
		t.flow.Error = &flow.Error{Message: why, Time: t.ctx.Now()}
		t.failed()
	}
	t.over = true
	t.Do(&layer.CloseConnection{Conn: &t.ctx.Client.Conn})
}

func (t *talk) failed() {
	t.flow.Live, t.over = false, true
	if of := (layer.OfFlow{Flow: t.flow}); t.flow.Kind == flow.UDP {
		t.Hook(&layer.UDPError{OfFlow: of})
	} else {
		t.Hook(&layer.TCPError{OfFlow: of})
	}
}
