package har

import (
	"net/url"
	"strings"

	"sluice/proxy/flow"
)

// maxDecoded bounds what is made of a compressed body. One that would be larger is written as it is.
const maxDecoded = 256 << 20

// An encoder writes flows as entries. It knows of which connections it has told.
type encoder struct{ seen idSet }

// append appends an entry, with a comma in front.
func (e *encoder) append(b []byte, f *flow.Flow) []byte {
	w := &indenter{b: append(b, ','), depth: 3}
	w.line()
	w.open('{')
	start := f.Request.Start
	if start.IsZero() {
		start = f.Created
	}
	t := e.timings(f)
	w.text("startedDateTime", start.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
	w.float("time", t.sum())
	w.request(f.Request)
	w.response(f)
	w.key("cache")
	w.open('{')
	w.close('}')
	w.timings(&t)
	if f.Server != nil && f.Server.Peer.IsValid() {
		w.text("serverIPAddress", f.Server.Peer.Addr().String())
	}
	w.known("comment", f.Comment)
	w.webSocket(f.WebSocket)
	w.close('}')
	return w.b
}

func (w *indenter) request(q *flow.Request) {
	w.key("request")
	w.open('{')
	w.text("method", q.Method)
	w.text("url", urlOf(q))
	w.text("httpVersion", q.Version)
	w.requestCookies(q.Headers)
	w.headers("headers", q.Headers)
	_, query, _ := strings.Cut(q.Path, "?")
	w.fields("queryString", query)
	why := ""
	if q.Body.Len() > 0 || q.Method == "POST" || q.Method == "PUT" || q.Method == "PATCH" {
		why = w.postData(q)
	}
	w.int("headersSize", size(q.Headers))
	w.int("bodySize", q.Body.Len())
	w.known("comment", why)
	w.trailers(q.Trailers)
	w.close('}')
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

// postData writes the body of a request. If it is not here nothing is written, since mitmproxy reads no archive that has
// no text there, and why it is not is returned.
func (w *indenter) postData(q *flow.Request) (why string) {
	b := bodyOf(&q.HTTPMessage)
	if !b.here {
		return b.comment
	}
	w.key("postData")
	w.open('{')
	w.text("mimeType", q.Headers.Get("Content-Type"))
	w.bodyText(&b)
	form := ""
	if !b.packed && isForm(q.Headers) {
		form = string(b.text)
	}
	w.fields("params", form)
	w.known("comment", b.comment)
	if b.packed {
		w.text("_encoding", "base64")
	}
	w.oddities(&b)
	w.close('}')
	return ""
}

func (w *indenter) bodyText(b *body) {
	switch {
	case b.packed:
		w.base64("text", b.text)
	case b.here:
		w.key("text")
		w.b = appendQuoted(w.b, b.text)
	}
}

// oddities writes what our own fields say of a body.
func (w *indenter) oddities(b *body) {
	if b.encoded {
		w.bool("_encoded", true)
	}
	if b.missing > 0 {
		w.int("_missing", b.missing)
	}
}

func isForm(h flow.Headers) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

func (w *indenter) response(f *flow.Flow) {
	w.key("response")
	w.open('{')
	p := f.Response
	if p == nil {
		w.noResponse(f.Error)
		return
	}
	w.int("status", int64(p.Status))
	w.text("statusText", p.Reason)
	w.text("httpVersion", p.Version)
	w.responseCookies(p.Headers)
	w.headers("headers", p.Headers)
	w.content(p)
	w.text("redirectURL", p.Headers.Get("Location"))
	w.int("headersSize", size(p.Headers))
	w.int("bodySize", p.Body.Len())
	if f.Error != nil {
		w.text("_error", f.Error.Message)
	}
	w.trailers(p.Trailers)
	w.close('}')
}

// noResponse writes what stands for a response that has not come.
func (w *indenter) noResponse(why *flow.Error) {
	w.int("status", 0)
	w.text("statusText", "")
	w.text("httpVersion", "")
	w.headers("cookies", nil)
	w.headers("headers", nil)
	w.key("content")
	w.open('{')
	w.int("size", 0)
	w.int("compression", 0)
	w.text("mimeType", "")
	w.text("text", "")
	w.close('}')
	w.text("redirectURL", "")
	w.int("headersSize", -1)
	w.int("bodySize", -1)
	w.int("_transferSize", 0)
	message := ""
	if why != nil {
		message = why.Message
	}
	w.text("_error", message)
	w.close('}')
}

func (w *indenter) content(p *flow.Response) {
	b := bodyOf(&p.HTTPMessage)
	w.key("content")
	w.open('{')
	w.int("size", p.Body.Len())
	w.int("compression", b.plain-p.Body.Len())
	w.text("mimeType", p.Headers.Get("Content-Type"))
	w.bodyText(&b)
	if b.packed {
		w.text("encoding", "base64")
	}
	w.known("comment", b.comment)
	w.oddities(&b)
	w.close('}')
}

// A body is the content of a message as an archive has it.
type body struct {
	here    bool // or comment says why not
	text    []byte
	packed  bool  // it has to be written as base64
	encoded bool  // the content coding is still on it, since it could not be undone
	plain   int64 // the size without it
	missing int64 // bytes behind the text that are not here
	comment string
}

func bodyOf(m *flow.HTTPMessage) body {
	out := body{here: true, missing: m.Body.Len() - m.Body.Kept()}
	switch m.Body.Gap() {
	case flow.Unrecorded:
		return body{plain: m.Body.Len(), comment: "The body was not recorded."}
	case flow.Dropped:
		return body{plain: m.Body.Len(), comment: "The body was let go to bound memory."}
	case flow.Cut:
		out.comment = "Only the front of the body was recorded."
	}
	raw := m.Body.Front()
	if m.Headers.Has("Content-Encoding") && len(raw) > 0 {
		// What is empty without its coding is written with it: nothing would say that there was anything.
		if plain := undone(m, raw); plain == nil || out.missing > 0 {
			out.encoded = true
		} else {
			raw = plain
		}
	}
	text, ok := toText(m.Headers.Get("Content-Type"), raw)
	if out.text, out.packed = text, false; !ok {
		out.text, out.packed = raw, true
	}
	out.plain = int64(len(raw)) + out.missing
	return out
}

// size returns the bytes of header lines as they are sent.
func size(h flow.Headers) int64 {
	return h.Size() + int64(4*len(h)) + 2
}

func (w *indenter) headers(name string, h flow.Headers) {
	w.key(name)
	w.open('[')
	for i := range h {
		w.pair(h[i].Name, h[i].Value)
	}
	w.close(']')
}

func (w *indenter) pair(name, value string) {
	w.next()
	w.open('{')
	w.text("name", name)
	w.text("value", value)
	w.close('}')
}

func (w *indenter) trailers(h flow.Headers) {
	if len(h) > 0 {
		w.headers("_trailers", h)
	}
}

// fields writes those of a query or a form.
func (w *indenter) fields(name, query string) {
	w.key(name)
	w.open('[')
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			w.pair(unescape(name), unescape(value))
		}
	}
	w.close(']')
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
