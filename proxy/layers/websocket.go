package layers

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/ws"
)

const (
	// maxMessage bounds a message that is kept until it is whole, and one that has to be decompressed, in bytes.
	maxMessage = 64 << 20
	// closeWait is how long one side may take to answer the other's close frame.
	closeWait = 10 * time.Second
)

// WebSocket relays the frames of a connection that an HTTP flow has been upgraded to (RFC 6455), whatever version of HTTP
// carries it, and shows its messages.
//
// A message that came in one piece, or that an addon wants to be held, is shown before it goes on and may be
// changed or dropped. Another one is forwarded frame by frame as it comes and shown when it has passed. Frames that
// nobody changed leave as they came, byte for byte: fragmented, masked and compressed as their sender did it.
//
// What a peer sends is checked, text for its encoding too, before it is passed on. A breach
// closes both sides with the code that says so.
type WebSocket struct {
	layer.Script
	ctx            *layer.Context
	flow           *flow.Flow
	client, server wsSide
	recorded       int // bytes, which count in the budget
	full           bool
	over           bool
	closing        *layer.RequestWakeup // until when the second close frame may come; nil: there was none

	key     func() [4]byte
	message layer.WebSocketMessage
}

// A wsSide is what one side sends.
type wsSide struct {
	fromClient bool
	conn, to   *flow.Conn
	reader     ws.Reader
	inflate    *ws.Inflater // nil: no compression was agreed on
	bits       int          // of the window of compressed messages
	fresh      bool         // the receiver lacks what compressed messages refer to: each is compressed anew
	text       ws.UTF8
	msg        *wsMessage     // that is coming; nil: none
	kept       int64          // bytes of it that count in the budget
	waiting    []flow.Message // injected, to follow msg
	closed     bool           // its close frame has come, or stands in for it
	out        *layer.Buffer  // what is to be sent to its peer; nil: nothing
}

// NewWebSocket returns a relay between the context's client and server for a flow whose response has
// agreed to WebSocket, which fills the flow's WebSocket.
func NewWebSocket(ctx *layer.Context, f *flow.Flow) layer.Layer {
	w := &WebSocket{ctx: ctx, flow: f, key: ws.NewKey}
	client, server := &ctx.Client.Conn, &ctx.Server.Conn
	w.client = wsSide{fromClient: true, conn: client, to: server, reader: ws.Reader{FromClient: true}}
	w.server = wsSide{conn: server, to: client}
	w.message.Flow = f
	w.Begin(ctx, w.run)
	ctx.Push(w)
	return w
}

// agreesToWebSocket reports whether the stream goes on as WebSocket after its response (RFC 6455 §4, RFC 8441 §5).
func (st *HTTPStream) agreesToWebSocket() bool {
	f := st.flow
	if !st.h.ctx.Options().WebSocket || f.Request.Headers.Get("Sec-WebSocket-Version") != "13" {
		return false
	}
	if st.protocol != "" {
		return st.protocol == "websocket" && f.Response.Status/100 == 2
	}
	return f.Response.Status == 101 && strings.EqualFold(strings.TrimSpace(f.Response.Headers.Get("Upgrade")), "websocket")
}

func (w *WebSocket) run(s *layer.Script) {
	s.Next() // Start
	w.extensions()
	w.hook(&layer.WebSocketStart{OfFlow: layer.OfFlow{Flow: w.flow}})
	if w.killed() {
		return
	}
	for !w.over {
		w.step(s.Next())
		w.flush()
	}
	w.tally(&w.client, nil)
	w.tally(&w.server, nil)
	w.ctx.Charge(-int64(w.recorded))
}

// extensions reads what client and server agreed on. What we cannot read is passed on unread.
func (w *WebSocket) extensions() {
	e, err := ws.ParseExtensions(w.flow.Response.Headers.Values("Sec-WebSocket-Extensions"))
	if err != nil {
		w.warn("Cannot read what WebSocket extensions were agreed on, messages are shown as they pass: " + err.Error())
	}
	for _, name := range e.Unknown {
		w.warn("Ignoring unknown WebSocket extension '" + name + "'.")
	}
	switch {
	case err != nil || len(e.Unknown) > 0:
		w.client.reader.Loose, w.server.reader.Loose = true, true
	case e.Deflate:
		w.client.compress(e.Client)
		w.server.compress(e.Server)
	}
}

func (d *wsSide) compress(p ws.Params) {
	d.reader.RSV, d.inflate, d.bits = ws.RSV1, &ws.Inflater{Params: p}, p.WindowBits
}

func (w *WebSocket) step(ev layer.Event) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		w.receive(w.side(ev.Conn), ev.Data)
	case *layer.ConnectionClosed:
		w.gone(w.side(ev.Conn))
	case *layer.Injected:
		if ev.Flow == w.flow.ID {
			w.inject(ev.Message)
		}
	case *layer.Kill:
		if ev.Flow == w.flow.ID && !w.flow.Killed() {
			w.flow.Kill(w.ctx.Now())
		}
		w.killed()
	case *layer.Wakeup:
		if ev.Cmd == w.closing {
			w.overdue()
		}
	}
}

// side returns what a connection's peer sends.
func (w *WebSocket) side(c *flow.Conn) *wsSide {
	if c == w.client.conn {
		return &w.client
	}
	return &w.server
}

func (w *WebSocket) other(d *wsSide) *wsSide {
	if d == &w.client {
		return &w.server
	}
	return &w.client
}

// receive handles what a side sent. After its close frame it has nothing more to say (RFC 6455 §5.5.1).
func (w *WebSocket) receive(d *wsSide, b []byte) {
	owned := false
	for len(b) > 0 && !w.over && !d.closed {
		p, n, ok, err := d.reader.Next(b)
		if err != nil {
			w.fail(d, err)
			return
		}
		if b = b[n:]; !ok {
			continue
		}
		if len(b) > 0 && !owned { // a hook may outlast what is lent
			b, owned = append([]byte(nil), b...), true
		}
		if p.Head.Op.Control() {
			w.control(d, p)
		} else if err := w.data(d, p); err != nil {
			w.fail(d, err)
			return
		}
	}
	if d.msg != nil && d.msg.way == undecided && !w.over {
		w.decide(d)
	}
	w.tally(d, d.msg)
}

// control passes on a control frame: we answer none ourselves.
func (w *WebSocket) control(d *wsSide, p ws.Piece) {
	if p.Head.Op == ws.Close {
		w.closeFrame(d, p)
		return
	}
	if w.ctx.Options().Debug {
		w.log(slog.LevelDebug, fmt.Sprintf("WebSocket %s from %s: %q", p.Head.Op, d.name(), p.Append(nil)))
	}
	w.forward(d, p)
}

func (d *wsSide) name() string {
	if d.fromClient {
		return "client"
	}
	return "server"
}

func (w *WebSocket) log(level slog.Level, text string) {
	w.Do(&layer.Log{Level: level, Text: text})
}

func (w *WebSocket) warn(text string) { w.log(slog.LevelWarn, text) }

// killed ends the connection if somebody has killed the flow.
func (w *WebSocket) killed() bool {
	if !w.over && w.flow.Killed() {
		w.noteClose(ws.Abnormal, "", false)
		w.finish()
	}
	return w.over
}

// closeCode returns the close code and the text of an error.
func closeCode(err error) (int, string) {
	var e *ws.Error
	if errors.As(err, &e) {
		return e.Code, e.Text
	}
	return ws.ProtocolError, err.Error()
}
