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
	ctx := h.ctx.Fork()
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
	st.client.sendEnd(st, st.flow.Response.Trailers)
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
	ctx := st.h.ctx.Fork()
	ctx.Server = st.server.server
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
	st.h.piped = st
	st.client.pipe(st)
}

// begin starts the child and gives it what came before it was there.
func (st *HTTPStream) begin(cmds []layer.Command) []layer.Command {
	cmds = st.pass(layer.Start{}, cmds)
	rest := st.rest
	st.rest = nil
	for _, ev := range rest {
		layer.Own(cmds)
		cmds = st.pass(ev, cmds)
	}
	return cmds
}

// pass gives the child an event. After a 101 what it sends to the server goes through the layers of that connection.
func (st *HTTPStream) pass(ev layer.Event, cmds []layer.Command) []layer.Command {
	if e, ok := ev.(*httpEvent); ok {
		if e.kind != requestError {
			return cmds
		}
		ev = &layer.ConnectionClosed{Conn: &st.h.ctx.Client.Conn}
	}
	n := len(cmds)
	cmds = st.child.Handle(ev, cmds)
	if !st.upgrade {
		return cmds
	}
	server := &st.server.server.Conn
	kept := cmds[:n]
	for _, c := range cmds[n:] {
		switch c := c.(type) {
		case *layer.SendData:
			if c.Conn == server {
				st.server.sendRaw(c.Data)
				continue
			}
		case *layer.CloseConnection:
			if c.Conn == server {
				st.server.closeRaw(c.Half)
				continue
			}
		}
		kept = append(kept, c)
	}
	return kept
}
