package layers

import (
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// Sizes in bytes: of what is usually enough, and of what is worth no copy.
const (
	headRoom      = 2 << 10
	chunkOverhead = 32 // around a chunk
	lastChunkRoom = 64
	lendFrom      = 8 << 10 // a piece from this size on is not copied if it leaves alone
)

// An output gathers what one event causes to be sent on a connection, to leave
// in one piece. It holds no memory between events.
type output struct {
	ctx    *layer.Context
	buf    *layer.Buffer // nil: empty
	lent   []byte        // instead of buf: one large piece that is somebody else's
	half   bool          // close the writing half after buf
	closes bool          // close after buf
	closed bool
}

// room returns the buffer with room for n more bytes, as far as that is known to be enough.
func (o *output) room(n int) *layer.Buffer {
	if o.buf == nil {
		o.buf = o.ctx.Buffer(len(o.lent) + n)
		o.buf.B = append(o.buf.B[:0], o.lent...)
		o.lent = nil
	}
	o.buf = o.ctx.Room(o.buf, n)
	return o.buf
}

// write adds p, which must stay as it is until the commands of the event have been carried out.
func (o *output) write(p []byte) {
	if o.buf == nil && o.lent == nil && len(p) >= lendFrom {
		o.lent = p
		return
	}
	b := o.room(len(p))
	b.B = append(b.B, p...)
}

// flush appends the commands that send what has gathered. The bytes are lent until the commands have been carried out.
func (o *output) flush(conn *flow.Conn, cmds []layer.Command) []layer.Command {
	data := o.lent
	if o.buf != nil {
		data = o.buf.B
	}
	o.buf, o.lent = nil, nil
	if len(data) > 0 && conn.State&flow.CanWrite != 0 {
		cmds = append(cmds, o.ctx.SendData(conn, data))
	}
	if o.closed {
		return cmds
	}
	if o.closes {
		o.closed = true
		if conn.State != flow.Closed {
			cmds = append(cmds, &layer.CloseConnection{Conn: conn})
		}
	} else if o.half {
		o.half = false
		cmds = append(cmds, &layer.CloseConnection{Conn: conn, Half: true})
	}
	return cmds
}

// chunkFramed reports whether the body of a message with these fields is sent in chunks.
func chunkFramed(h flow.Headers) bool {
	te, ok := h.Lookup("Transfer-Encoding")
	return ok && strings.Contains(strings.ToLower(te), "chunked")
}
