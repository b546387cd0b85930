package layers

import (
	"bytes"
	"fmt"
	"log/slog"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/http1"
)

// http1Server is an HTTP/1 connection on which we are the server: the client's.
// Requests are taken one at a time; what comes ahead waits in its buffer.
type http1Server struct {
	h    *HTTP
	conn *flow.Conn
	http1Conn

	stream         *HTTPStream
	request        *flow.Request  // as it came
	response       *flow.Response // as it was sent; nil until then
	chunked, lasts bool           // how the response is framed; lasts: until the connection closes
	bare           bool           // the response has no body: what would be one would be taken for the next response
	requestDone    bool
	responseDone   bool
	more           bool // in may be read on
}

func (s *http1Server) handle(ev layer.Event) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		s.more = false
		if !s.take(ev.Data, s) {
			s.h.log(slog.LevelWarn, "client sent more than 64 KiB ahead of a response: closing the connection")
			s.abort(clientDisconnected, "client sent too much ahead of a response")
		}
	case *layer.ConnectionClosed:
		s.eof()
	}
}

// pump reads on in what was kept.
func (s *http1Server) pump() bool {
	if !s.more {
		return false
	}
	s.more = false
	s.readKept(s)
	return true
}

func (s *http1Server) flush(cmds []layer.Command) []layer.Command { return s.flushTo(s.conn, cmds) }

func (s *http1Server) step(b []byte) int {
	switch s.state {
	case readHead:
		return s.head(b)
	case readBody:
		return s.data(b)
	case readPipe:
		s.h.deliver(s.stream, &layer.DataReceived{Conn: s.conn, Data: b})
		return len(b)
	case readEnded:
		return len(b)
	}
	return 0
}

func (s *http1Server) head(b []byte) int {
	if s.first.IsZero() {
		s.first = s.h.ctx.Now()
	}
	r, n, err := s.scan.Request(b, http1.Limits{Head: s.h.ctx.Options().HeadLimit})
	if n == 0 && err == nil {
		return 0
	}
	plain := s.scan.Plain()
	s.scan = http1.Scanner{}
	if err != nil {
		s.bad(r, err)
		return len(b)
	}
	framing, err := http1.RequestFraming(r)
	if err != nil {
		s.bad(r, err)
		return len(b)
	}
	r.Start, s.first = s.first, time.Time{}
	s.request, s.response = r, nil
	s.stream = s.h.newStream(s)
	// RFC 9110 §9.3.6: CONNECT has no content, what follows belongs to the tunnel.
	end := framing.Kind == http1.None || r.Method == "CONNECT"
	if s.state, s.requestDone, s.responseDone = readBody, end, false; end {
		s.state = readNothing
	} else {
		s.body = http1.NewBodyReader(framing, 0)
	}
	s.emit(s.stream, httpEvent{kind: requestHead, request: r, end: end, valid: plain})
	return n
}

// bad answers what cannot be read as a request, and shows it if anything of it could.
func (s *http1Server) bad(r *flow.Request, err error) {
	s.page(400, err.Error())
	s.close()
	if r == nil || r.Method == "" {
		s.h.log(slog.LevelInfo, err.Error())
		return
	}
	r.Start, s.first = s.first, time.Time{}
	s.request, s.response = r, nil
	s.stream = s.h.newStream(s)
	s.emit(s.stream, httpEvent{kind: requestBad, request: r, code: genericClientError, text: err.Error()})
}

func (s *http1Server) data(b []byte) int {
	data, n, done, err := s.body.Next(b)
	if err != nil {
		text := "HTTP/1 protocol error: " + err.Error()
		if s.response == nil {
			s.page(400, text)
		}
		s.abort(genericClientError, text)
		return len(b)
	}
	st := s.stream
	var trailers flow.Headers
	if done {
		s.state, s.requestDone = readNothing, true
		trailers = s.body.Trailers()
	}
	if len(data) > 0 {
		s.inflow.came(s.h, s.conn, len(data))
		s.emit(st, httpEvent{kind: requestData, data: data, end: done && trailers == nil})
	}
	if done && (len(data) == 0 || trailers != nil) {
		s.emit(st, httpEvent{kind: requestEnd, trailers: trailers})
	}
	return n
}

func (s *http1Server) emit(st *HTTPStream, ev httpEvent) {
	s.ev = ev
	s.h.deliver(st, &s.ev)
	s.ev = httpEvent{}
}

// abort closes the connection because of what the client did.
func (s *http1Server) abort(code errorCode, text string) {
	s.close()
	st := s.stream
	s.emit(st, httpEvent{kind: requestError, code: code, text: text})
	s.h.giveUp(st, text)
}

// eof is told that the client will send no more. An end in the middle of an
// exchange counts as its loss of interest.
func (s *http1Server) eof() {
	switch s.state {
	case readHead:
		if rest := bytes.TrimSpace(s.in); len(rest) > 0 {
			s.h.log(slog.LevelInfo, fmt.Sprintf("client closed the connection inside a request: %.100q", rest))
		}
		s.close()
	case readBody:
		text := "Client disconnected."
		if err := s.body.EOF(); err != nil {
			text = "HTTP/1 protocol error: " + err.Error()
		}
		s.abort(genericClientError, text)
	case readNothing:
		s.abort(clientDisconnected, "Client disconnected.")
	default:
		s.close()
	}
}
