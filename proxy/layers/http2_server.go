package layers

import (
	"fmt"
	"slices"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// http2Server is an HTTP/2 connection on which we are the server: the client's.
type http2Server struct {
	http2Conn
	preface int  // bytes of it that have come
	allowed bool // we have said that extended CONNECT is
}

func newHTTP2Server(h *HTTP) *http2Server {
	s := &http2Server{}
	s.init(h, &h.ctx.Client.Conn, s)
	return s
}

// start sends our settings.
func (s *http2Server) start() {
	s.open(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: http2MaxStreams})
}

func (s *http2Server) handle(ev layer.Event) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		if data, ok := s.skipPreface(ev.Data); ok {
			s.receive(data)
		}
	case *layer.ConnectionClosed:
		s.eof("Client disconnected.")
	}
}

// skipPreface takes the client's preface from the front of data (RFC 9113 §3.4).
func (s *http2Server) skipPreface(data []byte) ([]byte, bool) {
	n := min(len(h2.Preface)-s.preface, len(data))
	if n > 0 && !s.dead && string(data[:n]) != h2.Preface[s.preface:s.preface+n] {
		s.fail(http2.ErrCodeProtocol, "the client does not begin with the HTTP/2 preface")
		return nil, false
	}
	s.preface += n
	return data[n:], true
}

func (s *http2Server) pump() bool { return false }

// soil does nothing: the client's output is flushed after each event.
func (s *http2Server) soil() {}

func (s *http2Server) unknown(id uint32, fields []hpack.HeaderField, end bool) {
	switch {
	case id%2 == 0: // RFC 9113 §5.1.1
		s.fail(http2.ErrCodeProtocol, "the client opens a stream with an even number")
		return
	case id <= s.lastID:
		s.stray(id)
		return
	}
	s.lastID = id
	if s.going || len(s.streams) >= http2MaxStreams || len(s.h.streams) >= http2MaxStreams || s.h.crowded() {
		s.streamError(id, http2.ErrCodeRefusedStream, "")
		return
	}
	r, protocol, err := s.parser.Request(fields)
	length := int64(-1)
	if err == nil {
		length, err = h2.ContentLength(r.Headers)
	}
	if err == nil && end && length > 0 {
		err = fmt.Errorf("content-length %d without content", length)
	}
	if err != nil {
		s.malformed(id, r, err)
		return
	}
	s.request(id, r, protocol, length, end, secrets(fields))
}

// request makes a stream for a request.
func (s *http2Server) request(id uint32, r *flow.Request, protocol string, length int64, end bool, secret []string) {
	r.Start = s.h.ctx.Now()
	hs := s.newStream(id, end)
	hs.length, hs.headCame, hs.secret = length, true, secret
	st := s.h.newStream(s)
	st.onClient, st.protocol, hs.st = hs, protocol, st
	// The content of CONNECT belongs to the tunnel (RFC 9113 §8.5).
	tunnel := r.Method == "CONNECT"
	s.emit(st, httpEvent{kind: requestHead, request: r, end: end || tunnel, valid: !s.parser.Lax})
}

// stray handles a field section on a stream that has been closed.
func (s *http2Server) stray(id uint32) {
	switch s.recent.was(id) {
	case closedByUs: // on its way when we reset the stream
		if err := s.idleTalk(1, "HEADERS frames on closed streams"); err != nil {
			s.failed(err)
		}
	case closedByEnd, closedByPeer:
		s.fail(http2.ErrCodeStreamClosed, "HEADERS on a stream that is closed")
	default: // RFC 9113 §5.1.1
		s.fail(http2.ErrCodeProtocol, "the number of a new stream is lower than that of an older one")
	}
}

// malformed resets a stream whose request cannot be read, and shows what could be read of it (RFC 9113 §8.1.1).
func (s *http2Server) malformed(id uint32, r *flow.Request, err error) {
	s.streamError(id, http2.ErrCodeProtocol, "")
	s.recent.add(id, closedByUs)
	if r == nil || s.dead {
		return
	}
	r.Start = s.h.ctx.Now()
	st := s.h.newStream(s)
	st.onClient = &http2Stream{id: id, closed: true}
	s.emit(st, httpEvent{kind: requestBad, request: r, code: genericClientError,
		text: "Invalid HTTP/2 request headers: " + err.Error()})
}

