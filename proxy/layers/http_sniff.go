package layers

import (
	"strings"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// alpnHTTP2 names HTTP/2 over TLS (RFC 9113 §3.2).
const alpnHTTP2 = "h2"

func isHTTP2(version string) bool { return strings.HasPrefix(version, "HTTP/2") }

// newClientConn returns the client's connection, which speaks what TLS has negotiated, or what its first bytes say.
func newClientConn(h *HTTP) clientConn {
	switch h.ctx.Client.ALPN {
	case alpnHTTP2:
		s := newHTTP2Server(h)
		s.start()
		return s
	case "":
		return &sniffer{http1Server: newHTTP1Server(h)}
	}
	return newHTTP1Server(h)
}

func newHTTP1Server(h *HTTP) *http1Server {
	return &http1Server{h: h, conn: &h.ctx.Client.Conn, http1Conn: http1Conn{out: output{ctx: h.ctx}}}
}

// A sniffer is a client's connection that has not said yet which version of HTTP it speaks. Who
// knows that we speak HTTP/2 may begin with its preface (RFC 9113 §3.3); until that can be told, a sniffer is as HTTP/1.
type sniffer struct {
	*http1Server
	first    []byte
	greeting []byte // what the server has said meanwhile
}

func (s *sniffer) handle(ev layer.Event) {
	data, ok := ev.(*layer.DataReceived)
	if !ok {
		s.become(s.http1Server)
		s.h.client.handle(ev)
		return
	}
	s.first = append(s.first, data.Data...)
	switch n := min(len(s.first), len(h2.Preface)); {
	case string(s.first[:n]) != h2.Preface[:n]:
		s.become(s.http1Server)
	case n == len(h2.Preface):
		c := newHTTP2Server(s.h)
		c.start()
		s.become(c)
	}
}

// become puts another in the sniffer's place, and gives it what has come.
func (s *sniffer) become(c clientConn) {
	s.h.client = c
	if server := &s.h.ctx.Server.Conn; len(s.greeting) > 0 {
		s.h.routeConn(server, &layer.DataReceived{Conn: server, Data: s.greeting})
	}
	if len(s.first) > 0 {
		c.handle(&layer.DataReceived{Conn: s.conn, Data: s.first})
	}
}
