package detail

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/human"
	"sluice/tui/style"
)

// maxURLRows is how many rows the URL of a flow takes at most.
const maxURLRows = 4

// A header draws what a flow is above its tabs.
type header struct {
	theme *style.Theme
	f     *flow.Flow
	w     int

	entries int // of the bodies
}

type span struct {
	style lipgloss.Style
	text  string
}

func (h header) lines() []string {
	at := h.f.Created
	if h.f.Request != nil && !h.f.Request.Start.IsZero() {
		at = h.f.Request.Start
	}
	when := at.Local().Format(time.DateTime)
	lines := h.first(span{h.theme.Notice, when})
	return append(lines, h.second(len(when)))
}

// first draws when and what: the request, or both ends of a conversation.
func (h header) first(when span) []string {
	t, f := h.theme, h.f
	what, rest := []span{when}, ""
	switch {
	case f.Request != nil:
		r := f.Request
		what = append(what, span{t.Method(r.Method), clean(r.Method, 16)})
		rest = clean(r.PrettyURL(), h.w*maxURLRows)
	default:
		name := f.Kind.String()
		if f.TLSNote() != "" {
			name = "tls"
		}
		what = append(what, span{t.Scheme(name), strings.ToUpper(name)})
		if rest = ends(f); f.Kind == flow.DNS {
			rest = dnsTitle(f)
		}
	}
	lead, used := h.join(what)
	room := h.w - used - 1
	if room < 20 { // narrow: below, from the left
		return append([]string{fit(lead, h.w)}, h.wrapped(t.Text, rest, "", h.w)...)
	}
	rows := h.wrapped(t.Strong, rest, strings.Repeat(" ", used+1), room)
	rows[0] = fit(lead+" "+strings.TrimPrefix(rows[0], strings.Repeat(" ", used+1)), h.w)
	return rows
}

// wrapped breaks a text into some rows behind an indentation.
func (h header) wrapped(st lipgloss.Style, s, indent string, w int) []string {
	rows := strings.Split(ansi.Hardwrap(s, max(w, 1), true), "\n")
	if len(rows) > maxURLRows {
		rows = rows[:maxURLRows]
		rows[maxURLRows-1] = ansi.Truncate(rows[maxURLRows-1], max(w-1, 0), "") + "…"
	}
	for i := range rows {
		rows[i] = fit(indent+st.Render(rows[i]), h.w)
	}
	return rows
}

// join puts spans side by side and returns how wide they are.
func (h header) join(spans []span) (string, int) {
	var b strings.Builder
	n := 0
	for _, s := range spans {
		if s.text == "" {
			continue
		}
		if n > 0 {
			b.WriteByte(' ')
			n++
		}
		b.WriteString(s.style.Render(s.text))
		n += ansi.StringWidth(s.text)
	}
	return b.String(), n
}

// second draws what came of the flow.
func (h header) second(indent int) string {
	t, f := h.theme, h.f
	var spans []span
	if f.Intercepted {
		spans = append(spans, span{t.Intercept, "‖ held"})
	}
	if r := f.Request; r != nil && !strings.HasPrefix(r.Version, "HTTP/1.") {
		spans = append(spans, span{t.Muted, clean(r.Version, 16)})
	}
	if f.Kind == flow.HTTP && f.Response == nil && f.Error == nil && f.Live && !f.Intercepted {
		spans = append(spans, span{t.InFlight, "waiting for the response"})
	}
	if r := f.Response; r != nil {
		kind, _, _ := strings.Cut(r.Headers.Get("Content-Type"), ";")
		spans = append(spans, span{t.Faint, "←"}, span{t.Status(r.Status), clean(statusText(r), 80)},
			span{t.ContentType(kind), clean(strings.ToLower(strings.TrimSpace(kind)), 60)},
			span{t.Size(r.Body.Len()), human.Size(r.Body.Len())}, h.duration())
	}
	if all := f.AllMessages(); f.TLSNote() != "" && len(all) == 0 {
		spans = append(spans, span{t.Muted, clean(f.TLSNote(), 80)})
	} else if f.WebSocket != nil || f.Request == nil && f.Kind != flow.DNS {
		spans = append(spans, span{t.Muted, count(len(all), "message")})
	}
	spans = append(spans, h.streaming()...)
	if f.Kind == flow.DNS {
		spans = append(spans, h.dnsOutcome()...)
	}
	if f.Error != nil && f.TLSNote() == "" {
		spans = append(spans, span{t.Error, "error: " + clean(f.Error.Message, 4*h.w)})
	}
	if f.Replay != flow.NotReplayed {
		spans = append(spans, span{t.Replayed, "↺ replayed"})
	}
	spans = append(spans, span{t.Marked, command.MarkerGlyph(f.Marked)})
	text, _ := h.join(spans)
	return fit(strings.Repeat(" ", min(indent+1, max(h.w/4, 0)))+text, h.w)
}

// streaming says what has come of a body that is a list, and that there may be more to come of what has begun.
func (h header) streaming() (spans []span) {
	f := h.f
	if parts := partsOf(f); h.entries > 0 && parts[0].grpc {
		spans = append(spans, span{h.theme.Muted, count(h.entries, "message")})
	} else if h.entries > 0 {
		spans = append(spans, span{h.theme.Muted, count(h.entries, "event")})
	}
	switch r := f.Response; {
	case !f.Live || f.Intercepted || f.TLSNote() != "" || f.Kind == flow.DNS:
	case f.WebSocket != nil, f.Kind != flow.HTTP && len(f.Messages) > 0:
		spans = append(spans, span{h.theme.InFlight, "open"})
	case r != nil && r.HTTPMessage.End.IsZero():
		spans = append(spans, span{h.theme.InFlight, "streaming"})
	}
	return spans
}

func statusText(r *flow.Response) string {
	code := string([]byte{'0' + byte(r.Status/100%10), '0' + byte(r.Status/10%10), '0' + byte(r.Status%10)})
	return strings.TrimSpace(code + " " + r.Reason)
}

// duration says how long the exchange took.
func (h header) duration() span {
	from, to := h.f.Request, h.f.Response
	if from == nil || from.Start.IsZero() || !to.End.After(from.Start) {
		return span{}
	}
	d := to.End.Sub(from.Start)
	return span{h.theme.Duration(d), human.Duration(d)}
}

// ends names both ends of a conversation.
func ends(f *flow.Flow) string {
	client, server := "<no address>", "<no address>"
	if f.Client != nil {
		client = address(f.Client.Peer)
	}
	if f.Server != nil && !f.Server.Address.IsZero() {
		server = clean(f.Server.Address.String(), 300)
	} else if f.Server != nil {
		server = address(f.Server.Peer)
	}
	return client + " <-> " + server
}

// clean bounds a text that a peer made and makes it fit to be shown.
func clean(s string, most int) string { return content.Clean(s[:min(len(s), max(most*4, 0))]) }
