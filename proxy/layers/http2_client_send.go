package layers

import (
	"golang.org/x/net/http2"

	"sluice/proxy/flow"
)

func (x *http2Client) retire() bool {
	idle := x.usable() && len(x.streams) == 0
	if idle {
		x.goAway(http2.ErrCodeNo, "")
		x.soil()
	}
	return idle
}

// sendHead opens a stream. Its number is the next one, whatever the client's is.
func (x *http2Client) sendHead(st *HTTPStream, r *flow.Request, end bool) {
	if x.out.closes {
		return
	}
	id := x.lastID + 2
	if x.lastID == 0 {
		id = 1
	}
	x.lastID = id
	s := x.newStream(id, false)
	s.st, s.headSent, s.noBody = st, true, r.Method == "HEAD"
	st.onServer = s
	x.meter.earn(2)
	x.active = x.serverConn.h.ctx.Now()
	x.normalize()
	x.sendFields(s, x.enc.Request(r, st.protocol, st.clientSecrets()), end)
	st.tellCase(x.enc.Lowered)
	x.soil()
}

func (x *http2Client) sendData(st *HTTPStream, p []byte) {
	if s := st.onServer; s.writable() {
		x.send(s, p, !s.piped && !st.flow.Request.Stream && st.flow.Request.Body.Gap() == flow.Whole) // what is recorded is kept
		x.soil()
	} else {
		st.client.consumed(st, len(p))
	}
}

func (x *http2Client) sendEnd(st *HTTPStream, trailers flow.Headers) {
	if s := st.onServer; s.writable() {
		x.http2Conn.sendEnd(s, trailers)
		x.soil()
	}
}

func (x *http2Client) consumed(st *HTTPStream, n int) {
	if st.onServer != nil {
		x.http2Conn.consumed(st.onServer, n)
	}
}

func (x *http2Client) pipe(st *HTTPStream) { st.onServer.piped = true }

func (x *http2Client) sendRaw(st *HTTPStream, p []byte) { x.sendData(st, p) }

func (x *http2Client) closeRaw(st *HTTPStream, half bool) {
	s := st.onServer
	if !half && s != nil {
		s.st = nil // what still comes is of no interest
	}
	switch {
	case s.writable():
		x.http2Conn.sendEnd(s, nil)
	case !half && s != nil && (s.localEnd || !s.endQueued):
		x.http2Conn.reset(s, http2.ErrCodeCancel)
	}
	x.soil()
}

func (x *http2Client) discard(st *HTTPStream) { x.release(st) }

// release gives up what is not over of an exchange.
func (x *http2Client) release(st *HTTPStream) {
	s := st.onServer
	if s == nil || s.st != st {
		return
	}
	s.st = nil
	if s.closed {
		return
	}
	if s.remoteEnd && s.endQueued {
		return // what is queued still goes
	}
	x.http2Conn.reset(s, http2.ErrCodeCancel)
	x.soil()
}
