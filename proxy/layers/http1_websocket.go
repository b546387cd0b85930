package layers

import (
	"errors"
	"fmt"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/wire/ws"
)

// A client that speaks HTTP/2 opens a WebSocket with an extended CONNECT (RFC 8441 §5). A server that speaks HTTP/1 is asked for an
// upgrade instead (RFC 6455 §4.1), and its 101 becomes the 200 that the client waits for.

// upgradesTo reports whether an HTTP/1 server can be asked for what follows an extended CONNECT.
func upgradesTo(protocol string) bool { return protocol == "websocket" }

// askUpgrade makes of an extended CONNECT, which is ours, a request for an upgrade. Its key is of our making, for the client has none.
func (c *http1Client) askUpgrade(r *flow.Request) {
	c.challenge, c.requestDone = ws.NewChallenge(), true
	r.Method = "GET"
	h := r.Headers.Del("Sec-WebSocket-Key")
	r.Headers = append(h,
		flow.Header{Name: "Connection", Value: "Upgrade"},
		flow.Header{Name: "Upgrade", Value: "websocket"},
		flow.Header{Name: "Sec-WebSocket-Key", Value: c.challenge})
}

// answerConnect returns what a response is for the client: after askUpgrade, that to an extended CONNECT. One that agrees to
// nothing is passed on as it is, unless the client would take it for consent.
func (c *http1Client) answerConnect(r *flow.Response) (*flow.Response, error) {
	switch {
	case c.challenge == "":
		return r, nil
	case r.Status/100 == 2:
		return nil, fmt.Errorf("the server answered the opening of a WebSocket with %d, where 101 says yes", r.Status)
	case r.Status != 101:
		return r, nil
	case !strings.EqualFold(strings.TrimSpace(r.Headers.Get("Upgrade")), "websocket"),
		strings.TrimSpace(r.Headers.Get("Sec-WebSocket-Accept")) != ws.Accept(c.challenge): // RFC 6455 §4.1
		return nil, errors.New("the server answered the opening of a WebSocket with another protocol, or the wrong Sec-WebSocket-Accept")
	}
	yes := *r
	yes.Status, yes.Reason = 200, "OK"
	yes.Headers = r.Headers.Del("Upgrade").Del("Connection").Del("Sec-WebSocket-Accept")
	return &yes, nil
}

// serverBehind reports whether the server of a stream that has been upgraded does not take what was sent to it. When it has, the stream is told.
func (st *HTTPStream) serverBehind() bool {
	if c, ok := st.server.(*http1Client); ok {
		return c.behind(st)
	}
	return st.onServer != nil && st.onServer.queued > 0
}
