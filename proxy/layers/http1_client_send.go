package layers

import (
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
	"sluice/proxy/wire/http1"
)

// close ends the connection once its output is out. The pool forgets it then.
func (c *http1Client) close() {
	c.in, c.out.closes = nil, true
	c.h.soil(c.serverConn)
}

func (c *http1Client) retire() bool {
	idle := c.room()
	if idle {
		c.close()
	}
	return idle
}

func (c *http1Client) sendHead(st *HTTPStream, r *flow.Request, end bool) {
	if c.multiplexed = isHTTP2(r.Version); c.multiplexed {
		authority := r.Authority
		if r = h2.ToHTTP1Request(r, !end && st.protocol == ""); c.outer != nil && !c.key.tls && c.h.mode == HTTPUpstream {
			r.Authority = authority // a proxy is told the whole URL (RFC 9112 §3.2.2)
		}
	}
	c.stream, c.request, c.response = st, r, nil
	c.state, c.interim, c.requestDone, c.responseDone = readHead, 0, false, false
	c.owed, c.challenge = 0, ""
	if st.protocol != "" {
		c.askUpgrade(r)
	}
	c.chunked = chunkFramed(r.Headers)
	b := c.out.room(headRoom)
	b.B = http1.AppendRequest(b.B, r)
	c.h.soil(c.serverConn)
}

func (c *http1Client) sendData(st *HTTPStream, p []byte) {
	if c.behind(st) && c.stream == st {
		c.owed += len(p)
	} else {
		st.client.consumed(st, len(p))
	}
	if c.stream != st || c.out.closes {
		return
	}
	if c.chunked {
		b := c.out.room(len(p) + chunkOverhead)
		b.B = http1.AppendChunk(b.B, p)
	} else {
		c.out.write(p)
	}
	c.h.soil(c.serverConn)
}

func (c *http1Client) sendEnd(st *HTTPStream, trailers flow.Headers) {
	if c.stream != st || c.out.closes {
		return
	}
	if c.chunked {
		b := c.out.room(lastChunkRoom)
		b.B = http1.AppendLastChunk(b.B, trailers)
		c.h.soil(c.serverConn)
	}
	c.requestDone = true
	c.finish()
}

// finish makes the connection idle, or closes it where the messages ask for it, once both are over (RFC 9112 §9.6).
func (c *http1Client) finish() {
	if !c.requestDone || !c.responseDone || c.isUpgrade() {
		return
	}
	reusable := !c.lasts && !c.multiplexed && http1.KeepAlive(c.request.Version, c.request.Headers) &&
		http1.KeepAlive(c.response.Version, c.response.Headers)
	c.inflow.went(c.h, c.inflow.ahead)
	c.stream, c.request, c.response = nil, nil, nil
	if !reusable {
		c.close()
	}
}

func (c *http1Client) isUpgrade() bool { return c.response != nil && c.response.Status == 101 }

// pipe makes what follows bytes that pass through the stream.
func (c *http1Client) pipe(st *HTTPStream) {
	if c.stream == st && !c.out.closes {
		c.state = readPipe
		c.h.pumps = append(c.h.pumps, c.serverConn)
	}
}

// drain passes on what came before the pipe was there.
func (c *http1Client) drain() {
	c.pump()
	if c.gone {
		c.h.deliver(c.stream, &layer.ConnectionClosed{Conn: &c.server.Conn})
	}
}

// sendRaw sends bytes that pass through a stream.
func (c *http1Client) sendRaw(_ *HTTPStream, p []byte) {
	c.out.write(p)
	c.h.soil(c.serverConn)
}

// closeRaw closes the connection, or its writing half, after what was sent on it.
func (c *http1Client) closeRaw(_ *HTTPStream, half bool) {
	c.out.half, c.out.closes = half, c.out.closes || !half
	c.h.soil(c.serverConn)
}

func (c *http1Client) consumed(st *HTTPStream, n int) {
	if c.stream == st {
		c.inflow.went(c.h, n)
	}
}

// release says that the stream is over. An exchange that broke off leaves the connection in the middle of a message.
func (c *http1Client) release(st *HTTPStream) {
	if c.stream == st {
		c.close()
	}
}

// discard closes the connection after a response that must not be followed by another.
func (c *http1Client) discard(st *HTTPStream) {
	if c.stream == st || c.stream == nil {
		c.close()
	}
}
