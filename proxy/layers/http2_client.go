package layers

import (
	"cmp"
	"fmt"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// firstStreams is how many streams we open before the server has said how many it allows.
const firstStreams = 10

// http2Client is an HTTP/2 connection on which we are the client: a server's. It carries the requests of all streams to that server.
type http2Client struct {
	*serverConn
	http2Conn
	maxStreams int
	limited    bool // the server has said how many
	pingEvery  time.Duration
	wakeup     *layer.RequestWakeup // the next one
	owing      []*http2Stream       // have sent what the server has not taken yet
	connects   bool                 // the server knows extended CONNECT
}

func newHTTP2Client(c *serverConn) *http2Client {
	x := &http2Client{serverConn: c, maxStreams: firstStreams}
	x.init(c.h, &c.server.Conn, x)
	x.client = true
	return x
}

// start sends the preface and our settings (RFC 9113 §3.4).
func (x *http2Client) start() {
	x.out.room(headRoom).B = append(x.out.room(headRoom).B, h2.Preface...)
	x.open(http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	x.active = x.http2Conn.h.ctx.Now()
	x.pingEvery = x.http2Conn.h.ctx.Options().HTTP2Ping
}

func (x *http2Client) handle(ev layer.Event) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		x.receive(ev.Data)
	case *layer.ConnectionClosed:
		x.eof("server closed connection")
	case *layer.Drained:
		x.drained()
	case *layer.Wakeup:
		x.keepAlive()
	}
}

func (x *http2Client) endpoint() *flow.Server { return x.server }

func (x *http2Client) extended(string) bool { return x.connects }

func (x *http2Client) closed() bool { return x.out.closed }

func (x *http2Client) shared() bool { return x.usable() }

func (x *http2Client) reserve(*HTTPStream) {}

func (x *http2Client) drain() {}

// usable reports whether new streams can be opened, now or later.
func (x *http2Client) usable() bool {
	return !x.going && !x.dead && !x.out.closes && x.lastID < h2.MaxWindow-2 && x.server.State == flow.Open
}

func (x *http2Client) room() bool { return x.usable() && len(x.streams) < x.maxStreams }

func (x *http2Client) soil() { x.serverConn.h.soil(x.serverConn) }

func (x *http2Client) flush(cmds []layer.Command) []layer.Command {
	if x.wakeup == nil && x.pingEvery > 0 && !x.out.closes {
		x.wakeup = &layer.RequestWakeup{After: x.pingEvery - x.idleFor()}
		cmds = append(cmds, x.wakeup)
	}
	return x.http2Conn.flush(cmds)
}

// idleFor is how long nothing has come or gone, or how long ago that was pinged about.
func (x *http2Client) idleFor() time.Duration {
	return max(0, min(x.serverConn.h.ctx.Now().Sub(x.active), x.pingEvery))
}

// keepAlive sends a PING if the connection has been idle for long enough.
func (x *http2Client) keepAlive() {
	x.wakeup = nil
	if x.out.closes || x.idleFor()+time.Second <= x.pingEvery {
		return
	}
	x.active = x.serverConn.h.ctx.Now()
	b := x.out.room(headRoom)
	b.B = h2.AppendPing(b.B, false, [8]byte{'0', '0', '0', '0', '0', '0', '0', '0'})
}

func (x *http2Client) setting(s http2.Setting) error {
	switch s.ID {
	case http2.SettingMaxConcurrentStreams:
		x.limited, x.maxStreams = true, int(min(s.Val, http2MaxStreams))
	case http2.SettingEnablePush:
		if s.Val != 0 { // RFC 9113 §6.5.2
			return h2.Errorf(http2.ErrCodeProtocol, "the server allows us to push")
		}
	case http2.SettingEnableConnectProtocol:
		if x.connects = s.Val == 1; x.connects {
			x.serverConn.h.allowConnect()
		}
	}
	return nil
}

// settled lets more streams be opened if the server's first settings do not say how many.
func (x *http2Client) settled() {
	if !x.limited {
		x.maxStreams = http2MaxStreams
	}
}

// unknown handles a field section of a stream that we have not opened, or that is over.
func (x *http2Client) unknown(id uint32, _ []hpack.HeaderField, _ bool) {
	if x.unopened(id) {
		x.fail(http2.ErrCodeProtocol, "the server opens a stream")
	} else if err := x.idleTalk(1, "HEADERS frames on closed streams"); err != nil {
		x.failed(err)
	}
}

func (x *http2Client) headers(s *http2Stream, fields []hpack.HeaderField, end bool) {
	if s.headCame {
		x.trailers(s, fields, end)
		return
	}
	r, err := x.parser.Response(fields)
	if err == nil && r.Status >= 200 {
		err = x.announced(s, r, end)
	}
	if err != nil {
		x.streamError(s.id, http2.ErrCodeProtocol, "Invalid HTTP/2 response headers: "+err.Error())
		return
	}
	r.Start = x.serverConn.h.ctx.Now()
	st := s.st
	if r.Status < 200 {
		x.info(s, r, end)
		return
	}
	s.headCame, s.secret = true, secrets(fields)
	if end {
		x.endRemote(s)
	}
	if st != nil {
		x.emit(st, httpEvent{kind: responseHead, response: r, end: end, valid: !x.parser.Lax})
	}
}

