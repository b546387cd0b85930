package layers

import (
	"bytes"
	"unicode/utf8"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/ws"
)

// frameSize is how many bytes a frame of a message gets that has changed its length.
const frameSize = 4000

// send has what write appends, which is about n bytes, sent to a side's peer. What one event causes leaves in one piece.
func (w *WebSocket) send(d *wsSide, n int, write func(b []byte) []byte) {
	if d.out == nil {
		d.out = w.ctx.Buffer(n)
		d.out.B = d.out.B[:0]
	}
	d.out.B = write(d.out.B)
}

// forward passes on a piece as it came.
func (w *WebSocket) forward(d *wsSide, p ws.Piece) {
	if !p.Begins && d.out == nil {
		w.Do(w.ctx.SendData(d.to, p.Data))
		return
	}
	w.send(d, ws.MaxHead+len(p.Data), func(b []byte) []byte {
		if p.Begins {
			b = p.Head.Append(b)
		}
		return append(b, p.Data...)
	})
}

// flush sends what has gathered. It must be called before the script gives way, for then the memory is somebody else's.
func (w *WebSocket) flush() {
	for _, d := range []*wsSide{&w.client, &w.server} {
		if d.out != nil {
			w.Do(w.ctx.SendData(d.to, d.out.B))
			d.out = nil
		}
	}
}

// hook is Script.Hook that sends what has gathered if it has to wait.
func (w *WebSocket) hook(h layer.Hook) {
	if w.ctx.Inline == nil || !w.ctx.Inline(h) {
		w.flush()
		w.Await(h)
	}
}

// head returns the head of a frame that we make in the name of a side.
func (w *WebSocket) head(d *wsSide, op ws.Op) ws.Head {
	h := ws.Head{Fin: true, Op: op}
	if d.fromClient {
		h.Masked, h.Key = true, w.key()
	}
	return h
}

// sendChanged sends a message with another content than it came with, or compressed anew. With the same length, it is
// fragmented as it was, where that is known.
func (w *WebSocket) sendChanged(d *wsSide, m *wsMessage, content []byte, sameLength bool) {
	var sizes []int64
	switch {
	case sameLength && !m.compressed:
		for _, h := range m.heads {
			sizes = append(sizes, h.Length)
		}
	case sameLength && len(m.heads) == 1:
		sizes = []int64{maxMessage}
	}
	w.sendMessage(d, m.text, m.compressed, content, sizes)
}

// sendMessage sends a message in frames of the sizes given, and of frameSize bytes after them.
func (w *WebSocket) sendMessage(d *wsSide, text, compressed bool, content []byte, sizes []int64) {
	h := w.head(d, ws.Binary)
	if text {
		h.Op = ws.Text
		if !utf8.Valid(content) { // RFC 6455 §5.6
			content = bytes.ToValidUTF8(content, []byte("\ufffd"))
		}
	}
	if compressed {
		h.RSV, content = ws.RSV1, ws.Deflate(nil, content, d.bits)
	}
	w.send(d, len(content)+(len(content)/frameSize+len(sizes)+1)*ws.MaxHead, func(b []byte) []byte {
		for {
			size := int64(frameSize)
			if len(sizes) > 0 {
				size, sizes = sizes[0], sizes[1:]
			}
			size = min(size, int64(len(content)))
			part := content[:size]
			content = content[size:]
			h.Fin = len(content) == 0 && len(sizes) == 0
			if b = ws.AppendFrame(b, h, part); h.Fin {
				return b
			}
			next := w.head(d, ws.Continuation)
			h.Op, h.RSV, h.Key = ws.Continuation, 0, next.Key
		}
	})
}

// inject sends a person's message in the name of one side, when the message that is under way has passed. It
// is never compressed, so that those after it can be read as if it had not been (RFC 7692 §6).
func (w *WebSocket) inject(m flow.Message) {
	d := &w.server
	if m.FromClient {
		d = &w.client
	}
	if d.closed {
		w.warn("A message was not injected: the " + d.name() + " has closed the WebSocket connection.")
		return
	}
	if d.msg != nil && d.msg.way == teed {
		d.waiting = append(d.waiting, m)
		return
	}
	m.Injected = true
	sent, known := w.show(m)
	if w.killed() || known && sent.Dropped {
		return
	}
	w.sendMessage(d, sent.Text, false, sent.Content, []int64{maxMessage})
}

// injectWaiting sends what waited for the end of a message.
func (w *WebSocket) injectWaiting(d *wsSide) {
	waiting := d.waiting
	d.waiting = nil
	for _, m := range waiting {
		if !w.over {
			w.inject(m)
		}
	}
}
