package layers

import (
	"golang.org/x/net/http2"

	"sluice/proxy/flow"
)

func (s *http2Server) sendInfo(st *HTTPStream, r *flow.Response) {
	if hs := st.onClient; hs.writable() && !hs.headSent && r.Status != 101 { // RFC 9113 §8.6
		s.sendFields(hs, s.enc.Response(r, st.serverSecrets()), false)
	}
}

func (s *http2Server) sendHead(st *HTTPStream, r *flow.Response, end bool) {
	hs := st.onClient
	if !hs.writable() || hs.headSent {
		return
	}
	if r.Status == 101 {
		s.http2Conn.reset(hs, http2.ErrCodeHTTP11Required)
		return
	}
	hs.headSent = true
	s.meter.earn(2)
	hs.noBody = st.flow.Request.Method == "HEAD" || r.Status == 204 || r.Status == 304
	s.normalize()
	s.sendFields(hs, s.enc.Response(r, st.serverSecrets()), end || hs.noBody)
	st.tellCase(s.enc.Lowered)
}

func (s *http2Server) sendData(st *HTTPStream, p []byte) {
	if hs := st.onClient; hs.writable() {
		r := st.flow.Response
		s.send(hs, p, !hs.piped && r != nil && !r.Stream && r.Body.Gap() == flow.Whole) // what is recorded is kept
	} else if st.server != nil {
		st.server.consumed(st, len(p))
	}
}

func (s *http2Server) sendEnd(st *HTTPStream, trailers flow.Headers) {
	if hs := st.onClient; hs.writable() {
		s.http2Conn.sendEnd(hs, trailers)
	}
}

func (s *http2Server) sendError(st *HTTPStream, code errorCode, text string) {
	hs := st.onClient
	if !hs.writable() {
		return
	}
	if status := code.status(); status != 0 && !hs.headSent {
		r := errorResponse(status, text)
		s.sendHead(st, r, false)
		s.sendData(st, r.Body.Bytes())
		s.sendEnd(st, nil)
		return
	}
	s.http2Conn.reset(hs, resetCode(code))
}

// resetCode is how a stream is reset for a reason of ours.
func resetCode(code errorCode) http2.ErrCode {
	switch code {
	case cancelStream, clientDisconnected, passthroughClose:
		return http2.ErrCodeCancel
	case http11Required:
		return http2.ErrCodeHTTP11Required
	}
	return http2.ErrCodeInternal
}

func (s *http2Server) consumed(st *HTTPStream, n int) {
	if st != nil && st.onClient != nil {
		s.http2Conn.consumed(st.onClient, n)
	}
}

// pipe makes what follows bytes that pass through the stream.
func (s *http2Server) pipe(st *HTTPStream) { st.onClient.piped = true }

func (s *http2Server) release(st *HTTPStream) {
	hs := st.onClient
	if hs == nil || hs.st != st {
		return
	}
	hs.st = nil
	switch {
	case hs.closed:
	case hs.localEnd: // RFC 9113 §8.1: the rest of the request is of no interest
		s.http2Conn.reset(hs, http2.ErrCodeNo)
	case !hs.endQueued:
		s.http2Conn.reset(hs, http2.ErrCodeCancel)
	default:
		s.http2Conn.consumed(hs, hs.held)
	}
}
