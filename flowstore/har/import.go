package har

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sluice/proxy/flow"
)

// flow returns what an entry tells of. The error says what is wrong with it.
func (e *entry) flow() (*flow.Flow, error) {
	start, err := parseTime(string(e.Started))
	if err != nil {
		return nil, err
	}
	q, err := e.Request.flow()
	if err != nil {
		return nil, err
	}
	p, err := e.Response.flow()
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.HTTP, Created: start, Request: q, Response: p, Comment: string(e.Comment)}
	e.clock(f, start)
	f.Error = e.Response.failure(start.Add(milliseconds(e.Time)))
	f.Server = flow.NewServer(flow.Addr{Host: q.Host, Port: q.Port})
	if ip, err := netip.ParseAddr(strings.Trim(string(e.ServerIP), "[]")); err == nil {
		f.Server.Peer = netip.AddrPortFrom(ip, uint16(q.Port))
	}
	local := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	f.Client = &flow.Client{Conn: flow.Conn{ID: flow.NewID(), Transport: "tcp", Peer: local}}
	f.Client.TLS, f.Server.TLS = q.Scheme == "https", q.Scheme == "https"
	if len(e.Messages) > 0 || e.ResourceType == "websocket" && p != nil && p.Status == http.StatusSwitchingProtocols {
		f.WebSocket, err = e.webSocket()
	}
	return f.Seal(), err
}

// timeLayouts are those that programs write.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"}

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

// milliseconds returns a duration that is neither negative nor beyond a year.
func milliseconds(ms float64) time.Duration {
	const year = 365 * 24 * time.Hour
	if !(ms > 0) {
		return 0
	}
	return time.Duration(min(ms*float64(time.Millisecond), float64(year)))
}

// clock sets when the messages began and ended. An entry ends with its response; how long
// that took, and how long the wait for it, is known beside.
func (e *entry) clock(f *flow.Flow, start time.Time) {
	end := start.Add(milliseconds(e.Time))
	later := func(t time.Time) time.Time {
		if t.Before(start) {
			return start
		}
		return t
	}
	received := later(end.Add(-milliseconds(e.Timings.Receive)))
	f.Request.Start, f.Request.End = start, later(received.Add(-milliseconds(e.Timings.Wait)))
	if f.Response != nil {
		f.Response.Start, f.Response.End = received, end
	}
}

func (r *request) flow() (*flow.Request, error) {
	if r.Method == "" {
		return nil, errors.New("request.method is missing")
	}
	q := &flow.Request{Method: string(r.Method)}
	q.Version = version(string(r.Version))
	if err := place(q, string(r.URL)); err != nil {
		return nil, err
	}
	q.Headers, q.Trailers = headers(r.Headers), headers(r.Trailers)
	for _, h := range r.Headers {
		if h.Name == ":authority" {
			q.Authority = string(h.Value)
		}
	}
	if q.Authority == "" && strings.HasPrefix(q.Version, "HTTP/2") && !q.Headers.Has("Host") {
		q.Authority = hostOf(string(r.URL))
	}
	return q, r.body(&q.HTTPMessage)
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
	case upper == "HTTP/2", upper == "H2", strings.HasPrefix(upper, "HTTP/2."):
		return "HTTP/2.0"
	case upper == "HTTP/3", upper == "H3", strings.HasPrefix(upper, "HTTP/3."):
		return "HTTP/3"
	case upper == "HTTP/1.0":
		return upper
	}
	return "HTTP/1.1"
}

// headers leaves out what HTTP/2 has in the place of a first line (RFC 9113 §8.3).
func headers(list []header) flow.Headers {
	var out flow.Headers
	for _, h := range list {
		if !strings.HasPrefix(string(h.Name), ":") {
			out = append(out, flow.Header{Name: string(h.Name), Value: string(h.Value)})
		}
	}
	return out
}

