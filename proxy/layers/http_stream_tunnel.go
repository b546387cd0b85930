package layers

import (
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// connect serves a CONNECT request (RFC 9110 §9.3.6).
func (st *HTTPStream) connect() {
	h, f := st.h, st.flow
	of := layer.OfFlow{Flow: f}
	st.clientState = streamDone
	st.Hook(&layer.HTTPConnect{OfFlow: of})
	if st.killed(false) {
		return
	}
	ctx := st.inside()
	ctx.Server = flow.NewServer(flow.Addr{Host: f.Request.Host, Port: f.Request.Port})
	ctx.Server.Transport = h.ctx.Client.Transport
	ctx.Server.Via, _ = h.via(ctx.Server.Address, h.ctx.Server.Via)
	f.Server = ctx.Server
	var child layer.Layer = layer.NewNextLayer(ctx)
	if ctx.Server.Via != nil {
		child, _ = newUpstream(ctx, child, true)
	} else if f.Response == nil && !ctx.Options().Lazy {
		if err := st.Open(ctx.Server); err != nil {
			f.Response = unreachable(ctx.Server.Address, err)
		}
	}
	if f.Response == nil {
		f.Response = &flow.Response{Status: 200, Reason: "Connection established",
			HTTPMessage: flow.HTTPMessage{Version: f.Request.Version}}
	}
	f.Response.Start, f.Response.End = h.ctx.Now(), h.ctx.Now()
	if f.Response.Status/100 != 2 {
		st.Hook(&layer.HTTPConnectError{OfFlow: of})
		st.endConnect(nil, nil)
		return
	}
	st.Hook(&layer.HTTPConnected{OfFlow: of})
	st.endConnect(ctx, child)
}

// endConnect sends the response to a CONNECT. With a child the stream goes on as a tunnel; without, the client may try again.
func (st *HTTPStream) endConnect(ctx *layer.Context, child layer.Layer) {
	if st.killed(false) {
		return
	}
	st.sendWhole()
	if !st.opensTunnel() {
		st.client.sendEnd(st, st.flow.Response.Trailers)
	}
	st.flow.Live = false
	if child == nil {
		st.over = true
		st.h.drop(st)
		return
	}
	st.tunnel(ctx, child)
}

// unreachable is the response to a CONNECT to a server that cannot be reached.
func unreachable(addr flow.Addr, err error) *flow.Response {
	r := errorResponse(502, "Could not connect to "+addr.String()+": "+err.Error()+
		". With connection_strategy=lazy the client is answered before the server is contacted.")
	r.Headers = r.Headers.Del("Connection")
	return r
}

// switchProtocols goes on with the bytes that follow a 101 (RFC 9110 §7.8).
func (st *HTTPStream) switchProtocols() {
	ctx := st.inside()
	ctx.Server = st.server.endpoint()
	if st.flow.WebSocket != nil {
		st.upgrade = true
		st.server.pipe(st)
		st.tunnel(ctx, NewWebSocket(ctx, st.flow))
		return
	}
	if !ctx.Options().RawTCP {
		st.Do(&layer.Log{Level: slog.LevelWarn, Text: "The server switched protocols, but raw TCP is off: closing the connection. " +
			"Turn rawtcp on to let such connections pass."})
		st.client.sendError(st, passthroughClose, "EOF")
		st.finish()
		return
	}
	st.upgrade = true
	st.server.pipe(st)
	st.tunnel(ctx, NewTCP(ctx, false))
}

// tunnel leads what follows to child.
func (st *HTTPStream) tunnel(ctx *layer.Context, child layer.Layer) {
	st.ctx, st.child = ctx, child
	if st.onClient == nil {
		st.h.piped = st
	}
	st.client.pipe(st)
}

// begin starts the child and gives it what came before it was there.
func (st *HTTPStream) begin(cmds []layer.Command) []layer.Command {
	cmds = st.pass(layer.Start{}, cmds)
	rest := st.rest
	st.rest = nil
	st.waits(-st.held)
	st.held = 0
	for _, ev := range rest {
		layer.Own(cmds)
		cmds = st.pass(ev, cmds)
	}
	return cmds
}

// pass gives the child an event. After a 101 what it sends to the server goes through the layers of that connection.
func (st *HTTPStream) pass(ev layer.Event, cmds []layer.Command) []layer.Command {
	n := len(cmds)
	switch e := ev.(type) {
	case *httpEvent:
		inner := st.unwrap(e)
		if inner == nil {
			return cmds
		}
		cmds = st.child.Handle(inner, cmds)
	case *layer.Drained:
		st.drained()
		return cmds
	default:
		cmds = st.child.Handle(ev, cmds)
	}
	if st.upgrade {
		cmds = st.toServer(n, cmds)
	}
	if st.onClient != nil {
		cmds = st.toStream(n, cmds)
		st.count(ev)
	}
	return cmds
}

// toServer carries out what is commanded, from cmds[n] on, on the server's connection that has been upgraded.
func (st *HTTPStream) toServer(n int, cmds []layer.Command) []layer.Command {
	server := &st.server.endpoint().Conn
	kept := cmds[:n]
	for _, c := range cmds[n:] {
		switch c := c.(type) {
		case *layer.SendData:
			if c.Conn == server {
				st.server.sendRaw(st, c.Data)
				continue
			}
		case *layer.CloseConnection:
			if c.Conn == server {
				st.server.closeRaw(st, c.Half)
				continue
			}
		case *layer.Pause:
			if c.Conn == server {
				kept = st.pauseServer(c.On, kept)
				continue
			}
		}
		kept = append(kept, c)
	}
	return kept
}

// pauseServer stops or goes on with reading from the stream's server. One that other streams share gets no credit for this one.
func (st *HTTPStream) pauseServer(on bool, cmds []layer.Command) []layer.Command {
	s := st.server
	if c, ok := s.(*serverConn); ok {
		s = c.serverProtocol
	}
	if h1, ok := s.(*http1Client); ok {
		return append(cmds, &layer.Pause{Conn: h1.wire(), On: on})
	}
	st.serverPaused = on
	st.creditServer()
	return cmds
}