// announced finds out how long the content will be. Where there is none, whatever the fields say, none may come (RFC 9110 §6.4.1).
func (x *http2Client) announced(s *http2Stream, r *flow.Response, end bool) (err error) {
	if s.noBody || r.Status == 204 || r.Status == 304 {
		s.length = 0
		return nil
	}
	if s.length, err = h2.ContentLength(r.Headers); err == nil && end && s.length > 0 {
		err = fmt.Errorf("content-length %d without content", s.length)
	}
	return err
}

// info passes a response on that is not the final one (RFC 9113 §8.1).
func (x *http2Client) info(s *http2Stream, r *flow.Response, end bool) {
	if s.interim++; end || s.interim > maxInterim {
		x.streamError(s.id, http2.ErrCodeProtocol, "an interim response that ends the stream, or too many of them")
		return
	}
	if s.st != nil {
		x.emit(s.st, httpEvent{kind: responseInfo, response: r})
	}
}

func (x *http2Client) trailers(s *http2Stream, fields []hpack.HeaderField, end bool) {
	trailers, err := x.parser.Trailers(fields)
	switch {
	case !end:
		x.streamError(s.id, http2.ErrCodeProtocol, "unexpected HTTP/2 response")
	case err != nil:
		x.streamError(s.id, http2.ErrCodeProtocol, "Invalid HTTP/2 trailers: "+err.Error())
	case s.length >= 0 && s.got != s.length:
		x.streamError(s.id, http2.ErrCodeProtocol, "the body is not as long as its content-length says")
	default:
		x.ended(s, trailers)
	}
}

// ended handles the end of a response that comes with trailers.
func (x *http2Client) ended(s *http2Stream, trailers flow.Headers) {
	st := s.st
	x.endRemote(s)
	switch {
	case st == nil:
	case s.piped:
		x.through(st, nil, true)
	default:
		x.emit(st, httpEvent{kind: responseEnd, trailers: trailers})
	}
}

func (x *http2Client) data(s *http2Stream, p []byte, size int, end bool) {
	if !s.headCame {
		x.streamError(s.id, http2.ErrCodeProtocol, "DATA before the response's head")
		return
	}
	x.http2Conn.consumed(s, size-len(p)) // padding
	st := s.st
	if end {
		x.endRemote(s)
	}
	switch {
	case st == nil:
		x.http2Conn.consumed(s, len(p))
	case s.piped:
		x.through(st, p, end)
	case len(p) > 0:
		x.emit(st, httpEvent{kind: responseData, data: p, end: end})
	case end:
		x.emit(st, httpEvent{kind: responseEnd})
	}
}

// through passes bytes on to what is inside a stream.
func (x *http2Client) through(st *HTTPStream, p []byte, end bool) {
	if len(p) > 0 {
		x.serverConn.h.deliver(st, &httpEvent{kind: responseData, data: p})
	}
	if end {
		x.serverConn.h.deliver(st, &httpEvent{kind: responseEnd})
	}
}

func (x *http2Client) reset(s *http2Stream, code http2.ErrCode) {
	c := genericServerError
	switch code {
	case http2.ErrCodeCancel:
		c = cancelStream
	case http2.ErrCodeHTTP11Required:
		c = http11Required
	}
	x.abort(s, httpEvent{code: c, text: "stream reset by server (" + h2.CodeName(code) + ")", again: code == http2.ErrCodeRefusedStream})
}

func (x *http2Client) broken(s *http2Stream, text string) {
	x.abort(s, httpEvent{code: genericServerError, text: "HTTP/2 protocol error: " + text})
}

func (x *http2Client) abort(s *http2Stream, ev httpEvent) {
	if s.st != nil {
		ev.kind = responseError
		x.emit(s.st, ev)
	}
}

// lost ends every exchange, for the reason that the connection gives if it knows one.
func (x *http2Client) lost(text string) {
	text = cmp.Or(x.server.Error, text)
	for _, s := range x.inOrder() {
		x.close(s, closedByPeer)
		x.abort(s, httpEvent{code: genericServerError, text: text})
	}
}

// leaving gives up what the server will not do; the rest goes on (RFC 9113 §6.8).
func (x *http2Client) leaving(last uint32, code http2.ErrCode) {
	text := "the server closes the connection (" + h2.CodeName(code) + ")"
	for _, s := range x.inOrder() {
		if s.id > last {
			x.close(s, closedByPeer)
			x.abort(s, httpEvent{code: genericServerError, text: text, again: true})
		}
	}
	if len(x.streams) == 0 {
		x.out.closes = true
	}
}

func (x *http2Client) sent(s *http2Stream, n int) {
	if s.st == nil {
		return
	}
	if !x.behind(s.st) {
		s.st.client.consumed(s.st, n)
		return
	}
	if s.owed == 0 {
		x.owing = append(x.owing, s)
	}
	s.owed += n
}

// drained lets those go on whose content the server has taken now.
func (x *http2Client) drained() {
	owing := x.owing
	x.owing = nil
	for _, s := range owing {
		n := s.owed
		if s.owed = 0; s.st != nil {
			s.st.client.consumed(s.st, n)
		}
	}
}
