package h2

import (
	"slices"
	"strconv"
	"strings"

	"sluice/proxy/flow"
)

// shortCookie is the size in bytes under which a cookie could be guessed from how well it is compressed (RFC 7541 §7.1.3).
const shortCookie = 20

// Request compresses the head of a request of any version for an HTTP/2 server.
// The fields that are named in secret, and credentials, are never put into a table. What belongs to the connection that the
// request came on is left out. The section is lent until the next call of a method.
func (e *Encoder) Request(r *flow.Request, protocol string, secret []string) []byte {
	e.begin()
	e.field(":method", r.Method, false)
	authority, rest := r.Authority, r.Headers
	plain := !strings.HasPrefix(r.Version, "HTTP/2")
	if plain && rest.Has("host") {
		if authority == "" {
			authority = rest.Get("host")
		}
		rest = rest.Del("host")
	}
	if r.Method != "CONNECT" || protocol != "" {
		e.field(":scheme", r.Scheme, false)
		e.field(":path", pathOf(r), false)
	}
	if authority != "" {
		e.field(":authority", authority, false)
	}
	if protocol != "" {
		e.field(":protocol", protocol, false)
	}
	e.headers(rest, secret, !plain)
	return e.buf
}

func pathOf(r *flow.Request) string {
	if r.Path == "" {
		return "/"
	}
	return r.Path
}

// Response compresses the head of a response of any version for an HTTP/2 client, as Request does that of a request.
func (e *Encoder) Response(r *flow.Response, secret []string) []byte {
	e.begin()
	e.field(":status", strconv.Itoa(r.Status), false)
	e.headers(r.Headers, secret, strings.HasPrefix(r.Version, "HTTP/2"))
	return e.buf
}

// Trailers compresses a trailer section.
func (e *Encoder) Trailers(h flow.Headers, secret []string) []byte {
	e.begin()
	e.headers(h, secret, false)
	return e.buf
}

// headers writes fields. native: they are those of a message that is HTTP/2 already.
func (e *Encoder) headers(h flow.Headers, secret []string, native bool) {
	drop := nominated(h)
	for i := range h {
		name, value := lower(h[i].Name), h[i].Value
		if name == "" || name[0] == ':' || connectionSpecific(name) || slices.Contains(drop, name) {
			continue
		}
		if name == "te" && !strings.EqualFold(value, "trailers") {
			continue
		}
		hidden := isSecret(name, value) || slices.Contains(secret, name)
		if native && name != h[i].Name {
			name = e.cased(h[i].Name, name)
		}
		e.field(name, value, hidden)
	}
}

// cased returns which of a name and its lower case is written.
func (e *Encoder) cased(name, lower string) string {
	if e.KeepCase {
		return name
	}
	e.Lowered = append(e.Lowered, name)
	return lower
}

func isSecret(name, value string) bool {
	switch name {
	case "authorization", "proxy-authorization":
		return true
	case "cookie":
		return len(value) < shortCookie
	}
	return false
}

// ToHTTP1Request returns a request that came over HTTP/2 as an HTTP/1 server gets
// it: with a Host field, one Cookie field, and in chunks where a body follows whose length is not said. r stays as it is.
func ToHTTP1Request(r *flow.Request, body bool) *flow.Request {
	c := *r
	c.Version, c.Authority = "HTTP/1.1", ""
	h := make(flow.Headers, 0, len(r.Headers)+2)
	if !r.Headers.Has("host") && r.Authority != "" {
		h = append(h, flow.Header{Name: "Host", Value: r.Authority})
	}
	joined := false
	for _, f := range r.Headers {
		switch name := lower(f.Name); {
		case connectionSpecific(name):
		case name == "cookie" && joined: // RFC 9113 §8.2.3
		case name == "cookie":
			joined = true
			h = append(h, flow.Header{Name: f.Name, Value: strings.Join(r.Headers.Values("cookie"), "; ")})
		default:
			h = append(h, f)
		}
	}
	if body && !h.Has("content-length") {
		h = append(h, flow.Header{Name: "Transfer-Encoding", Value: "chunked"})
	}
	c.Headers = h
	return &c
}

// ToHTTP1Response returns a response that came over HTTP/2 as an HTTP/1.1 client
// gets it; chunked: a body follows whose length is not said, in chunks. r stays as it is.
func ToHTTP1Response(r *flow.Response, chunked bool) *flow.Response {
	c := *r
	c.Version, c.Reason = "HTTP/1.1", Reason(r.Status)
	h := make(flow.Headers, 0, len(r.Headers)+1)
	for _, f := range r.Headers {
		if !connectionSpecific(lower(f.Name)) {
			h = append(h, f)
		}
	}
	if chunked {
		h = append(h, flow.Header{Name: "Transfer-Encoding", Value: "chunked"})
	}
	c.Headers = h
	return &c
}
