package flow

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// HTTPMessage is what requests and responses have in common.
type HTTPMessage struct {
	Version  string // "HTTP/1.1", "HTTP/2.0", ...
	Headers  Headers
	Body     Body
	Trailers Headers
	Start    time.Time // its first byte
	End      time.Time // its last byte; zero while it is coming
	Stream   bool      // forward the body as it comes; set in the headers hook
	Hold     bool      // somebody may change the message: keep it until it is whole; set in the headers hook
}

// A Request is an HTTP request. Host, Port and Scheme say where it goes;
// the Host header and Authority say what it claims.
type Request struct {
	HTTPMessage
	Method    string
	Scheme    string // "http", "https", or "" for CONNECT and origin form
	Authority string // as in an absolute or authority form target, else ""
	Path      string // path and query, as received
	Host      string
	Port      int
}

// A Response is an HTTP response.
type Response struct {
	HTTPMessage
	Status int
	Reason string
}

// URL returns the request's URL by its destination.
func (r *Request) URL() string {
	if r.Method == "CONNECT" {
		return JoinHostPort(r.Host, r.Port)
	}
	return r.Scheme + "://" + hostPort(r.Scheme, r.Host, r.Port) + r.urlPath()
}

// PrettyHost returns the host the client named: of the Host header or :authority, else the destination's.
func (r *Request) PrettyHost() string {
	h, _ := r.claimed()
	return h
}

// PrettyPort returns the port that belongs to PrettyHost.
func (r *Request) PrettyPort() int {
	_, p := r.claimed()
	return p
}

// PrettyURL is URL with the host and port that the client named.
func (r *Request) PrettyURL() string {
	if r.Method == "CONNECT" {
		return r.URL()
	}
	h, p := r.claimed()
	return r.Scheme + "://" + hostPort(r.Scheme, h, p) + r.urlPath()
}

func (r *Request) urlPath() string {
	if r.Path == "*" {
		return ""
	}
	return r.Path
}

func (r *Request) claimed() (string, int) {
	named := r.Authority
	if named == "" {
		named = r.Headers.Get("Host")
	}
	if named == "" {
		return r.Host, r.Port
	}
	h, p, ok := SplitHostPort(named)
	if !ok || h == "" {
		return r.Host, r.Port
	}
	if p == 0 {
		p = DefaultPort(r.Scheme)
	}
	return h, p
}

// SetURL changes destination, scheme and path, and the Host header and Authority where there is one.
func (r *Request) SetURL(s string) error {
	u, err := ParseURL(s)
	if err != nil {
		return err
	}
	r.Scheme, r.Host, r.Port, r.Path = u.Scheme, u.Host, u.Port, u.Path
	r.SetHostHeader(r.HostPort())
	return nil
}

// HostPort returns where the request goes as a Host header says it: without the port that the scheme has anyhow (RFC 9110 §7.2).
func (r *Request) HostPort() string { return hostPort(r.Scheme, r.Host, r.Port) }

// SetHostHeader changes the host that the request claims, where it claims one.
func (r *Request) SetHostHeader(host string) {
	if r.Authority != "" {
		r.Authority = host
	}
	if r.Headers.Has("Host") {
		r.Headers = r.Headers.Set("Host", host)
	}
}

// A URL is an absolute http or https URL in its parts.
type URL struct {
	Scheme string
	Host   string // without brackets
	Port   int
	Path   string // begins with "/"; the query included
}

// ParseURL splits an absolute http or https URL. Its error says what is wrong with it. Path and query stay as they are but for
// what cannot be in a request line, which is escaped.
func ParseURL(s string) (URL, error) {
	fail := func(why string) (URL, error) { return URL{}, &url.Error{Op: "parse", URL: s, Err: errString(why)} }
	site, path := s, "/"
	if i := strings.Index(s, "://") + len("://"); i >= len("://") {
		if j := strings.IndexAny(s[i:], "/?#"); j >= 0 {
			site, path = s[:i+j], s[i+j:]
		}
	}
	p, err := url.Parse(site)
	if bad, ok := errors.AsType[*url.Error](err); ok {
		return URL{}, &url.Error{Op: bad.Op, URL: s, Err: bad.Err}
	}
	scheme := strings.ToLower(p.Scheme)
	if scheme != "http" && scheme != "https" {
		return fail("want http:// or https:// in front")
	}
	if p.Hostname() == "" {
		return fail("no host")
	}
	port := DefaultPort(scheme)
	if p.Port() != "" {
		if port, err = strconv.Atoi(p.Port()); err != nil || port < 1 || port > 65535 {
			return fail("the port must be 1 to 65535")
		}
	}
	path, _, _ = strings.Cut(path, "#")
	if strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return fail("there are control characters in it")
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return URL{scheme, p.Hostname(), port, inLine(path)}, nil
}

// inLine escapes the bytes of a path and query that cannot be in a request line (RFC 3986 §2.1).
func inLine(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

type errString string

func (e errString) Error() string { return string(e) }

// DefaultPort returns 443 for https and 80 for everything else.
func DefaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// JoinHostPort writes host:port, with brackets around an IPv6 literal.
func JoinHostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

func hostPort(scheme, host string, port int) string {
	if port != DefaultPort(scheme) {
		return JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// SplitHostPort splits "host", "host:port", "[v6]" and "[v6]:port". A missing port is 0; ok is false if it can't be split.
func SplitHostPort(s string) (host string, port int, ok bool) {
	host = s
	if rest, v6 := strings.CutPrefix(s, "["); v6 {
		i := strings.IndexByte(rest, ']')
		if i < 0 {
			return "", 0, false
		}
		host, s = rest[:i], rest[i+1:]
		if s == "" {
			return host, 0, true
		}
		if s[0] != ':' {
			return "", 0, false
		}
		port, ok = parsePort(s[1:])
		return host, port, ok
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return host, 0, true
	}
	if strings.IndexByte(s[:i], ':') >= 0 {
		return s, 0, true // an IPv6 literal without brackets
	}
	port, ok = parsePort(s[i+1:])
	return s[:i], port, ok
}

func parsePort(s string) (int, bool) {
	if s == "" || len(s) > 5 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n > 0 && n < 65536
}
