package har

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

var (
	anyBytes = rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Custom(func(t *rapid.T) []byte { return []byte(rapid.String().Draw(t, "text")) }))
	anyRaw   = rapid.Map(anyBytes, func(b []byte) string { return string(b) })
	token    = rapid.StringMatching(`[A-Za-z0-9-]{1,8}`)
	types    = rapid.SampledFrom([]string{"", "text/plain", "text/html; charset=iso-8859-1", "text/html; charset=gbk", "application/json", "x; charset=utf-16", "a/b; charset=\"", "image/png",
		"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"})
	codings = rapid.SampledFrom([]string{"", "", "gzip", "br", "broken", "zstd", "deflate"})
)

// anyMessage draws headers in some order with a body. A coding that is undone is undone in plain.
func anyMessage(t *rapid.T, m *flow.HTTPMessage) (plain []byte) {
	m.Version = rapid.SampledFrom([]string{"HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3"}).Draw(t, "version")
	for range rapid.IntRange(0, 4).Draw(t, "headers") {
		m.Headers = append(m.Headers, flow.Header{Name: "X-" + token.Draw(t, "name"), Value: anyRaw.Draw(t, "value")})
	}
	if ct := types.Draw(t, "type"); ct != "" {
		m.Headers = append(m.Headers, flow.Header{Name: "content-TYPE", Value: ct})
	}
	plain = anyBytes.Draw(t, "body")
	body := plain
	switch ce := codings.Draw(t, "coding"); ce {
	case "":
	case "broken":
		m.Headers = append(m.Headers, flow.Header{Name: "Content-Encoding", Value: "gzip"})
	default:
		m.Headers = append(m.Headers, flow.Header{Name: "Content-Encoding", Value: ce})
		body, _ = coding.Encode(ce, plain)
		if len(plain) == 0 {
			plain = body
		}
	}
	m.Trailers = slices.Clone(m.Headers[:min(1, len(m.Headers))])
	m.Body = flow.BodyOf(body)
	switch rapid.IntRange(0, 9).Draw(t, "gap") {
	case 0:
		m.Body = flow.BodyGap(rapid.Int64Range(1, 1<<40).Draw(t, "size"), flow.Unrecorded)
	case 1:
		m.Body = flow.BodyGap(rapid.Int64Range(1, 1<<40).Draw(t, "size"), flow.Dropped)
	case 2:
		m.Body = flow.BodyCut(body, int64(len(body))+rapid.Int64Range(1, 1<<40).Draw(t, "missing"))
	}
	return plain
}

// anyTimes draws when the parts of a flow began and ended, in some order that happens: a connection may be open before the request,
// and be opened while it comes or behind it.
func anyTimes(t *rapid.T, f *flow.Flow) {
	now := noon.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "start")))
	tick := func(name string) time.Time {
		now = now.Add(time.Duration(rapid.Int64Range(0, 5000).Draw(t, name)) * time.Microsecond)
		return now
	}
	s := f.Server
	s.Start, s.TCPSetup, s.TLSSetup = time.Time{}, time.Time{}, time.Time{}
	open := func() {
		s.Start, s.TCPSetup = tick("initiated"), tick("tcp")
		if rapid.Bool().Draw(t, "tls") {
			s.TLSSetup = tick("tls setup")
		}
	}
	when := rapid.IntRange(0, 3).Draw(t, "when")
	if when == 0 {
		open()
	}
	f.Created = tick("created")
	f.Request.Start = f.Created
	if when == 1 {
		open()
	}
	f.Request.End = tick("sent")
	if when == 2 {
		open()
	}
	if f.Response != nil {
		f.Response.Start, f.Response.End = tick("answered"), tick("received")
	}
	if f.Error != nil {
		f.Error.Time = tick("failed")
	}
}

// anyFlow draws a flow that has ended, of HTTP, and what its bodies are without their codings.
func anyFlow(t *rapid.T) (f *flow.Flow, bodies [][]byte) {
	f = testFlow()
	f.Request.Headers, f.Response.Headers = nil, nil
	f.Request.Method = token.Draw(t, "method")
	f.Request.Scheme = rapid.SampledFrom([]string{"http", "https"}).Draw(t, "scheme")
	f.Request.Port = rapid.IntRange(1, 65535).Draw(t, "port")
	f.Request.Path = "/" + strings.ReplaceAll(anyRaw.Draw(t, "path"), "#", "")
	f.Comment = rapid.String().Draw(t, "comment")
	if rapid.Bool().Draw(t, "v4") {
		f.Server.Peer = netip.MustParseAddrPort("192.0.2.1:443")
	}
	bodies = append(bodies, anyMessage(t, &f.Request.HTTPMessage))
	if rapid.IntRange(0, 3).Draw(t, "failed") == 0 {
		f.Error = &flow.Error{Message: "x" + rapid.String().Draw(t, "error")}
	}
	if f.Error != nil && rapid.Bool().Draw(t, "unanswered") {
		f.Response = nil
	} else {
		bodies = append(bodies, anyMessage(t, &f.Response.HTTPMessage))
		f.Response.Reason = token.Draw(t, "reason")
		f.Response.Status = rapid.IntRange(100, 599).Draw(t, "status")
		if f.Response.Body.Gap() != flow.Whole && (f.Response.Status == 204 || f.Response.Status == 304 || f.Request.Method == "HEAD") {
			f.Response.Status, f.Request.Method = 200, "GET" // there is nothing that could be missing
		}
	}
	anyTimes(t, f)
	if f.Response != nil && rapid.Bool().Draw(t, "websocket") {
		f.WebSocket = anyWebSocket(t)
	}
	return f, bodies
}

func anyWebSocket(t *rapid.T) *flow.WebSocket {
	w := &flow.WebSocket{}
	moment := rapid.Custom(func(t *rapid.T) time.Time { return after(rapid.IntRange(0, 1e9).Draw(t, "ms")) })
	b := rapid.Bool()
	for range rapid.IntRange(0, 3).Draw(t, "messages") {
		m := flow.Message{FromClient: b.Draw(t, "side"), Text: b.Draw(t, "kind"), Time: moment.Draw(t, "time"), Dropped: b.Draw(t, "dropped"), Injected: b.Draw(t, "injected")}
		if m.Content = anyBytes.Draw(t, "message"); rapid.IntRange(0, 4).Draw(t, "lost") == 0 {
			m.Content, m.Lost = nil, rapid.IntRange(1, 1e9).Draw(t, "bytes")
		}
		w.Messages = append(w.Messages, m)
	}
	if n := len(w.Messages); n > 0 {
		w.End = w.Messages[n-1].Time
	}
	if b.Draw(t, "closed") {
		w.ClosedByClient, w.CloseCode, w.CloseReason, w.End = b.Draw(t, "by"), rapid.IntRange(1000, 4999).Draw(t, "code"), rapid.String().Draw(t, "why"), moment.Draw(t, "end")
	}
	return w
}

// anyOther draws a flow that an archive has no place for.
func anyOther(t *rapid.T) *flow.Flow {
	kind := rapid.SampledFrom([]flow.Kind{flow.TCP, flow.UDP, flow.DNS}).Draw(t, "kind")
	f := flow.New(kind, &flow.Client{}, flow.NewServer(flow.Addr{Host: "a.test", Port: 53}), noon)
	f.Messages = []flow.Message{{Content: anyBytes.Draw(t, "content"), Time: noon}}
	if kind == flow.DNS {
		f.Messages, f.DNSRequest = nil, &flow.DNSMessage{Query: true}
	}
	return f
}