// secrets returns the names of the fields that must not be put into a table (RFC 7541 §7.1.3).
func secrets(fields []hpack.HeaderField) (names []string) {
	for i := range fields {
		if fields[i].Sensitive {
			names = append(names, fields[i].Name)
		}
	}
	return names
}

// headers handles trailers.
func (s *http2Server) headers(hs *http2Stream, fields []hpack.HeaderField, end bool) {
	trailers, err := s.parser.Trailers(fields)
	switch {
	case !end: // RFC 9113 §8.1
		s.streamError(hs.id, http2.ErrCodeProtocol, "a second field section that does not end the stream")
	case err != nil:
		s.streamError(hs.id, http2.ErrCodeProtocol, "Invalid HTTP/2 trailers: "+err.Error())
	case hs.length >= 0 && hs.got != hs.length:
		s.streamError(hs.id, http2.ErrCodeProtocol, "the body is not as long as its content-length says")
	default:
		s.ended(hs, trailers)
	}
}

func (s *http2Server) data(hs *http2Stream, p []byte, size int, end bool) {
	s.http2Conn.consumed(hs, size-len(p)) // padding
	st := hs.st
	if end {
		s.endRemote(hs)
	}
	switch {
	case st == nil:
		s.http2Conn.consumed(hs, len(p))
	case hs.piped:
		s.through(st, p, end)
	case len(p) > 0:
		s.emit(st, httpEvent{kind: requestData, data: p, end: end})
	case end:
		s.emit(st, httpEvent{kind: requestEnd})
	}
}

// through passes bytes on to what is inside a stream.
func (s *http2Server) through(st *HTTPStream, p []byte, end bool) {
	if len(p) > 0 {
		s.h.deliver(st, &httpEvent{kind: requestData, data: p})
	}
	if end {
		s.h.deliver(st, &httpEvent{kind: requestEnd})
	}
}

// ended handles the end of a request that comes with trailers.
func (s *http2Server) ended(hs *http2Stream, trailers flow.Headers) {
	st := hs.st
	s.endRemote(hs)
	switch {
	case st == nil:
	case hs.piped:
		s.through(st, nil, true)
	default:
		s.emit(st, httpEvent{kind: requestEnd, trailers: trailers})
	}
}

func (s *http2Server) reset(hs *http2Stream, code http2.ErrCode) {
	c := genericClientError
	switch code {
	case http2.ErrCodeCancel:
		c = cancelStream
	case http2.ErrCodeHTTP11Required:
		c = http11Required
	}
	s.abort(hs, c, "stream reset by client ("+h2.CodeName(code)+")")
}

func (s *http2Server) broken(hs *http2Stream, text string) {
	s.abort(hs, genericClientError, "HTTP/2 protocol error: "+text)
}

// abort ends the exchange of a stream that is closed.
func (s *http2Server) abort(hs *http2Stream, code errorCode, text string) {
	st := hs.st
	if st == nil {
		return
	}
	s.emit(st, httpEvent{kind: requestError, code: code, text: text})
	s.h.giveUp(st, text)
	if st.child != nil {
		st.leave()
	}
}

func (s *http2Server) lost(text string) {
	for _, hs := range s.inOrder() {
		s.close(hs, closedByPeer)
		s.abort(hs, clientDisconnected, text)
	}
}

// leaving closes the connection when its last stream has ended.
func (s *http2Server) leaving(uint32, http2.ErrCode) {
	if len(s.streams) == 0 {
		s.out.closes = true
	}
}

func (s *http2Server) setting(http2.Setting) error { return nil }

func (s *http2Server) settled() {}

func (s *http2Server) sent(hs *http2Stream, n int) {
	st := hs.st
	switch {
	case st == nil:
	case hs.piped:
		st.taken()
	case st.server != nil:
		st.server.consumed(st, n)
	}
}

// inOrder returns the streams by their numbers.
func (c *http2Conn) inOrder() []*http2Stream {
	all := make([]*http2Stream, 0, len(c.streams))
	for _, s := range c.streams {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *http2Stream) int { return int(a.id) - int(b.id) })
	return all
}
