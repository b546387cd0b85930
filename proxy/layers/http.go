package layers

import (
	"log/slog"
	"slices"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// HTTPMode says how the client of an HTTP layer addresses its requests.
type HTTPMode uint8

// The modes.
const (
	HTTPRegular     HTTPMode = iota // the client knows that we are its proxy
	HTTPTransparent                 // it believes that we are the server
	HTTPUpstream                    // as regular, and everything goes on to another proxy
)

// HTTP is the layer of one client connection that carries HTTP. It makes a
// stream for each request, keeps the connections to servers, and leads events and answers to whom they concern.
//
// What an event causes to be sent is gathered by connection and leaves in one piece, before the hooks it causes.
type HTTP struct {
	ctx  *layer.Context
	mode HTTPMode

	inside layer.Layer // what is left of this layer when a CONNECT tunnel is all there is; nil: not yet

	client  clientConn // nil until its first event
	streams []*HTTPStream
	piped   *HTTPStream                // the stream that the client's bytes pass through
	opener  *HTTPStream                // the stream that opened connections by itself
	owners  map[*flow.Conn]*HTTPStream // with HTTP/2, where there can be many: whose connections they are
	spares  []*HTTPStream              // nobody knows them any more, to be used again once their scripts have ended
	sources sources

	conns      []*serverConn    // oldest first
	oneByOne   map[connKey]bool // known not to speak HTTP/2 there
	onlyHTTP2  map[connKey]bool // known to refuse HTTP/1 there
	serverUsed bool             // ctx.Server has been in conns
	wanted     []*getConn
	dirty      []*serverConn // have output
	pumps      []*serverConn // have bytes to read on in
	undecided  []*HTTPStream // have a response whose head has not been sent yet

	cmds []layer.Command // of server connections, and output
	more []layer.Command // of streams
	last []layer.Command // to be done after all else

	throttles []*throttle // have changed
}

// NewHTTP returns an HTTP layer and adds it to ctx.
func NewHTTP(ctx *layer.Context, mode HTTPMode) layer.Layer {
	h := &HTTP{ctx: ctx, mode: mode}
	ctx.Push(h)
	return h
}

// Handle leads an event to whom it concerns and carries out what that sets going.
func (h *HTTP) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if h.inside == nil && h.through() {
		*h = HTTP{ctx: h.ctx, mode: h.mode, inside: h.piped.child}
	}
	if h.inside != nil {
		return h.inside.Handle(ev, cmds)
	}
	return h.drive(cmds, func() { h.route(ev) })
}

// through reports whether there is nothing here any more but a CONNECT tunnel, and it stays so: whatever comes
// is for the layer inside, and whatever that commands is answered to it. A tunnel at rest needs no memory for more.
func (h *HTTP) through() bool {
	st := h.piped
	return st != nil && st.child != nil && !st.upgrade && len(h.conns) == 0 && h.sources.empty()
}

// drive does something and carries out all that it sets going.
func (h *HTTP) drive(cmds []layer.Command, do func()) []layer.Command {
	h.cmds = cmds
	do()
	h.settle()
	cmds = append(h.cmds, h.more...)
	cmds = append(cmds, h.last...)
	h.last = nil
	if h.throttles != nil {
		cmds = h.throttle(cmds)
	}
	clear(h.more)
	h.cmds, h.more = nil, h.more[:0]
	return cmds
}

func (h *HTTP) route(ev layer.Event) {
	switch ev := ev.(type) {
	case layer.Start:
		if h.client == nil {
			h.client = newClientConn(h)
		}
		if h.mode == HTTPUpstream && h.ctx.Upstream != nil {
			h.ctx.Server.Via = h.ctx.Upstream
		}
		h.greet()
	case *layer.DataReceived:
		h.routeConn(ev.Conn, ev)
	case *layer.ConnectionClosed:
		h.routeConn(ev.Conn, ev)
	case *layer.Drained:
		h.routeConn(ev.Conn, ev)
	case *layer.Kill:
		h.kill(ev)
	case layer.Completion:
		switch who := h.sources.take(ev.Of()).(type) {
		case *HTTPStream:
			h.deliver(who, ev)
		case *serverConn:
			h.feed(who, ev)
		}
	default:
		if h.piped != nil {
			h.deliver(h.piped, ev)
		}
	}
}

func (h *HTTP) routeConn(conn *flow.Conn, ev layer.Event) {
	if conn == &h.ctx.Client.Conn {
		if h.piped != nil {
			h.deliver(h.piped, ev)
		} else {
			h.client.handle(ev)
		}
		return
	}
	for _, c := range h.conns {
		if conn == &c.server.Conn || c.outer != nil && conn == &c.outer.Conn {
			h.feed(c, ev)
			return
		}
	}
	if st := h.owners[conn]; st != nil {
		h.deliver(st, ev)
		return
	}
	switch {
	case h.opener != nil:
		h.deliver(h.opener, ev)
	case conn == &h.ctx.Server.Conn && !h.serverUsed && h.greets() && conn.State == flow.Open:
		h.feed(h.adopt(), ev)
	case conn == &h.ctx.Server.Conn && h.keepsGreeting(ev):
	case conn == &h.ctx.Server.Conn && !h.serverUsed && conn.State != flow.Closed:
		// An HTTP/1 server that speaks or closes before it was asked anything is of no use.
		h.cmds = append(h.cmds, &layer.CloseConnection{Conn: conn})
	}
}

