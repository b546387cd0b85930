package layers

import (
	"bytes"
	"fmt"
	"slices"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/ws"
)

// frameCost is what keeping the head of a frame costs.
const frameCost = 32

// A wsWay is how a message is forwarded.
type wsWay uint8

const (
	undecided wsWay = iota
	held            // when it is whole and its hook has let it go
	teed            // as it comes
)

// A wsMessage is a message on its way.
type wsMessage struct {
	way        wsWay
	text       bool
	compressed bool
	heads      []ws.Head // of its frames so far, unless they have been forwarded
	open       bool      // the last one goes on
	wire       []byte    // the payload so far, without mask, unless unread
	content    []byte    // when it is whole
	room       [1]ws.Head
	unread     bool // nothing is kept: it will not be shown
}

// inFrame reports whether a frame has been forwarded in part.
func (d *wsSide) inFrame() bool { return d.msg != nil && d.msg.way == teed && d.msg.open }

// data takes a piece of a message.
func (w *WebSocket) data(d *wsSide, p ws.Piece) error {
	m := d.msg
	if m == nil {
		m = w.begin(d, p)
	}
	valid, err := w.keep(d, m, p)
	if err != nil {
		return err
	}
	last := p.Ends && p.Head.Fin
	if !valid || last && m.text && !m.compressed && !d.text.Whole() {
		return &ws.Error{Code: ws.InvalidPayload, Text: "a text message is not UTF-8"}
	}
	if last && m.compressed && !m.unread {
		if m.content, err = w.inflate(d, m); err != nil {
			return err
		}
	}
	m.open = !p.Ends
	if m.way == teed {
		w.forward(d, p)
	}
	if last {
		w.ended(d, m)
	}
	return nil
}

// ended shows a message that is whole and, if it has not passed already, sends what became of it.
func (w *WebSocket) ended(d *wsSide, m *wsMessage) {
	d.msg = nil
	if !m.compressed {
		m.content = m.wire
	}
	switch {
	case m.way != teed:
		w.whole(d, m)
	case !m.unread:
		w.show(flow.Message{FromClient: d.fromClient, Text: m.text, Content: m.content}) // too late to change it
		w.killed()
	}
	w.injectWaiting(d)
}

// begin makes the message that a frame begins.
func (w *WebSocket) begin(d *wsSide, p ws.Piece) *wsMessage {
	m := &wsMessage{text: p.Head.Op == ws.Text, compressed: d.inflate != nil && p.Head.RSV&ws.RSV1 != 0}
	m.heads = m.room[:0]
	d.text = ws.UTF8{}
	if d.reader.Loose {
		m.text = false
	}
	if w.full && !(m.compressed && d.fresh) {
		m.way, m.unread = teed, true
	}
	d.msg = m
	return m
}

// keep adds a piece to what is kept of its message. valid is false if the message cannot be the text that it says it is.
func (w *WebSocket) keep(d *wsSide, m *wsMessage, p ws.Piece) (valid bool, err error) {
	if p.Begins && m.way != teed {
		m.heads = append(m.heads, p.Head)
	}
	n := len(m.wire)
	if !m.unread {
		large := n+len(p.Data)+len(m.heads)*frameCost > maxMessage
		if large || !w.ctx.HasRoom(m.size(len(p.Data))-d.kept) {
			if err := w.overflow(m, !large); err != nil {
				return false, err
			}
		} else if n > 0 && cap(m.wire)-n < len(p.Data) {
			m.wire = slices.Grow(m.wire, max(len(p.Data), n))
		}
	}
	switch checked := m.text && !m.compressed; {
	case !m.unread:
		m.wire = p.Append(m.wire)
		return !checked || d.text.Check(m.wire[n:]), nil
	case checked:
		return d.checkUnread(p), nil
	}
	return true, nil
}

// checkUnread checks the text of a piece that is not kept.
func (d *wsSide) checkUnread(p ws.Piece) bool {
	if !p.Head.Masked {
		return d.text.Check(p.Data)
	}
	var room [1 << 10]byte
	for data := p.Data; len(data) > 0; {
		n := min(len(data), len(room))
		if !d.text.Check(p.Head.AppendPayload(room[:0], data[:n], p.Pos)) {
			return false
		}
		data, p.Pos = data[n:], p.Pos+int64(n)
	}
	return true
}

// size is what keeping a message costs when n bytes more have come. The room for its payload is doubled each time.
func (m *wsMessage) size(n int) int64 {
	room := cap(m.wire)
	if len(m.wire)+n > room {
		room = len(m.wire) + max(n, len(m.wire))
	}
	return int64(room + len(m.heads)*frameCost)
}

