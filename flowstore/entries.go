package flowstore

import (
	"bytes"
	"encoding/binary"

	"sluice/proxy/flow"
)

// entryCount counts the events or messages that are whole in the bodies of a flow while
// these grow, reading each byte once.
type entryCount struct{ request, response counter }

// A counter reads one body. The zero counter has read nothing.
type counter struct {
	n     int
	at    int64 // bytes that were read
	first *byte // of the body; another one means another body
	event eventEnds
	grpc  grpcEnds
}

// countEntries brings the count of e up to date. Bodies that were let go keep theirs.
func (e *entry) countEntries() {
	f := e.engine
	if f.Kind != flow.HTTP || f.WebSocket != nil || f.Response == nil && f.Request == nil {
		return
	}
	read := func(m *flow.HTTPMessage, of func(*entryCount) *counter) {
		if m.Body.Kept() == 0 {
			return
		}
		if kind := m.Entries(); kind != flow.NoEntries && !m.Headers.Has("Content-Encoding") {
			if e.entries == nil {
				e.entries = new(entryCount)
			}
			of(e.entries).read(kind, &m.Body)
		}
	}
	if f.Request != nil {
		read(&f.Request.HTTPMessage, func(c *entryCount) *counter { return &c.request })
	}
	if f.Response != nil {
		read(&f.Response.HTTPMessage, func(c *entryCount) *counter { return &c.response })
	}
}

// count returns how many there are in both bodies.
func (c *entryCount) count() int {
	if c == nil {
		return 0
	}
	return c.request.n + c.response.n
}

// read reads what a body has got since the last time.
func (c *counter) read(kind flow.Entries, b *flow.Body) {
	at := int64(0)
	for chunk := range b.Chunks {
		if at == 0 && (c.first != &chunk[0] || b.Kept() < c.at) {
			*c = counter{first: &chunk[0]}
		}
		if end := at + int64(len(chunk)); end > c.at {
			part := chunk[c.at-at:]
			if kind == flow.Events {
				c.n += c.event.count(part, c.at == 0)
			} else {
				c.n += c.grpc.count(part)
			}
			c.at = end
		}
		at += int64(len(chunk))
	}
}

// eventEnds finds the blank lines that complete an event of a stream (HTML Standard §9.2.6).
type eventEnds struct {
	line [8]byte // the front of the line
	len  int     // how much of it there is, up to its room
	data bool    // the event has a data field
	cr   bool    // the last byte was a carriage return
	mark bool    // the line is the first one, which may begin with a byte order mark
}

// count returns how many events b completes.
func (e *eventEnds) count(b []byte, begins bool) (n int) {
	if begins {
		e.mark = true
	}
	for len(b) > 0 {
		if e.cr && b[0] == '\n' { // the second half of a line's end
			e.cr, b = false, b[1:]
			continue
		}
		e.cr = false
		end := bytes.IndexAny(b, "\r\n")
		if end < 0 {
			e.len += copy(e.line[e.len:], b)
			return n
		}
		e.len += copy(e.line[e.len:], b[:end])
		e.cr, b = b[end] == '\r', b[end+1:]
		if e.endLine() {
			n++
		}
	}
	return n
}

// endLine takes a whole line and reports whether it completes an event.
func (e *eventEnds) endLine() bool {
	line := e.line[:e.len]
	if e.mark {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	e.len, e.mark = 0, false
	if len(line) > 0 {
		name, _, _ := bytes.Cut(line, []byte(":"))
		e.data = e.data || string(name) == "data"
		return false
	}
	is := e.data
	e.data = false
	return is
}

// grpcEnds finds the ends of messages by the lengths before them. The trailers of gRPC-Web are none.
type grpcEnds struct {
	head [5]byte
	have int // of head
	left int // of the message
	lost bool
}

func (g *grpcEnds) count(b []byte) (n int) {
	for len(b) > 0 && !g.lost {
		if g.have < len(g.head) {
			k := copy(g.head[g.have:], b)
			g.have, b = g.have+k, b[k:]
			if g.have < len(g.head) {
				return n
			}
			g.left, g.lost = int(binary.BigEndian.Uint32(g.head[1:])), g.head[0]&^0x81 != 0
		}
		k := min(g.left, len(b))
		g.left, b = g.left-k, b[k:]
		if g.left == 0 && !g.lost {
			if g.have = 0; g.head[0]&0x80 == 0 {
				n++
			}
		}
	}
	return n
}