// kill ends a flow, whatever it waits for but a hook, whose end it is told at.
func (h *HTTP) kill(ev *layer.Kill) {
	for _, st := range h.streams {
		if st.flow == nil || st.flow.ID != ev.Flow || !st.flow.Killable() {
			continue
		}
		st.flow.Kill(h.ctx.Now())
		if !h.giveUp(st, flow.KilledMessage) {
			h.deliver(st, ev)
		}
		return
	}
	if h.piped != nil {
		h.deliver(h.piped, ev)
	}
}

// deliver gives a stream an event. What it commands leaves after all output.
func (h *HTTP) deliver(st *HTTPStream, ev layer.Event) {
	n := len(h.more)
	h.more = st.Handle(ev, h.more)
	kept := h.more[:n]
	for _, c := range h.more[n:] {
		switch c := c.(type) {
		case *getConn:
			h.wanted = append(h.wanted, c)
			continue
		case *layer.OpenConnection:
			h.own(&c.Server.Conn, st)
			h.sources.put(c, st)
		case layer.Hook, *layer.RequestWakeup:
			h.sources.put(c, st)
		case *layer.CancelWakeup:
			h.sources.take(c.Wakeup)
		}
		kept = append(kept, c)
	}
	h.more = kept
}

// own notes that a stream has opened a connection by itself.
func (h *HTTP) own(conn *flow.Conn, st *HTTPStream) {
	if st.onClient == nil {
		h.opener = st
		return
	}
	if h.owners == nil {
		h.owners = map[*flow.Conn]*HTTPStream{}
	}
	h.owners[conn] = st
}

// disown forgets the connections of a stream that is over, and closes those that it has left open.
func (h *HTTP) disown(st *HTTPStream) {
	for conn, owner := range h.owners {
		if owner != st {
			continue
		}
		delete(h.owners, conn)
		if conn.State != flow.Closed {
			h.last = append(h.last, &layer.CloseConnection{Conn: conn})
		}
	}
}

// feed gives a server connection an event. It is not called from inside one.
func (h *HTTP) feed(c *serverConn, ev layer.Event) {
	n := len(h.cmds)
	h.cmds = c.top.Handle(ev, h.cmds)
	for _, cmd := range h.cmds[n:] {
		switch cmd := cmd.(type) {
		case *layer.OpenConnection, *layer.RequestWakeup, layer.Hook:
			h.sources.put(cmd, c)
		case *layer.CancelWakeup:
			h.sources.take(cmd.Wakeup)
		}
	}
	if c.phase != connReady || len(c.waiters) > 0 || c.closed() {
		h.answer(c)
	}
}

// settle carries on until nothing more follows from the event.
func (h *HTTP) settle() {
	for {
		switch {
		case len(h.wanted) > 0:
			g := h.wanted[0]
			h.wanted = slices.Delete(h.wanted, 0, 1)
			h.obtain(g)
		case len(h.pumps) > 0:
			c := h.pumps[0]
			h.pumps = slices.Delete(h.pumps, 0, 1)
			c.drain()
		case len(h.undecided) > 0:
			st := h.undecided[0]
			h.undecided = slices.Delete(h.undecided, 0, 1)
			if st.open && !st.over {
				st.open = false
				h.deliver(st, &httpEvent{kind: requestTee})
			}
			if st.undecided && !st.over {
				h.deliver(st, &httpEvent{kind: responseTee})
			}
		case len(h.dirty) > 0:
			c := h.dirty[len(h.dirty)-1]
			h.dirty = h.dirty[:len(h.dirty)-1]
			if c.dirty {
				h.feed(c, flushOutput{})
			}
		case h.client.pump():
		default:
			h.cmds = h.client.flush(h.cmds)
			return
		}
	}
}

// soil notes that a server connection has output.
func (h *HTTP) soil(c *serverConn) {
	if !c.dirty {
		c.dirty = true
		h.dirty = append(h.dirty, c)
	}
}

// log must not be called by a stream, which issues its own commands.
func (h *HTTP) log(level slog.Level, text string) {
	h.more = append(h.more, &layer.Log{Level: level, Text: text})
}

func (h *HTTP) newStream(client clientSide) *HTTPStream {
	var st *HTTPStream
	if n := len(h.spares); n > 0 {
		st = h.spares[n-1]
		h.spares[n-1], h.spares = nil, h.spares[:n-1]
	}
	if st != nil && st.Over() {
		st.Script.Again()
		*st = HTTPStream{Script: st.Script, h: h, client: client}
	} else {
		st = &HTTPStream{h: h, client: client}
		st.Begin(h.ctx, st.run)
	}
	h.streams = append(h.streams, st)
	st.waits(streamCost)
	return st
}

// drop forgets a stream that is over.
func (h *HTTP) drop(st *HTTPStream) {
	if i := slices.Index(h.streams, st); i >= 0 {
		h.streams = slices.Delete(h.streams, i, i+1)
	}
	st.settleUp()
	if st.server != nil {
		st.server.release(st)
	}
	st.client.release(st)
	if h.owners != nil {
		h.disown(st)
	}
	if st.onClient != nil && st.ctx != nil {
		st.ctx.EndPart()
	}
	if st.child == nil && st != h.opener {
		h.keep(st)
	}
}

// maxSpares is how many streams are kept to be used again.
const maxSpares = 16

func (h *HTTP) keep(st *HTTPStream) {
	if len(h.spares) < maxSpares {
		h.spares = append(h.spares, st)
	}
}
