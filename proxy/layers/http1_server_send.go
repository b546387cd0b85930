package layers

import (
	"bytes"

	"sluice/proxy/flow"
	"sluice/proxy/wire/h2"
	"sluice/proxy/wire/http1"
)

// close ends the connection once its output is out.
func (s *http1Server) close() {
	s.state, s.in, s.out.closes = readEnded, nil, true
}

func (s *http1Server) page(status int, text string) {
	b := s.out.room(headRoom)
	if s.request != nil && s.request.Method == "HEAD" { // RFC 9110 §9.3.2
		b.B = http1.AppendResponse(b.B, errorResponse(status, text))
		return
	}
	b.B = appendErrorPage(b.B, status, text)
}

func (s *http1Server) writeHead(r *flow.Response) {
	b := s.out.room(headRoom)
	b.B = http1.AppendResponse(b.B, r)
}

func (s *http1Server) sendInfo(st *HTTPStream, r *flow.Response) {
	// RFC 9110 §15.2: not to an HTTP/1.0 client.
	if s.stream == st && s.response == nil && s.request.Version != "HTTP/1.0" {
		if isHTTP2(r.Version) {
			r = h2.ToHTTP1Response(r, false)
		}
		s.writeHead(r)
	}
}

func (s *http1Server) sendHead(st *HTTPStream, r *flow.Response, _ bool) {
	if s.stream != st || s.response != nil {
		return
	}
	s.response = r
	f, err := http1.ResponseFraming(s.request, r)
	s.bare = f.Kind == http1.None && err == nil
	s.chunked = f.Kind == http1.Chunked || err != nil && chunkFramed(r.Headers)
	s.lasts = f.Kind == http1.UntilEOF || err != nil && !s.chunked
	if isHTTP2(r.Version) {
		r = s.translate(r)
	}
	s.writeHead(r)
}

// translate makes an HTTP/1 response of one that came over HTTP/2. A body without a length goes in chunks to those who know them.
func (s *http1Server) translate(r *flow.Response) *flow.Response {
	if s.lasts && s.request.Version == "HTTP/1.1" {
		s.lasts, s.chunked = false, true
	}
	return h2.ToHTTP1Response(r, s.chunked)
}

func (s *http1Server) consumed(st *HTTPStream, n int) {
	if s.stream == st {
		s.inflow.went(s.h, n)
	}
}

func (s *http1Server) sendData(st *HTTPStream, p []byte) {
	if st.server != nil {
		st.server.consumed(st, len(p))
	}
	switch {
	case s.stream != st || s.out.closes || s.bare:
	case s.chunked:
		b := s.out.room(len(p) + chunkOverhead)
		b.B = http1.AppendChunk(b.B, p)
	default:
		s.out.write(p)
	}
}

func (s *http1Server) sendEnd(st *HTTPStream, trailers flow.Headers) {
	if s.stream != st || s.out.closes {
		return
	}
	if s.chunked {
		b := s.out.room(lastChunkRoom)
		b.B = http1.AppendLastChunk(b.B, trailers)
	}
	s.responseDone = true
}

func (s *http1Server) sendError(st *HTTPStream, code errorCode, text string) {
	if s.stream != st || s.out.closes {
		return
	}
	if status := code.status(); status != 0 && s.response == nil {
		s.page(status, text)
	}
	s.close()
}

func (s *http1Server) pipe(st *HTTPStream) {
	if s.stream != st || s.out.closes {
		return
	}
	s.state, s.more = readPipe, true
	if s.request.Method == "CONNECT" {
		s.in = bytes.TrimLeft(s.in, "\r\n")
	}
}

// release goes on to the next request, or closes where the messages ask for it or the exchange broke off (RFC 9112 §9.6).
func (s *http1Server) release(st *HTTPStream) {
	if s.stream != st {
		return
	}
	s.stream = nil
	s.inflow.went(s.h, s.inflow.ahead)
	if s.out.closes {
		return
	}
	if !s.requestDone || !s.responseDone || s.lasts ||
		!http1.KeepAlive(s.request.Version, s.request.Headers) ||
		!http1.KeepAlive(s.response.Version, s.response.Headers) {
		s.close()
		return
	}
	s.state, s.request, s.response, s.more = readHead, nil, nil, true
}
