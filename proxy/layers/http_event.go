package layers

import (
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// httpKind says what an httpEvent is about.
type httpKind uint8

// The events of a stream. Each side's messages are a head, any number of data events and an end, unless an error cuts them short.
const (
	requestHead httpKind = iota
	requestBad           // a request that cannot be parsed or framed; nothing follows
	requestData
	requestEnd
	requestError
	responseHead
	responseInfo // a 1xx response that is not the final one
	responseData
	responseEnd
	responseError
	requestTee  // all that has come of a request so far has been handled, and it is not whole
	responseTee // all that has come of a response so far has been handled, and it is not whole
)

// An httpEvent is one step of a message, the same for every version of HTTP.
type httpEvent struct {
	kind     httpKind
	end      bool // of a head or data event: the message is over, no end event follows
	owned    bool // data belongs to the event
	again    bool // of an error: the server has done nothing, so the request may be repeated
	valid    bool // of a head: it is known to be valid
	code     errorCode
	data     []byte // lent unless owned; of a response's head: all of its body, owned
	text     string
	request  *flow.Request
	replay   *flow.Flow // of a request head: the flow that the request belongs to already
	response *flow.Response
	trailers flow.Headers
}

// Event marks an event.
func (*httpEvent) Event() {}

// Keep returns a copy that owns its data.
func (e *httpEvent) Keep() layer.Event {
	k := *e
	if !k.owned {
		k.data, k.owned = append([]byte(nil), e.data...), true
	}
	return &k
}

// Size returns how many bytes of content the event brings.
func (e *httpEvent) Size() int { return len(e.data) }

// maxJoined is how many bytes events that are joined may bring.
const maxJoined = 64 << 10

// Join takes over the content that an event brings which is of the same message.
func (e *httpEvent) Join(next layer.Event) bool {
	n, ok := next.(*httpEvent)
	if !ok || !e.owned || e.end || n.kind != e.kind || e.kind != requestData && e.kind != responseData || len(e.data)+len(n.data) > maxJoined {
		return false
	}
	e.data, e.end = append(e.data, n.data...), n.end
	return true
}

// ends reports whether the event is the last one of its message.
func (e *httpEvent) ends() bool { return e.end || e.kind == requestEnd || e.kind == responseEnd }

// A clientSide is where a stream's responses go: the client connection in the HTTP version it speaks.
// Calls only queue output, which leaves when the event that caused them has been handled.
type clientSide interface {
	sendInfo(st *HTTPStream, r *flow.Response)
	sendHead(st *HTTPStream, r *flow.Response, end bool)
	// sendData queues p, which must stay as it is until the commands of the event have been carried out.
	sendData(st *HTTPStream, p []byte)
	sendEnd(st *HTTPStream, trailers flow.Headers)
	// consumed says that n bytes of the request's body have gone on, or are of no use.
	consumed(st *HTTPStream, n int)
	// sendError ends the exchange, with an error page where the code has one and no head was sent.
	sendError(st *HTTPStream, code errorCode, text string)
	// pipe makes what follows bytes that pass through the stream.
	pipe(st *HTTPStream)
	// release says that the stream is over.
	release(st *HTTPStream)
}

// A getConn asks for a connection to a server. It stays inside the HTTP layer, which answers with gotConn.
type getConn struct {
	key    connKey
	stream *HTTPStream
	tries  int // connections that had no room for it
}

// Command marks a command.
func (*getConn) Command() {}

type gotConn struct {
	cmd  *getConn
	conn *serverConn
	err  string // "" if conn is ready
}

// Event marks an event.
func (*gotConn) Event() {}

// Of returns the command that is answered.
func (g *gotConn) Of() layer.Command { return g.cmd }

// flushOutput makes the innermost layer of a server connection send what streams have queued.
type flushOutput struct{}

// Event marks an event.
func (flushOutput) Event() {}
