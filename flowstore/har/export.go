package har

import (
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// maxDecoded bounds what is made of a compressed body. One that would be larger is written as it is.
const maxDecoded = 256 << 20

// entry returns what an archive says of an HTTP flow.
func (a *Writer) entry(f *flow.Flow) entry {
	start := f.Request.Start
	if start.IsZero() {
		start = f.Created
	}
	e := entry{
		Started: text(start.UTC().Format("2006-01-02T15:04:05.000000Z07:00")),
		Request: requestOf(f.Request), Response: responseOf(f),
		Timings: a.timings(f), Comment: text(f.Comment),
	}
	e.Time = e.Timings.sum()
	if f.Server != nil && f.Server.Peer.IsValid() {
		e.ServerIP = text(f.Server.Peer.Addr().String())
	}
	if f.WebSocket != nil {
		e.ResourceType = "websocket"
		for i := range f.WebSocket.Messages {
			e.Messages = append(e.Messages, messageOf(&f.WebSocket.Messages[i]))
		}
	}
	return e
}

func messageOf(m *flow.Message) wsMessage {
	w := wsMessage{Type: "receive", Time: float64(m.Time.UnixMicro()) / 1e6, Opcode: 1, Data: text(m.Content)}
	if m.FromClient {
		w.Type = "send"
	}
	if !m.Text {
		w.Opcode, w.Data = 2, text(base64.StdEncoding.EncodeToString(m.Content))
	}
	return w
}

// timings returns how long the parts of a flow took. The times of a connection belong to the first of its flows.
func (a *Writer) timings(f *flow.Flow) timings {
	t := timings{Connect: -1, SSL: -1}
	if s := f.Server; s != nil {
		if _, old := a.seen[s.ID]; !old {
			a.seen[s.ID] = struct{}{}
			t.Connect, t.SSL = between(s.Start, s.TCPSetup, -1), between(s.TCPSetup, s.TLSSetup, -1)
		}
	}
	q := f.Request
	t.Send = between(q.Start, q.End, 0)
	if p := f.Response; p != nil {
		t.Wait, t.Receive = between(q.End, p.Start, 0), between(p.Start, p.End, 0)
	}
	return t
}

// between returns the milliseconds from one time to another, or unknown.
func between(from, to time.Time, unknown float64) float64 {
	if from.IsZero() || to.IsZero() {
		return unknown
	}
	return float64(max(to.Sub(from), 0).Microseconds()) / 1000
}

func (t *timings) sum() float64 {
	var n float64
	for _, ms := range []float64{t.Connect, t.SSL, t.Send, t.Wait, t.Receive} {
		n += max(ms, 0)
	}
	return n
}

func requestOf(q *flow.Request) request {
	r := request{
		Method: text(q.Method), URL: text(urlOf(q)), Version: text(q.Version), Cookies: requestCookies(q.Headers),
		Headers: list(q.Headers), Trailers: trailers(q.Trailers), Query: []header{},
		HeadersSize: size(q.Headers), BodySize: q.Body.Len(),
	}
	if _, query, ok := strings.Cut(q.Path, "?"); ok {
		r.Query = fields(query)
	}
	if q.Body.Len() > 0 || q.Method == "POST" || q.Method == "PUT" || q.Method == "PATCH" {
		r.PostData = postDataOf(q)
	}
	return r
}

// urlOf returns the URL that the client named, unless what it named makes none.
func urlOf(q *flow.Request) string {
	if q.Method == "CONNECT" {
		return "https://" + q.URL() + "/"
	}
	named := *q
	if named.Scheme == "" {
		named.Scheme = "http"
	}
	var back flow.Request
	pretty := named.PrettyURL()
	if place(&back, pretty) == nil && (back.Path == q.Path || q.Path == "" || q.Path == "*" || strings.Contains(q.Path, "#")) {
		return pretty
	}
	return named.URL()
}

func postDataOf(q *flow.Request) *postData {
	b := bodyOf(&q.HTTPMessage)
	d := &postData{MimeType: text(q.Headers.Get("Content-Type")), Text: b.text, Comment: b.comment, Encoded: b.encoded, Params: params{}}
	if b.packed {
		d.Encoding = "base64"
	} else if b.text != nil && isForm(q.Headers) {
		d.Params = fields(string(*b.text))
	}
	return d
}

func isForm(h flow.Headers) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

func responseOf(f *flow.Flow) response {
	p := f.Response
	if p == nil {
		r := response{Headers: []header{}, Cookies: []cookie{}, HeadersSize: -1, BodySize: -1, TransferSize: new(int64), Error: new(text)}
		if r.Content.Text = new(text); f.Error != nil {
			*r.Error = text(f.Error.Message)
		}
		return r
	}
	b := bodyOf(&p.HTTPMessage)
	r := response{
		Status: p.Status, StatusText: text(p.Reason), Version: text(p.Version), Cookies: responseCookies(p.Headers),
		Headers: list(p.Headers), Trailers: trailers(p.Trailers), RedirectURL: text(p.Headers.Get("Location")),
		HeadersSize: size(p.Headers), BodySize: p.Body.Len(),
		Content: content{
			Size: p.Body.Len(), Compression: b.plain - p.Body.Len(), MimeType: text(p.Headers.Get("Content-Type")),
			Text: b.text, Comment: b.comment, Encoded: b.encoded,
		},
	}
	if b.packed {
		r.Content.Encoding = "base64"
	}
	if f.Error != nil {
		r.Error = new(text)
		*r.Error = text(f.Error.Message)
	}
	return r
}

// A body is the content of a message as an archive has it.
type body struct {
	text    *text // nil: it is not here, and comment says why
	packed  bool  // the text is base64
	encoded bool  // the content coding is still on it, since it could not be undone
	plain   int64 // the size without it
	comment text
}

func bodyOf(m *flow.HTTPMessage) body {
	switch m.Body.Gap() {
	case flow.Unrecorded:
		return body{plain: m.Body.Len(), comment: "The body was not recorded."}
	case flow.Dropped:
		return body{plain: m.Body.Len(), comment: "The body was let go to bound memory."}
	}
	raw, out := m.Body.Bytes(), body{}
	if names := m.Headers.Values("Content-Encoding"); len(names) > 0 && len(raw) > 0 {
		// What is empty without its coding is written with it: nothing would say that there was anything.
		if plain, err := coding.Decode(strings.Join(names, ", "), raw, maxDecoded); err != nil || len(plain) == 0 {
			out.encoded = true
		} else {
			raw = plain
		}
	}
	s, ok := "", false
	if !out.encoded {
		s, ok = toText(m.Headers.Get("Content-Type"), raw)
	}
	if !ok {
		s, out.packed = base64.StdEncoding.EncodeToString(raw), true
	}
	t := text(s)
	out.text, out.plain = &t, int64(len(raw))
	return out
}

// size returns the bytes of header lines as they are sent.
func size(h flow.Headers) int64 {
	n := int64(2)
	for i := range h {
		n += int64(len(h[i].Name) + len(h[i].Value) + 4)
	}
	return n
}

func list(h flow.Headers) []header {
	out := make([]header, len(h))
	for i := range h {
		out[i] = header{text(h[i].Name), text(h[i].Value)}
	}
	return out
}

func trailers(h flow.Headers) []header {
	if len(h) == 0 {
		return nil
	}
	return list(h)
}

// fields returns those of a query or a form.
func fields(query string) []header {
	out := []header{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, header{unescape(name), unescape(value)})
	}
	return out
}

func unescape(s string) text {
	if plain, err := url.QueryUnescape(s); err == nil {
		return text(plain)
	}
	return text(s)
}
