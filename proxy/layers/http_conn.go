package layers

import (
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A clientConn is the client's connection in the version of HTTP that it speaks.
type clientConn interface {
	clientSide
	handle(ev layer.Event)
	// pump reads on in what was kept, and reports whether there was anything to do.
	pump() bool
	// flush appends the commands that send what has gathered.
	flush(cmds []layer.Command) []layer.Command
}

// A serverSide is where a stream's request goes: a connection to a server in the version of HTTP that it speaks.
// As with a clientSide, calls only queue output.
type serverSide interface {
	endpoint() *flow.Server
	// sendHead begins the request. end: it has neither body nor trailers; sendEnd follows all the same.
	sendHead(st *HTTPStream, r *flow.Request, end bool)
	// sendData queues p, which must stay as it is until the commands of the event have been carried out.
	sendData(st *HTTPStream, p []byte)
	sendEnd(st *HTTPStream, trailers flow.Headers)
	// consumed says that n bytes of the response's body have gone on, or are of no use.
	consumed(st *HTTPStream, n int)
	// pipe makes what follows bytes that pass through the stream.
	pipe(st *HTTPStream)
	sendRaw(st *HTTPStream, p []byte)
	closeRaw(st *HTTPStream, half bool)
	// extended reports whether the server takes an extended CONNECT for a protocol, or what becomes of it (RFC 8441 §3).
	extended(protocol string) bool
	// discard ends the exchange after a response that must not be followed by another.
	discard(st *HTTPStream)
	// release says that the stream is over.
	release(st *HTTPStream)
}

// A serverProtocol is what a serverConn speaks.
type serverProtocol interface {
	serverSide
	// start says that the connection is open.
	start()
	handle(ev layer.Event)
	// drain reads on in what was kept.
	drain()
	// room reports whether another request can be sent now.
	room() bool
	// shared reports whether requests may wait for room.
	shared() bool
	// reserve keeps room for a stream that will send its request at once.
	reserve(st *HTTPStream)
	flush(cmds []layer.Command) []layer.Command
	// retire closes the connection if it carries nothing, and reports whether it did.
	retire() bool
	// closed reports whether the connection has been closed.
	closed() bool
}

// connPhase is how far a server connection is.
type connPhase uint8

const (
	connOpening connPhase = iota
	connReady
	connFailed
)

// A serverConn is a connection to a server. It is the innermost layer of its
// connection, and top is the outermost. What it speaks is known when it has been opened.
type serverConn struct {
	serverProtocol // nil until then

	h       *HTTP
	key     connKey
	server  *flow.Server
	outer   *flow.Server // the connection to the upstream proxy; nil if there is none
	tls     *ServerTLS   // nil: none was made for it
	top     layer.Layer
	waiters []*getConn
	opening *layer.OpenConnection
	phase   connPhase
	failure string // why it could not be opened
	dirty   bool   // has output
}

// Handle is told what happens on the connection.
func (c *serverConn) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	switch ev := ev.(type) {
	case layer.Start:
		if c.server.State != flow.Open {
			c.opening = &layer.OpenConnection{Server: c.server}
			return append(cmds, c.opening)
		}
		c.begin()
	case *layer.OpenCompleted:
		if ev.Cmd != c.opening {
			break
		}
		c.opening = nil
		if ev.Err != nil {
			c.phase, c.failure = connFailed, ev.Err.Error()
			return cmds
		}
		c.begin()
	case flushOutput:
	default:
		if c.phase == connReady {
			c.handle(ev)
		}
	}
	c.dirty = false
	if c.phase != connReady {
		return cmds
	}
	return c.flush(cmds)
}

// begin speaks what TLS has negotiated, or is known without it.
func (c *serverConn) begin() {
	c.phase = connReady
	if c.server.ALPN == alpnHTTP2 || c.h.prior(c.key) {
		c.serverProtocol = newHTTP2Client(c)
	} else {
		c.serverProtocol = &http1Client{serverConn: c, http1Conn: http1Conn{out: output{ctx: c.h.ctx}}}
	}
	c.start()
}

// wire is the connection that carries this one.
func (c *serverConn) wire() *flow.Conn {
	if c.outer != nil {
		return &c.outer.Conn
	}
	return &c.server.Conn
}

// behind reports whether the server does not take what was sent to it, where a client with many streams must not be
// stopped by that. If so, Drained follows.
func (c *serverConn) behind(st *HTTPStream) bool {
	return st.onClient != nil && c.h.ctx.Behind != nil && c.h.ctx.Behind(c.wire())
}

// idle reports whether the connection can carry a request now.
func (c *serverConn) idle() bool { return c.phase == connReady && c.room() }

// over reports whether the connection is of no more use.
func (c *serverConn) over() bool {
	return c.phase == connFailed || c.phase == connReady && c.closed()
}