// overflow goes on with a message that has become too large to be kept, by itself or, crowded, beside all that others keep: it passes
// unread, unless it has to be read to be passed on.
func (w *WebSocket) overflow(m *wsMessage, crowded bool) error {
	if crowded {
		tellScarce(w.ctx, &w.Script)
	}
	switch {
	case m.way == teed && !m.compressed:
		m.unread, m.wire = true, nil
		w.fill(crowded)
	case crowded:
		return &ws.Error{Code: ws.TryAgainLater, Text: "there is no room to keep a message until it is whole: raise body_record_budget"}
	default:
		return tooBig()
	}
	return nil
}

func tooBig() error {
	return &ws.Error{Code: ws.TooBig, Text: fmt.Sprintf("a message is larger than the %d MiB that can be held", maxMessage>>20)}
}

// tally counts in the budget what is kept of a message that is not whole yet; nil: there is none.
func (w *WebSocket) tally(d *wsSide, m *wsMessage) {
	n := int64(0)
	if m != nil {
		n = m.size(0)
	}
	if n != d.kept {
		w.ctx.Backlog(n - d.kept)
		d.kept = n
	}
}

// decide finds out whether a message that has begun is to be held until it is whole, and sends what is there if not.
func (w *WebSocket) decide(d *wsSide) {
	m := d.msg
	if m.way = held; m.compressed && d.fresh {
		return
	}
	h := &layer.WebSocketMessageStart{OfFlow: layer.OfFlow{Flow: w.flow}, FromClient: d.fromClient, Text: m.text}
	w.hook(h)
	if w.killed() || h.Hold {
		return
	}
	m.way = teed
	w.sendFrames(d, m)
	m.heads = nil
}

// sendFrames sends the frames of a message that there are, as they came.
func (w *WebSocket) sendFrames(d *wsSide, m *wsMessage) {
	w.send(d, len(m.heads)*ws.MaxHead+len(m.wire), func(b []byte) []byte { return appendFrames(b, m.heads, m.wire) })
}

// appendFrames appends frames as they came, the last one as far as it has come.
func appendFrames(b []byte, heads []ws.Head, payload []byte) []byte {
	for i := range heads {
		h := &heads[i]
		n := min(h.Length, int64(len(payload)))
		b = h.AppendPayload(h.Append(b), payload[:n], 0)
		payload = payload[n:]
	}
	return b
}

// inflate returns the content of a compressed message, which is checked.
func (w *WebSocket) inflate(d *wsSide, m *wsMessage) ([]byte, error) {
	room := w.ctx.Buffer(4 * len(m.wire))
	content, err := d.inflate.Inflate(room.B[:0], m.wire, maxMessage)
	if err != nil {
		return nil, err
	}
	room.B, content = content, bytes.Clone(content)
	if m.text && (!d.text.Check(content) || !d.text.Whole()) {
		return nil, &ws.Error{Code: ws.InvalidPayload, Text: "a text message is not UTF-8"}
	}
	return content, nil
}

// whole shows a message that has been kept, and sends what became of it.
func (w *WebSocket) whole(d *wsSide, m *wsMessage) {
	content := m.content
	sent, known := w.show(flow.Message{FromClient: d.fromClient, Text: m.text, Content: content})
	switch {
	case w.killed():
	case known && sent.Dropped:
		d.fresh = d.fresh || m.builds(d)
	case known && !bytes.Equal(sent.Content, content):
		w.sendChanged(d, m, sent.Content, len(sent.Content) == len(content))
		d.fresh = d.fresh || m.builds(d)
	case m.compressed && d.fresh:
		w.sendChanged(d, m, content, true)
	default:
		w.sendFrames(d, m)
	}
}

// builds reports whether later messages may refer to what this one says.
func (m *wsMessage) builds(d *wsSide) bool { return m.compressed && !d.inflate.Params.NoContext }

// show records a message and shows it. It returns what became of it, and false if there was no room for it.
func (w *WebSocket) show(m flow.Message) (flow.Message, bool) {
	if w.full {
		return m, false
	}
	n := len(m.Content) + messageCost
	if size := w.recorded + n; size > maxRecorded || !w.ctx.MayRecord(int64(size)) {
		w.fill(size <= maxRecorded)
		return m, false
	}
	w.recorded += n
	w.ctx.Charge(int64(n))
	f := w.flow
	m.Time = w.ctx.Now()
	at := len(f.WebSocket.Messages)
	f.WebSocket.Messages = append(f.WebSocket.Messages, m)
	w.hook(&w.message)
	if at < len(f.WebSocket.Messages) {
		m = f.WebSocket.Messages[at]
	}
	return m, true
}

// fill notes that nothing is recorded any more, since there is enough of this connection or, crowded, of all together. Messages are
// not decompressed either from now on.
func (w *WebSocket) fill(crowded bool) {
	w.full = true
	why := "the messages after the first 64 MiB were forwarded and not recorded"
	if crowded {
		tellScarce(w.ctx, &w.Script)
		why = crowdedOut
	}
	noteUnrecorded(w.flow, "websocket", why)
}
