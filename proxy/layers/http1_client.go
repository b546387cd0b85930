package layers

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/http1"
)

// http1Client is an HTTP/1 connection on which we are the client: a server's. It carries one exchange at a time.
type http1Client struct {
	*serverConn
	http1Conn

	interim      int         // how many 1xx responses have come to the request
	stream       *HTTPStream // nil: idle
	request      *flow.Request
	response     *flow.Response
	challenge    string // that an extended CONNECT has become; "": there was none
	chunked      bool   // the request's framing
	owed         int    // bytes of the request that the server has not taken yet
	lasts        bool   // the response lasts until the connection closes
	multiplexed  bool   // the client speaks HTTP/2
	requestDone  bool
	responseDone bool
	gone         bool // the server has closed after its 101
}

// maxInterim is how many 1xx responses may come before the final one.
const maxInterim = 100

func (c *http1Client) start() {}

func (c *http1Client) handle(ev layer.Event) {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		if !c.take(ev.Data, c) {
			c.abort("server sent too much ahead of its turn")
		}
	case *layer.ConnectionClosed:
		c.eof()
	case *layer.Drained:
		switch n := c.owed; {
		case c.state == readPipe:
			c.stream.drained()
		case n > 0 && c.stream != nil:
			c.owed = 0
			c.stream.client.consumed(c.stream, n)
		}
	}
}

func (c *http1Client) flush(cmds []layer.Command) []layer.Command {
	return c.flushTo(&c.server.Conn, cmds)
}

func (c *http1Client) endpoint() *flow.Server { return c.server }

func (c *http1Client) extended(protocol string) bool { return upgradesTo(protocol) }

func (c *http1Client) closed() bool { return c.out.closed }

func (c *http1Client) shared() bool { return false }

func (c *http1Client) reserve(st *HTTPStream) { c.stream = st }

func (c *http1Client) room() bool {
	return c.stream == nil && !c.out.closes && c.server.State == flow.Open
}

// pump reads on in what was kept.
func (c *http1Client) pump() { c.readKept(c) }

func (c *http1Client) step(b []byte) int {
	switch {
	case c.out.closes:
		return len(b)
	case c.stream == nil:
		c.h.log(slog.LevelInfo, fmt.Sprintf("Unexpected data from server: %.100q", b))
		c.close()
		return len(b)
	case c.state == readHead:
		return c.head(b)
	case c.state == readBody:
		return c.data(b)
	case c.state == readPipe:
		if c.multiplexed {
			c.inflow.came(c.h, c.wire(), len(b))
		}
		c.h.deliver(c.stream, &layer.DataReceived{Conn: &c.server.Conn, Data: b})
		return len(b)
	}
	return 0
}

func (c *http1Client) head(b []byte) int {
	if c.first.IsZero() {
		c.first = c.h.ctx.Now()
	}
	r, n, err := c.scan.Response(b, http1.Limits{Head: c.h.ctx.Options().HeadLimit})
	if n == 0 && err == nil {
		if !startsResponse(b) {
			c.abort(fmt.Sprintf("the server does not speak HTTP/1: %.100q", b))
			return len(b)
		}
		return 0
	}
	plain := c.scan.Plain()
	c.scan = http1.Scanner{}
	var framing http1.Framing
	if err == nil {
		framing, err = http1.ResponseFraming(c.request, r)
	}
	if err != nil {
		c.abort("Cannot parse HTTP response: " + err.Error())
		return len(b)
	}
	r.Start, c.first = c.first, time.Time{}
	if r.Status < 200 && r.Status != 101 { // RFC 9110 §15.2: the final response follows
		if c.interim++; c.interim <= maxInterim {
			c.emit(c.stream, httpEvent{kind: responseInfo, response: r})
			return n
		}
		c.abort(fmt.Sprintf("server sent more than %d interim responses", maxInterim))
		return len(b)
	}
	c.response, c.lasts = r, framing.Kind == http1.UntilEOF
	// With a Content-Length, the framing is all that could still be invalid.
	valid := plain && framing.Kind == http1.Length
	if r, err = c.answerConnect(r); err != nil {
		c.abort(err.Error())
		return len(b)
	}
	return n + c.emitHead(httpEvent{response: r, valid: valid}, framing, b[n:])
}

// startsResponse reports whether b, which is not empty, may be the front of a response (RFC 9112 §4).
func startsResponse(b []byte) bool {
	const version = "HTTP/"
	b = bytes.TrimLeft(b, "\r\n")
	n := min(len(b), len(version))
	return string(b[:n]) == version[:n]
}

// emitHead gives the stream a response's head, with the whole body if that is at the front of rest.
func (c *http1Client) emitHead(ev httpEvent, framing http1.Framing, rest []byte) (used int) {
	st := c.stream
	ev.kind, ev.end = responseHead, framing.Kind == http1.None
	switch {
	case ev.end:
		c.ended()
	case framing.Kind == http1.Length && framing.Length <= int64(len(rest)):
		used = int(framing.Length)
		ev.data, ev.owned = bytes.Clone(rest[:used]), true
		c.ended()
	default:
		c.state, c.body = readBody, http1.NewBodyReader(framing, 0)
	}
	c.emit(st, ev)
	return used
}

func (c *http1Client) data(b []byte) int {
	data, n, done, err := c.body.Next(b)
	if err != nil {
		c.abort("HTTP/1 protocol error: " + err.Error())
		return len(b)
	}
	st := c.stream
	var trailers flow.Headers
	if done {
		trailers = c.body.Trailers()
		c.ended()
	}
	if len(data) > 0 {
		c.inflow.came(c.h, c.wire(), len(data))
		c.emit(st, httpEvent{kind: responseData, data: data, end: done && trailers == nil})
	}
	if done && (len(data) == 0 || trailers != nil) {
		c.emit(st, httpEvent{kind: responseEnd, trailers: trailers})
	}
	return n
}

func (c *http1Client) emit(st *HTTPStream, ev httpEvent) {
	c.ev = ev
	c.h.deliver(st, &c.ev)
	c.ev = httpEvent{}
}

// ended notes that the response is whole.
func (c *http1Client) ended() {
	c.state, c.responseDone = readNothing, true
	c.finish()
}

// abort closes the connection because of what the server did.
func (c *http1Client) abort(text string) {
	st := c.stream
	c.close()
	c.emit(st, httpEvent{kind: responseError, code: genericServerError, text: text})
}

// eof is told that the server will send no more.
func (c *http1Client) eof() {
	switch {
	case c.out.closes:
	case c.stream == nil:
		c.close()
	case c.state == readHead && len(c.in) == 0:
		c.lost()
	case c.state == readHead:
		c.abort(fmt.Sprintf("unexpected server response: %.100q", c.in))
	case c.state == readBody:
		c.eofInBody()
	case c.state == readPipe:
		c.h.deliver(c.stream, &layer.ConnectionClosed{Conn: &c.server.Conn})
	case c.isUpgrade():
		c.gone = true // told when bytes pass through
	default:
		c.lost()
	}
}

// lost ends an exchange of which nothing more will come, for the reason that the connection gives if it knows one.
func (c *http1Client) lost() { c.abort(cmp.Or(c.server.Error, "server closed connection")) }

func (c *http1Client) eofInBody() {
	if err := c.body.EOF(); err != nil {
		c.abort("HTTP/1 protocol error: " + err.Error())
		return
	}
	st := c.stream
	c.close()
	c.emit(st, httpEvent{kind: responseEnd})
}
