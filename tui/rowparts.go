package tui

import (
	"net"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"golang.org/x/net/publicsuffix"

	"sluice/flowstore"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/style"
)

// held returns the other style if there is one.
func held(s lipgloss.Style, other *lipgloss.Style) lipgloss.Style {
	if other != nil {
		return *other
	}
	return s
}

func onlyIf(intercepted bool, t *style.Theme) *lipgloss.Style {
	if intercepted {
		return &t.Intercept
	}
	return nil
}

func (v rowView) host(r flowstore.Row) string {
	if v.showHost && r.PrettyHost != "" {
		return r.PrettyHost
	}
	return r.Host
}

func clock(r flowstore.Row) string {
	at := r.Start
	if at.IsZero() {
		at = r.Created
	}
	if at.IsZero() {
		return ""
	}
	return at.Local().Format(time.TimeOnly)
}

// schemeName returns the protocol of a flow in lower case.
func schemeName(r flowstore.Row) string {
	switch {
	case r.Kind == flow.HTTP && r.WebSocket && r.Scheme == "https":
		return "wss"
	case r.Kind == flow.HTTP && r.WebSocket:
		return "ws"
	case r.Kind == flow.HTTP:
		return content.Clean(clip(r.Scheme, 5))
	case r.QUIC:
		return "quic"
	case r.TLSNote != "":
		return "tls"
	}
	return r.Kind.String()
}

// versionSign is the exponent that the protocol of a flow gets in the table if it is not HTTP/1.
func versionSign(r flowstore.Row) string {
	switch {
	case strings.HasPrefix(r.HTTPVersion, "HTTP/2"):
		return "²"
	case strings.HasPrefix(r.HTTPVersion, "HTTP/3"):
		return "³"
	}
	return ""
}

// ends names both ends of a conversation.
func ends(r flowstore.Row, w int) string {
	server := r.Server
	if server == "" {
		server = r.Host
	}
	return content.Clean(clip(r.Client, w)) + " <-> " + content.Clean(clip(server, w))
}

func hostPortText(r flowstore.Row, host string) string {
	if r.Port == 0 || r.Port == flow.DefaultPort(r.Scheme) {
		return host
	}
	return flow.JoinHostPort(host, r.Port)
}

// hostSpans colours a host name by what is registered of it.
func hostSpans(t *style.Theme, host string, w int) []span {
	if most := 8*w + 64; len(host) > most { // the end of a host counts
		host = host[len(host)-most:]
	}
	host = content.Clean(host)
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && strings.Count(host, ":") == 1 {
		name, port = host[:i], host[i:]
	}
	if net.ParseIP(strings.Trim(name, "[]")) != nil || !strings.Contains(name, ".") {
		return []span{{name, t.URL.Domain}, {port, t.URL.Suffix}}
	}
	suffix, _ := publicsuffix.PublicSuffix(name)
	rest := strings.TrimSuffix(strings.TrimSuffix(name, suffix), ".")
	label := rest[strings.LastIndexByte(rest, '.')+1:]
	sub := strings.TrimSuffix(rest, label)
	return []span{{sub, t.URL.Host}, {label, t.URL.Domain}, {name[len(rest):], t.URL.Suffix}, {port, t.URL.Suffix}}
}

// pathSpans colours a path and its query.
func pathSpans(t *style.Theme, path string) []span {
	path, query, hasQuery := strings.Cut(path, "?")
	slash := strings.LastIndexByte(path, '/') + 1
	file := path[slash:]
	ext := ""
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		file, ext = file[:i], file[i:]
	}
	spans := []span{{path[:slash], t.URL.Path}, {file, t.URL.File}, {ext, t.URL.Ext}}
	if !hasQuery {
		return spans
	}
	spans = append(spans, span{"?", t.URL.Punct})
	for i, pair := range strings.SplitN(query, "&", 32) {
		if i > 0 {
			spans = append(spans, span{"&", t.URL.Punct})
		}
		key, value, eq := strings.Cut(pair, "=")
		spans = append(spans, span{key, t.URL.QueryKey})
		if eq {
			spans = append(spans, span{"=", t.URL.Punct}, span{value, t.URL.QueryValue})
		}
	}
	return spans
}

// statusText returns the code of a response, or err.
func statusText(t *style.Theme, r flowstore.Row) (string, lipgloss.Style) {
	switch {
	case r.Error != "" && r.TLSNote != "":
		return "err", t.Muted
	case r.Error != "":
		return "err", t.Error
	case r.Kind == flow.DNS: // its code has a name
		return "", t.Text
	case r.HasResponse:
		return statusCode(r.Status), t.Status(r.Status)
	}
	return "", t.Text
}

func statusCode(code int) string {
	digits := []byte{'0' + byte(code/100%10), '0' + byte(code/10%10), '0' + byte(code%10)}
	return string(digits)
}

// mediaText says what a response holds, or why there is none.
func mediaText(t *style.Theme, r flowstore.Row, f *flow.Flow) (string, lipgloss.Style) {
	switch {
	case r.TLSNote != "":
		return r.TLSNote, t.Muted
	case r.Error != "":
		return r.Error, t.Error
	case r.Intercepted && r.WebSocket && r.Messages > 0:
		return "held message", t.Intercept
	case r.Intercepted && r.HasResponse:
		return "held response", t.Intercept
	case r.Intercepted && (r.Kind == flow.HTTP || r.Kind == flow.DNS):
		return "held request", t.Intercept
	case r.Intercepted:
		return "held message", t.Intercept
	case r.Kind == flow.DNS:
		return r.Reason, t.Status(r.Status)
	case r.Kind != flow.HTTP, r.WebSocket:
		return plural(r.Messages, "message"), t.Muted
	case !r.HasResponse:
		return "", t.Text
	case r.BodyDropped, f != nil && f.Response != nil && f.Response.Body.Gap() != flow.Whole && f.Response.Body.Gap() != flow.Cut:
		return "[content missing]", t.ContentType("")
	case f != nil && f.Response != nil && f.Response.Body.Len() == 0 && !r.Live:
		return "[no content]", t.ContentType("")
	}
	if r.Entries > 0 {
		return entriesText(r), t.Muted
	}
	kind, _, _ := strings.Cut(r.ContentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind, t.ContentType(kind)
}
