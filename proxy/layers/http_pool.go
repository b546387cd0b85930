package layers

import (
	"slices"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A connKey says which requests can share a connection.
type connKey struct {
	addr flow.Addr
	tls  bool
	via  flow.Via // zero: straight to the server
	// plain says that the proxy reads the request itself, which names its server, and makes no tunnel.
	plain bool
}

func keyOf(s *flow.Server) connKey {
	k := connKey{addr: s.Address, tls: s.TLS}
	if s.Via != nil {
		k.via = *s.Via
	}
	return k
}

// idleConn returns a connection that can be used at once, or nil.
func (h *HTTP) idleConn(key connKey) *serverConn {
	for _, c := range h.conns {
		if c.key == key && c.idle() {
			return c
		}
	}
	return nil
}

// obtain answers a request for a connection, or makes one that will.
func (h *HTTP) obtain(g *getConn) {
	if c := h.idleConn(g.key); c != nil {
		c.reserve(g.stream)
		h.deliver(g.stream, &gotConn{cmd: g, conn: c})
		return
	}
	if c := h.joinable(g.key); c != nil {
		c.waiters = append(c.waiters, g)
		return
	}
	own := h.ctx.Server
	fits := !h.serverUsed && keyOf(own) == g.key
	if fits && own.Error != "" && h.turnedDown(g.key, h.ownTLS()) {
		h.serverUsed, fits = true, false
	}
	if fits && own.Error != "" {
		h.deliver(g.stream, &gotConn{cmd: g, err: own.Error})
		return
	}
	h.retireOne()
	c := &serverConn{h: h, key: g.key, waiters: []*getConn{g}}
	if fits && own.State == flow.Open {
		h.serverUsed = true
		c.server, c.top = own, c
	} else {
		h.connect(c)
	}
	h.conns = append(h.conns, c)
	h.feed(c, layer.Start{})
}

// maxConns is how many connections to servers a client may have before those that carry nothing are closed, the oldest first.
const maxConns = 64

// retireOne makes room for another connection.
func (h *HTTP) retireOne() {
	if len(h.conns) < maxConns {
		return
	}
	for _, c := range h.conns {
		if c.phase == connReady && len(c.waiters) == 0 && c.retire() {
			return
		}
	}
}

// connect gives a new connection its server and the tunnels it needs.
func (h *HTTP) connect(c *serverConn) {
	s := flow.NewServer(c.key.addr)
	s.Transport = h.ctx.Client.Transport
	ctx := h.ctx.Fork()
	ctx.Server = s
	c.server, c.top = s, c
	if c.key.tls {
		s.SNI = h.sni(c.key)
		s.ALPNOffers = h.offers(c.key)
		c.tls = NewServerTLS(ctx, s)
		c.tls.Child, c.top = c, c.tls
	}
	if c.key.via != (flow.Via{}) {
		via := c.key.via
		s.Via = &via
		c.top, c.outer = newUpstream(ctx, c.top, c.key.tls || !c.key.plain)
	}
}

// sni is the name to ask for: the one the client asked for, where the request still goes where it went.
func (h *HTTP) sni(key connKey) string {
	if h.mode == HTTPTransparent && key.addr == h.ctx.Server.Address {
		switch {
		case h.ctx.Server.SNI != "":
			return h.ctx.Server.SNI
		case h.ctx.Client.SNI != "":
			return h.ctx.Client.SNI
		}
	}
	return strings.TrimSuffix(key.addr.Host, ".")
}

// joinable returns a connection that a request may wait for: one that will have room, or may turn out to. Nil: there is none.
func (h *HTTP) joinable(key connKey) *serverConn {
	for _, c := range h.conns {
		if c.key != key {
			continue
		}
		if c.phase == connReady && c.shared() || c.phase == connOpening && (key.tls || h.prior(key)) && !h.oneByOne[key] {
			return c
		}
	}
	return nil
}

// adopt takes the connection that is there already into the pool, for there is something to be said before the first request.
func (h *HTTP) adopt() *serverConn {
	h.serverUsed = true
	c := &serverConn{h: h, key: keyOf(h.ctx.Server), server: h.ctx.Server}
	c.top = c
	h.conns = append(h.conns, c)
	h.feed(c, layer.Start{})
	return c
}

// greet begins HTTP/2 with a server that is there already: what it says of itself, so that it takes an extended CONNECT, the client
// should know as early as can be (RFC 8441 §3).
func (h *HTTP) greet() {
	s := h.ctx.Server
	if _, ok := h.client.(*http2Server); ok && h.mode == HTTPTransparent && !h.serverUsed && s.State == flow.Open && h.greets() {
		h.adopt()
	}
}

// answer tells those who wait for a connection how it went, and forgets one that is of no more use.
func (h *HTTP) answer(c *serverConn) {
	if c.phase == connReady {
		for len(c.waiters) > 0 && c.room() {
			g := c.waiters[0]
			c.waiters = slices.Delete(c.waiters, 0, 1)
			c.reserve(g.stream)
			h.deliver(g.stream, &gotConn{cmd: g, conn: c})
		}
		if !c.shared() {
			h.retry(c)
		}
	}
	if !c.over() {
		return
	}
	if i := slices.Index(h.conns, c); i >= 0 {
		h.conns = slices.Delete(h.conns, i, i+1)
	}
	waiters := c.waiters
	c.waiters = nil
	if c.phase == connFailed && len(waiters) > 0 && h.turnedDown(c.key, c.tls) {
		h.wanted = append(h.wanted, waiters...)
		return
	}
	for _, g := range waiters {
		h.deliver(g.stream, &gotConn{cmd: g, err: c.failure})
	}
}

// maxTries is how many connections a request may wait for in vain.
const maxTries = 3

// maxOneByOne is how many servers are remembered not to speak HTTP/2.
const maxOneByOne = 1024

// retry sends those who wait for a connection that will have no room for them to look for another one.
func (h *HTTP) retry(c *serverConn) {
	if len(c.waiters) == 0 {
		return
	}
	if _, one := c.serverProtocol.(*http1Client); one {
		if h.oneByOne == nil || len(h.oneByOne) >= maxOneByOne {
			h.oneByOne = map[connKey]bool{}
		}
		h.oneByOne[c.key] = true
	}
	waiters := c.waiters
	c.waiters = nil
	for _, g := range waiters {
		if g.tries++; g.tries == maxTries {
			h.deliver(g.stream, &gotConn{cmd: g, err: "the server closes every connection at once"})
			continue
		}
		h.wanted = append(h.wanted, g)
	}
}

// giveUp ends a stream's wait for a connection and reports whether it was waiting for one.
func (h *HTTP) giveUp(st *HTTPStream, why string) bool {
	for _, c := range h.conns {
		for i, g := range c.waiters {
			if g.stream == st {
				c.waiters = slices.Delete(c.waiters, i, i+1)
				h.deliver(st, &gotConn{cmd: g, err: why})
				return true
			}
		}
	}
	return false
}
