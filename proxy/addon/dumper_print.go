package addon

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"sluice/proxy/content"
	"sluice/proxy/flow"
)

const indent = "    "

// exchange prints a request and what came of it.
func (d *Dumper) exchange(s *dumpSettings, f *flow.Flow) {
	if f.Request != nil {
		d.request(s, f)
		if f.Response != nil {
			d.response(s, f)
		}
	}
	if f.Error != nil && f.WebSocket == nil { // how that ended is printed at its end
		d.printf("%s%s\n", arrow(s, f, 0), d.brush.paint(inkBad, content.Clean(f.Error.Message)))
	}
}

func (d *Dumper) request(s *dumpSettings, f *flow.Flow) {
	r := f.Request
	url := r.URL()
	if s.showHost {
		url = r.PrettyURL()
	}
	if r.Host == "" { // it was refused for that
		url = r.Path
	}
	if url = content.Clean(url); s.detail == 1 {
		if w := d.width(); w > 0 {
			url = cut(url, max(w-25, 50))
		}
	}
	version := ""
	if namesVersions(f) {
		version = " " + content.Clean(r.Version)
	}
	d.printf("%s: %s %s%s\n", d.client(f), d.brush.paint(inkMethod, content.Clean(r.Method)), url, version)
	d.details(s, &r.HTTPMessage, r.Path, true)
}

func (d *Dumper) response(s *dumpSettings, f *flow.Flow) {
	r := f.Response
	version, reason := "", r.Reason
	if namesVersions(f) {
		version = content.Clean(r.Version) + " "
	}
	if reason == "" && !speaksHTTP1(r.Version) { // which alone has reasons (RFC 9113 §8.3.2)
		reason = http.StatusText(r.Status)
	}
	status := strings.TrimRight(fmt.Sprintf("%d %s", r.Status, content.Clean(reason)), " ")
	replay := ""
	if f.Replay == flow.ReplayedResponse {
		replay = "[replay]"
	}
	lead := arrow(s, f, len(replay)+utf8.RuneCountInString(version))
	d.printf("%s%s%s%s %s\n", d.brush.paint(inkWarn, replay), lead, version, d.brush.paint(statusInk(r.Status), status), size(&r.Body))
	d.details(s, &r.HTTPMessage, f.Request.Path, false)
}

// namesVersions reports whether the versions of a flow's messages are worth a word: HTTP/1 on both sides is not.
func namesVersions(f *flow.Flow) bool {
	return !speaksHTTP1(f.Request.Version) || f.Response != nil && !speaksHTTP1(f.Response.Version)
}

func speaksHTTP1(version string) bool { return strings.HasPrefix(version, "HTTP/1.") }

// arrow leads to what came back. At detail 1 that stands below the method, also with as many cells as taken around the arrow.
func arrow(s *dumpSettings, f *flow.Flow, taken int) string {
	if s.detail > 1 {
		return " << "
	}
	return strings.Repeat(" ", max(utf8.RuneCountInString(clientName(f))-2-taken, 0)) + " << "
}

// details prints headers from detail 2 on, and the body and the trailers from 3 on.
func (d *Dumper) details(s *dumpSettings, m *flow.HTTPMessage, path string, request bool) {
	if s.detail < 2 {
		return
	}
	d.headers(m.Headers)
	if s.detail > 2 {
		meta := content.MetaOf(m.Headers, path, request)
		meta.Protos = d.protos.Load()
		d.body(s, meta, &m.Body, m.Headers)
	}
	if len(m.Trailers) > 0 {
		d.printf("%s%s\n", indent, d.brush.paint(inkFaint, "--- trailers ---"))
		d.headers(m.Trailers)
	}
	d.printf("\n")
}

func (d *Dumper) headers(h flow.Headers) {
	for _, f := range h {
		d.printf("%s%s %s\n", indent, d.brush.paint(inkName, content.Clean(f.Name)+":"), content.Clean(f.Value))
	}
}

func (d *Dumper) body(s *dumpSettings, meta content.Meta, b *flow.Body, h flow.Headers) {
	switch {
	case b.Gap() == flow.Cut:
		d.printf("\n%s%s\n", indent, d.brush.paint(inkFaint, fmt.Sprintf("(only the first %d of %d bytes were recorded)", b.Kept(), b.Len())))
	case b.Gap() != flow.Whole:
		d.printf("\n%s%s\n", indent, d.brush.paint(inkFaint, "(content missing)"))
	case b.Len() > 0 || s.showsQuery(meta):
		plain, _ := content.Decode(h, b.Bytes())
		d.printf("\n")
		d.lines(s, meta, plain)
	}
}

// showsQuery reports whether the query of a request without a body stands in the place of the body.
func (s *dumpSettings) showsQuery(meta content.Meta) bool {
	return meta.Request && (s.view == content.Auto || s.view == "query") && content.Detect(meta, nil) == "query"
}

func (d *Dumper) lines(s *dumpSettings, meta content.Meta, data []byte) {
	n := 0
	for line := range content.Format(s.view, meta, data).Lines {
		if n++; s.detail == 3 && n > s.cutoff {
			d.printf("%s%s\n", indent, d.brush.paint(inkFaint, "(cut off)"))
			return
		}
		d.printf("%s", indent)
		for _, span := range line {
			d.printf("%s", d.brush.paint(roleInk(span.Role), span.Text))
		}
		d.printf("\n")
	}
}

func roleInk(r content.Role) ink {
	switch r {
	case content.Key, content.Tag, content.Attr:
		return inkName
	case content.Number, content.Keyword:
		return inkAlert
	case content.Comment, content.Offset:
		return inkFaint
	case content.Heading:
		return inkMethod
	case content.Error:
		return inkError
	}
	return inkPlain
}

// clientName is what stands in front of a flow.
func clientName(f *flow.Flow) string {
	if f.Replay == flow.ReplayedRequest {
		return "[replay]"
	}
	if !f.Client.Peer.IsValid() {
		return "-"
	}
	return f.Client.Peer.String()
}

func (d *Dumper) client(f *flow.Flow) string {
	i := inkPlain
	if f.Replay == flow.ReplayedRequest {
		i = inkWarn
	}
	return d.brush.paint(i, clientName(f))
}

func statusInk(code int) ink {
	switch code / 100 {
	case 2:
		return inkGood
	case 3:
		return inkRedirect
	case 4, 5:
		return inkBad
	}
	return inkPlain
}

// size returns the length of a body in 1024s: 12b, 1.5k, 3m.
func size(b *flow.Body) string {
	n := b.Len()
	if n == 0 && b.Gap() != flow.Whole {
		return "(content missing)"
	}
	if n < 1<<10 {
		return fmt.Sprintf("%db", n)
	}
	v, unit := float64(n), 0
	for v >= 1023.95 && unit < 4 {
		v, unit = v/1024, unit+1
	}
	text := strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	return text + string(" kmgt"[unit])
}

// cut shortens s to n runes, the last of which then is an ellipsis.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