func (r *request) body(m *flow.HTTPMessage) error {
	d := r.PostData
	switch {
	case d == nil || d.Text == nil && len(d.Params) == 0:
		if r.BodySize > 0 {
			m.Body = flow.BodyGap(r.BodySize, flow.Unrecorded)
		}
		return nil
	case d.Text == nil || *d.Text == "" && len(d.Params) > 0:
		m.Body = flow.BodyOf([]byte(d.Params.form()))
		return nil
	}
	b, err := bytesOf(*d.Text, d.Encoding == "base64" || d.Foreign == "base64", mimeOf(m, d.MimeType))
	if err != nil {
		return fmt.Errorf("request.postData.text: %w", err)
	}
	m.Body = flow.BodyOf(b)
	if !d.Encoded {
		decoded(m)
	}
	return nil
}

// form writes the fields as application/x-www-form-urlencoded.
func (p params) form() string {
	var b strings.Builder
	for i, h := range p {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(string(h.Name)) + "=" + url.QueryEscape(string(h.Value)))
	}
	return b.String()
}

// failure returns why there is no response, or why it did not end as it should; nil if it did.
func (r *response) failure(at time.Time) *flow.Error {
	switch {
	case r.Error != nil && *r.Error != "":
		return &flow.Error{Message: string(*r.Error), Time: at}
	case !r.there():
		return &flow.Error{Message: "There is no response.", Time: at}
	}
	return nil
}

// there reports whether a response came at all.
func (r *response) there() bool { return r.Status != 0 && r.Status != -1 }

func (r *response) flow() (*flow.Response, error) {
	switch {
	case !r.there():
		return nil, nil
	case r.Status < 0 || r.Status > 999:
		return nil, fmt.Errorf("response.status is %d: want 100 to 999, or 0 where there is none", r.Status)
	}
	p := &flow.Response{Status: r.Status, Reason: string(r.StatusText)}
	p.Version, p.Headers, p.Trailers = version(string(r.Version)), headers(r.Headers), headers(r.Trailers)
	if p.Reason == "" && strings.HasPrefix(p.Version, "HTTP/1") {
		p.Reason = http.StatusText(p.Status)
	}
	c := &r.Content
	if c.Text == nil {
		if c.Size > 0 {
			p.Body = flow.BodyGap(c.Size, flow.Unrecorded)
		}
		return p, nil
	}
	b, err := bytesOf(*c.Text, c.Encoding == "base64", mimeOf(&p.HTTPMessage, c.MimeType))
	if err != nil {
		return nil, fmt.Errorf("response.content.text: %w", err)
	}
	if p.Body = flow.BodyOf(b); !c.Encoded {
		decoded(&p.HTTPMessage)
	}
	return p, nil
}

// mimeOf returns the type of a body, as the header says it first.
func mimeOf(m *flow.HTTPMessage, other text) string {
	if t := m.Headers.Get("Content-Type"); t != "" {
		return t
	}
	return string(other)
}

func bytesOf(t text, packed bool, mimeType string) ([]byte, error) {
	if !packed {
		return fromText(mimeType, string(t)), nil
	}
	b, err := base64.StdEncoding.DecodeString(string(t))
	if err != nil {
		return nil, errors.New("it is said to be base64, which it is not")
	}
	return b, nil
}

// decoded takes the content coding out of the head of a message: archives have the content without it.
func decoded(m *flow.HTTPMessage) {
	if m.Body.Len() == 0 || !m.Headers.Has("Content-Encoding") {
		return
	}
	m.Headers = m.Headers.Del("Content-Encoding")
	if m.Headers.Has("Content-Length") {
		m.Headers = m.Headers.Set("Content-Length", fmt.Sprint(m.Body.Len()))
	}
}

// webSocket returns the messages of an entry.
func (e *entry) webSocket() (*flow.WebSocket, error) {
	w := &flow.WebSocket{}
	for i, m := range e.Messages {
		b, err := []byte(m.Data), error(nil)
		if m.Opcode != 1 {
			if b, err = base64.StdEncoding.DecodeString(string(m.Data)); err != nil {
				return nil, fmt.Errorf("_webSocketMessages[%d].data must be base64 where the opcode is not 1", i)
			}
		}
		at := time.UnixMicro(int64(min(max(m.Time, 0), 1e11) * 1e6))
		w.Messages, w.End = append(w.Messages, flow.Message{FromClient: m.Type == "send", Content: b, Time: at, Text: m.Opcode == 1}), at
	}
	return w, nil
}
