package layers

import (
	"encoding/binary"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// minInitial is the size of the smallest datagram that QUIC can begin with (RFC 9000 §14.1).
const minInitial = 1200

// IsQUIC reports whether a client's first datagram is one of QUIC: a long header with a version that is spoken, or is there to
// be refused (RFC 9000 §15, §17.2, RFC 9369 §3.1).
func IsQUIC(b []byte) bool {
	if len(b) < minInitial || b[0]&0xc0 != 0xc0 {
		return false
	}
	version := binary.BigEndian.Uint32(b[1:])
	return version == 1 || version == 0x6b3343cf || version>>8 == 0xff0000 || version&0x0f0f0f0f == 0x0a0a0a0a
}

// RefusedQUIC stands for the server of a client that speaks QUIC, in which we cannot look: it gets no answer, so that it goes on
// over TCP. One row says so.
type RefusedQUIC struct{ ctx *layer.Context }

// NewRefusedQUIC returns a layer that answers nothing.
func NewRefusedQUIC(ctx *layer.Context) layer.Layer {
	q := &RefusedQUIC{ctx}
	ctx.Push(q)
	return q
}

// Handle implements layer.Layer.
func (q *RefusedQUIC) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	switch ev := ev.(type) {
	case layer.Start:
		f := flow.New(flow.UDP, q.ctx.Client, q.ctx.Server, q.ctx.Now())
		f.Live = false
		f.Error = &flow.Error{Message: "QUIC, and HTTP/3 in it, was not answered: the client is to go on over TCP, where it is seen", Time: q.ctx.Now()}
		f.Metadata = note("QUIC refused", trouble{remedy: "to let QUIC to this server pass unseen, add " + q.ctx.Server.Address.String() + " to ignore_hosts or its address to udp_hosts"})
		return append(cmds, &layer.Update{Flow: f})
	case *layer.ConnectionClosed:
		return append(cmds, &layer.CloseConnection{Conn: ev.Conn})
	}
	return cmds
}
