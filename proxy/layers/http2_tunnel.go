package layers

import (
	"golang.org/x/net/http2"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// inside returns the context of what is inside the stream. A stream of HTTP/2 is a client's connection of its own there.
func (st *HTTPStream) inside() *layer.Context {
	ctx := st.h.ctx.Fork()
	if st.onClient == nil {
		return ctx
	}
	outer := ctx.Client
	c := &flow.Client{Mode: outer.Mode, Conn: flow.Conn{ID: flow.NewID(), Transport: outer.Transport, State: flow.Open,
		Peer: outer.Peer, Local: outer.Local, Start: ctx.Now()}}
	if st.onClient.remoteEnd {
		c.State = flow.CanWrite
	}
	ctx.Client = c
	ctx.Part()
	return ctx
}

// clientConn is the connection that what is inside the stream sees as its client's.
func (st *HTTPStream) clientConn() *flow.Conn { return &st.ctx.Client.Conn }

// opensTunnel reports whether the response makes the stream a tunnel that ends only with its connection: CONNECT in HTTP/2, plain or extended
// (RFC 9113 §8.5, RFC 8441 §4).
func (st *HTTPStream) opensTunnel() bool {
	f := st.flow
	return st.onClient != nil && f.Request.Method == "CONNECT" && f.Response.Status/100 == 2
}

// unwrap makes what came as part of a message, before the tunnel was there, part of the bytes that pass through. Nil: it is of no use.
func (st *HTTPStream) unwrap(e *httpEvent) layer.Event {
	client := st.clientConn()
	switch e.kind {
	case requestData:
		return &layer.DataReceived{Conn: client, Data: e.data}
	case requestEnd, requestError:
		if st.onClient != nil {
			client.State &^= flow.CanRead
		}
		return &layer.ConnectionClosed{Conn: client}
	case responseData:
		return &layer.DataReceived{Conn: &st.ctx.Server.Conn, Data: e.data}
	case responseEnd, responseError:
		return &layer.ConnectionClosed{Conn: &st.ctx.Server.Conn}
	}
	return nil
}

// toStream carries out what is commanded, from cmds[n] on, on the client's connection that the stream is.
func (st *HTTPStream) toStream(n int, cmds []layer.Command) []layer.Command {
	client := st.clientConn()
	kept := cmds[:n]
	for _, c := range cmds[n:] {
		switch c := c.(type) {
		case *layer.SendData:
			if c.Conn == client {
				st.client.sendData(st, c.Data)
				continue
			}
		case *layer.CloseConnection:
			if c.Conn == client {
				st.closeStream(c.Half)
				continue
			}
		case *layer.Pause: // other streams share the connection: the client gets no more credit for this one
			if c.Conn == client {
				st.clientPaused = c.On
				st.creditClient()
				continue
			}
		}
		kept = append(kept, c)
	}
	return kept
}

// closeStream ends our side of the stream, or both.
func (st *HTTPStream) closeStream(half bool) {
	client := st.clientConn()
	st.client.sendEnd(st, nil)
	if client.State &^= flow.CanWrite; !half {
		client.State = flow.Closed
	}
	client.Touch()
	if client.State == flow.Closed {
		st.leave()
	}
}

// leave ends a tunnel for good.
func (st *HTTPStream) leave() {
	if !st.over {
		st.over = true
		st.h.drop(st)
	}
}

// connectExtended sends an extended CONNECT, if the server takes it.
func (st *HTTPStream) connectExtended() {
	if st.server.extended(st.protocol) {
		st.server.sendHead(st, st.flow.Request, false)
		return
	}
	st.server.release(st)
	st.fail(httpEvent{kind: responseError, code: genericServerError, text: "The server does not take an extended CONNECT (RFC 8441). " +
		"Turn http2 off to let clients open WebSockets over HTTP/1."})
}

// all is more than a peer may send.
const all = h2.MaxWindow

// count gives credit for the bytes of an event that has passed through, unless they still wait on the other side.
func (st *HTTPStream) count(ev layer.Event) {
	switch e, _ := ev.(*httpEvent); {
	case st.over:
	case e != nil && e.kind == requestData:
		st.creditClient()
	case !st.stopped && st.h.tooMuch(st.onClient.queued):
		st.stopped = true
		st.h.readOwned(st, false)
	default:
		st.creditServer()
	}
}

// creditClient lets the client send more in this stream, unless what it has sent waits here or on the other side.
func (st *HTTPStream) creditClient() {
	switch {
	case st.clientPaused, st.upgrade && st.serverBehind(), !st.upgrade && st.h.ownedBehind(st):
		return
	}
	st.client.consumed(st, all)
}

// creditServer lets the server of a stream that has been upgraded send more in it, unless what it has sent waits.
func (st *HTTPStream) creditServer() {
	if st.upgrade && !st.serverPaused && (st.onClient == nil || st.onClient.queued == 0) {
		st.server.consumed(st, all)
	}
}

// taken is told that the client has let us send it something.
func (st *HTTPStream) taken() {
	if st.stopped && st.onClient.queued <= goOnReading {
		st.stopped = false
		st.h.readOwned(st, true)
	}
	st.creditServer()
}

// drained is told that a server has taken what it was behind with.
func (st *HTTPStream) drained() {
	if st.onClient != nil && !st.over {
		st.creditClient()
	}
}

// ownedBehind reports whether one of the servers inside a tunnel does not take what was sent to it. If so, it gets Drained.
func (h *HTTP) ownedBehind(st *HTTPStream) bool {
	if h.ctx.Behind == nil {
		return false
	}
	for conn, owner := range h.owners {
		if owner == st && h.ctx.Behind(conn) {
			return true
		}
	}
	return false
}

// readOwned stops or goes on with reading from the servers inside a tunnel.
func (h *HTTP) readOwned(st *HTTPStream, on bool) {
	for conn, owner := range h.owners {
		if owner == st {
			h.last = append(h.last, &layer.Pause{Conn: conn, On: !on})
		}
	}
}

// allowConnect tells a client that its server takes an extended CONNECT (RFC 8441 §3).
func (h *HTTP) allowConnect() {
	s, ok := h.client.(*http2Server)
	if !ok || h.mode != HTTPTransparent || s.allowed || s.dead {
		return
	}
	s.allowed = true
	b := s.out.room(headRoom)
	b.B = h2.AppendSettings(b.B, http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1})
}
