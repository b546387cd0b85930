package har

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"sluice/proxy/flow"
)

// flow returns what an entry tells of. The error says what is wrong with it.
func (e *entry) flow() (*flow.Flow, error) {
	start, err := parseTime(e.started)
	if err != nil {
		return nil, err
	}
	q, err := e.request.flow()
	if err != nil {
		return nil, err
	}
	p, err := e.response.flow(q.Method)
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.HTTP, Created: start, Request: q, Response: p, Comment: e.comment}
	f.Server = flow.NewServer(flow.Addr{Host: q.Host, Port: q.Port})
	f.Server.Peer = peerOf(e.serverIP, uint16(q.Port))
	local := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	f.Client = &flow.Client{Conn: flow.Conn{ID: flow.NewID(), Transport: "tcp", Peer: local, Start: start}}
	f.Client.TLS, f.Server.TLS = q.Scheme == "https", q.Scheme == "https"
	end := e.clock(f, start)
	f.Error = e.response.failure(end)
	e.webSocket(f)
	return f.Seal(), nil
}

// timeLayouts are those that programs write.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, errors.New("startedDateTime is missing")
	}
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, s)
		if year := t.UTC().Year(); err == nil && year > 0 && year < 9000 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("startedDateTime is %q: want a time like 2006-01-02T15:04:05.000Z", short(s))
}

// peerOf reads an address as programs write it: an IP, in brackets or behind a name and a slash, with or without a port.
func peerOf(s string, port uint16) netip.AddrPort {
	s = s[strings.LastIndexByte(s, '/')+1:]
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(ip, port)
	}
	both, _ := netip.ParseAddrPort(s)
	return both
}

func (r *request) flow() (*flow.Request, error) {
	if r.method == "" {
		return nil, errors.New("request.method is missing")
	}
	q := &flow.Request{Method: r.method}
	q.Version = version(r.version)
	if err := place(q, r.url); err != nil {
		return nil, err
	}
	q.Headers, q.Trailers = headersOf(r.headers), headersOf(r.trailers)
	for _, h := range r.headers {
		if h.name == ":authority" {
			q.Authority = h.value
		}
	}
	if q.Authority == "" && !strings.HasPrefix(q.Version, "HTTP/1") && !q.Headers.Has("Host") {
		q.Authority = hostOf(r.url)
	}
	if !r.hasData {
		r.body = content{}
	}
	r.body.size = r.bodySize
	if len(r.body.text) == 0 && len(r.body.params) > 0 {
		r.body.fromParams(&q.HTTPMessage)
		return q, nil
	}
	if err := r.body.into(&q.HTTPMessage); err != nil {
		return nil, fmt.Errorf("request.postData.text: %w", err)
	}
	return q, nil
}

// place sets where a request goes.
func place(q *flow.Request, s string) error {
	scheme, rest, ok := strings.Cut(s, "://")
	switch scheme = strings.ToLower(scheme); {
	case s == "":
		return errors.New("request.url is missing")
	case !ok:
		return errors.New("request.url must begin with http:// or https://")
	case scheme == "ws":
		scheme = "http"
	case scheme == "wss":
		scheme = "https"
	case scheme != "http" && scheme != "https":
		return fmt.Errorf("request.url is of the scheme %s, only http and https can be flows", short(scheme))
	}
	host, port, ok := flow.SplitHostPort(hostOf(s))
	if !ok || host == "" || strings.ContainsAny(host, "[]@ \t\r\n\\") {
		return errors.New("request.url has no host and port that make sense")
	}
	if port == 0 {
		port = flow.DefaultPort(scheme)
	}
	q.Host, q.Port = host, port
	if q.Method == "CONNECT" {
		q.Authority = flow.JoinHostPort(host, port)
		return nil
	}
	q.Scheme, q.Path = scheme, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		q.Path, _, _ = strings.Cut(rest[i:], "#")
	}
	if !strings.HasPrefix(q.Path, "/") {
		q.Path = "/" + q.Path
	}
	return nil
}

// hostOf returns the host of a URL with its port as they are written, without a user.
func hostOf(s string) string {
	_, rest, _ := strings.Cut(s, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest[strings.LastIndexByte(rest, '@')+1:]
}

// version returns the name that the engine has for one.
func version(s string) string {
	switch upper := strings.ToUpper(s); {
	case strings.HasPrefix(upper, "HTTP/3"), strings.HasPrefix(upper, "H3"), strings.Contains(upper, "QUIC"):
		return "HTTP/3"
	case strings.HasPrefix(upper, "HTTP/2"), strings.HasPrefix(upper, "H2"):
		return "HTTP/2.0"
	case upper == "HTTP/1.0":
		return upper
	}
	return "HTTP/1.1"
}

// headersOf leaves out what HTTP/2 has in the place of a first line (RFC 9113 §8.3).
func headersOf(list []header) flow.Headers {
	if len(list) == 0 {
		return nil
	}
	out := make(flow.Headers, 0, len(list))
	for _, h := range list {
		if !strings.HasPrefix(h.name, ":") {
			out = append(out, flow.Header{Name: h.name, Value: h.value})
		}
	}
	return out
}

// failure returns why there is no response, or why it did not end as it should; nil if it did.
func (r *response) failure(at time.Time) *flow.Error {
	switch {
	case r.failed != "":
		return &flow.Error{Message: r.failed, Time: at}
	case r.charles != "" && !strings.EqualFold(r.charles, "complete"):
		return &flow.Error{Message: "Charles says that it ended with " + r.charles + ".", Time: at}
	case !r.there():
		return &flow.Error{Message: "There is no response.", Time: at}
	}
	return nil
}

// there reports whether a response came at all.
func (r *response) there() bool { return r.status != 0 && r.status != -1 }

func (r *response) flow(method string) (*flow.Response, error) {
	switch {
	case !r.there():
		return nil, nil
	case !(r.status >= 1 && r.status <= 999):
		return nil, fmt.Errorf("response.status is %.0f: want 100 to 999, or 0 where there is none", r.status)
	}
	p := &flow.Response{Status: int(r.status), Reason: r.reason}
	p.Version, p.Headers, p.Trailers = version(r.version), headersOf(r.headers), headersOf(r.trailers)
	if p.Reason == "" && strings.HasPrefix(p.Version, "HTTP/1") {
		p.Reason = http.StatusText(p.Status)
	}
	if method == "HEAD" || p.Status == http.StatusNoContent || p.Status == http.StatusNotModified {
		if len(r.body.text) == 0 {
			r.body.size = 0 // of what the response would have had (RFC 9110 §6.4.1)
		}
	}
	if err := r.body.into(&p.HTTPMessage); err != nil {
		return nil, fmt.Errorf("response.content.text: %w", err)
	}
	return p, nil
}
