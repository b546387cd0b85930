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

// maxAhead bounds what a peer may send beyond the exchange that is under way, in bytes.
const maxAhead = 64 << 10

// http1State is what an HTTP/1 connection reads next.
type http1State uint8

const (
	readHead http1State = iota
	readBody
	readNothing // the message is whole, the exchange is not over
	readPipe    // bytes pass through the stream
	readEnded   // what still comes is dropped
)

// http1Server is an HTTP/1 connection on which we are the server: the client's.
// Requests are taken one at a time; what comes ahead waits in its buffer.
type http1Server struct {
	h     *HTTP
	conn  *flow.Conn
	state http1State
	in    []byte // not used yet; nil if empty
	kept  leftover
	out   output
	scan  http1.Scanner
	body  http1.BodyReader
	ev    httpEvent
	first time.Time // when the first byte of the head came

	stream         *HTTPStream
	request        *flow.Request  // as it came
	response       *flow.Response // as it was sent; nil until then
	chunked, lasts bool           // how the response is framed; lasts: until the connection closes
	bare           bool           // the response has no body: what would be one would be taken for the next response
	requestDone    bool
	responseDone   bool
	inflow         throttle
	more           bool // in may be read on
}

func (s *http1Server) handle(ev layer.Event) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		s.receive(ev.Data)
	case *layer.ConnectionClosed:
		s.eof()
	}
}

// receive reads data, which is lent, and keeps what cannot be used yet.
func (s *http1Server) receive(data []byte) {
	if len(s.in) > 0 {
		s.in = append(s.in, data...)
		s.read()
	} else if n := s.consume(data); n < len(data) {
		s.in = append(s.in, data[n:]...)
	}
	if s.state == readNothing && len(s.in) > maxAhead {
		s.h.log(slog.LevelWarn, "client sent more than 64 KiB ahead of a response: closing the connection")
		s.abort(clientDisconnected, "client sent too much ahead of a response")
	}
}

// pump reads on in what was kept.
func (s *http1Server) pump() bool {
	if !s.more {
		return false
	}
	s.read()
	return true
}

func (s *http1Server) flush(cmds []layer.Command) []layer.Command {
	s.kept.is(s.h.ctx, cap(s.in))
	return s.out.flush(s.conn, cmds)
}

func (s *http1Server) read() {
	s.more = false
	b := s.in
	if b = b[s.consume(b):]; len(b) == 0 || s.out.closes {
		b = nil
	}
	s.in = b
}

func (s *http1Server) consume(b []byte) (used int) {
	for used < len(b) {
		n := s.step(b[used:])
		if n == 0 {
			break
		}
		used += n
	}
	return used
}

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
