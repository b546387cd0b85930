package layers

import (
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/ws"
)

// closeFrame passes on a close frame. The connection ends when both sides have sent one (RFC 6455 §7.1).
func (w *WebSocket) closeFrame(d *wsSide, p ws.Piece) {
	code, reason, err := ws.ParseClose(p.Append(nil))
	if err != nil {
		w.fail(d, err)
		return
	}
	w.noteClose(code, reason, d.fromClient)
	d.closed, d.msg = true, nil
	w.forward(d, p)
	if w.other(d).closed {
		w.finish()
		return
	}
	w.flush()
	w.closing = &layer.RequestWakeup{After: closeWait}
	w.Do(w.closing)
	w.Do(&layer.Update{Flow: w.flow})
}

// overdue ends a connection one side of which has not answered a close frame in time.
func (w *WebSocket) overdue() {
	for _, d := range []*wsSide{&w.client, &w.server} {
		if !d.closed {
			w.sendClose(d, w.flow.WebSocket.CloseCode, w.flow.WebSocket.CloseReason)
		}
	}
	w.finish()
}

// gone is told that a side will send no more. One that did not send a close frame has left: the other is told that it is over.
func (w *WebSocket) gone(d *wsSide) {
	if d.closed {
		if d.conn.State == flow.Closed { // nobody is there for the answer
			w.finish()
		}
		return
	}
	code, reason := ws.NormalClosure, ""
	if o := w.other(d); o.closed { // that was its answer
		code, reason = w.flow.WebSocket.CloseCode, w.flow.WebSocket.CloseReason
	}
	w.noteClose(ws.Abnormal, "", d.fromClient)
	w.sendClose(d, code, reason)
	w.finish()
}

// fail ends both sides because of what one of them sent.
func (w *WebSocket) fail(d *wsSide, err error) {
	code, text := closeCode(err)
	w.warn("WebSocket connection closed because of its " + d.name() + ": " + text)
	w.noteClose(code, text, d.fromClient)
	w.sendClose(&w.client, code, text)
	w.sendClose(&w.server, code, text)
	w.finish()
}

// noteClose records how the connection was closed first.
func (w *WebSocket) noteClose(code int, reason string, byClient bool) {
	if f := w.flow.WebSocket; f.CloseCode == 0 {
		f.CloseCode, f.CloseReason, f.ClosedByClient, f.End = code, reason, byClient, w.ctx.Now()
	}
}

// sendClose sends a close frame where one of d's would go, unless it has sent one or is inside of another frame.
func (w *WebSocket) sendClose(d *wsSide, code int, reason string) {
	if d.closed || d.inFrame() {
		return
	}
	d.closed = true
	w.send(d, ws.MaxHead+ws.MaxControl, func(b []byte) []byte {
		return ws.AppendFrame(b, w.head(d, ws.Close), ws.AppendClose(nil, code, reason))
	})
}

// finish closes both connections.
func (w *WebSocket) finish() {
	w.over = true
	w.flush()
	for _, c := range []*flow.Conn{w.client.to, w.server.to} {
		if c.State != flow.Closed {
			w.Do(&layer.CloseConnection{Conn: c})
		}
	}
	w.flow.Live = false
	w.hook(&layer.WebSocketEnd{OfFlow: layer.OfFlow{Flow: w.flow}})
}
