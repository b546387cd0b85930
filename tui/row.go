package tui

import (
	"strings"

	"sluice/flowstore"
	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/human"
	"sluice/tui/style"
)

// The signs of the flow list. Each is one cell wide.
const (
	focusSign  = ">>"
	heldSign   = "‖"
	replaySign = "↺"
	arrowSign  = "←"
)

// A rowView is what the looks of a row depend on besides the row itself.
type rowView struct {
	theme    *style.Theme
	width    int
	table    bool // one line for each flow, not two
	showHost bool // the host that the request names, not the one it goes to
}

// height returns how many lines a row takes.
func (v rowView) height() int {
	if v.table {
		return 1
	}
	return 2
}

// columns are the widths of a table that vary.
type columns struct{ version, method, host, path, media int }

// fixedCells is what the other columns take, with a blank between each two: mark
// and time, scheme, status, size, duration, flags.
const fixedCells = 11 + 1 + 5 + 1 + 1 + 1 + 1 + 3 + 1 + 1 + 5 + 1 + 5 + 1 + 3

func (v rowView) columns() columns {
	c := columns{method: 4}
	if v.width >= 110 {
		c.version, c.method = 1, 7
	}
	rest := max(v.width-fixedCells-c.version-c.method, 0)
	c.host = min(rest*3/10, 36)
	c.media = min(rest*22/100, 36)
	c.path = rest - c.host - c.media
	return c
}

// render returns the lines of a row, each of exactly the width.
func (v rowView) render(r flowstore.Row, f *flow.Flow, focus bool) []string {
	if v.width <= 0 {
		return make([]string, v.height())
	}
	lines := v.list(r, f, focus)
	if v.table {
		lines = []string{v.tableLine(r, f, focus)}
	}
	for i := range lines {
		lines[i] = fit(lines[i], v.width)
	}
	return lines
}

func (v rowView) tableLine(r flowstore.Row, f *flow.Flow, focus bool) string {
	t, c := v.theme, v.columns()
	p := &painter{theme: t, focus: focus}
	onRequest, onResponse := r.Intercepted && !r.HasResponse, r.Intercepted && r.HasResponse

	v.lead(p, r)
	p.left(held(t.Text, onlyIf(r.Intercepted, t)), clock(r), 8)
	p.blank(1)
	name, wide := schemeName(r), c.method+c.host+c.path+2
	p.left(held(t.Scheme(name), onlyIf(onRequest, t)), strings.ToUpper(name), 5)
	p.left(t.Faint, versionSign(r), c.version)
	p.blank(1)
	if r.Kind == flow.HTTP {
		method := content.Clean(clip(r.Method, c.method))
		p.left(held(t.Method(r.Method), onlyIf(onRequest, t)), method, c.method)
		p.blank(1)
		host := hostPortText(r, v.host(r))
		if len(host) > c.host { // the name says more than the port
			host = v.host(r)
		}
		p.rightSpans(c.host, hostSpans(t, host, c.host)...)
		p.blank(1)
		v.path(p, r, c.path)
	} else if r.Kind == flow.DNS {
		v.dnsLine(p, r, c)
	} else {
		v.conversation(p, r, wide)
	}
	p.blank(1)
	status, statusStyle := statusText(t, r)
	p.left(held(statusStyle, onlyIf(onResponse, t)), status, 3)
	p.blank(1)
	text, textStyle := mediaText(t, r, f)
	if brokeOff(r) { // both ends have the error behind them
		text, textStyle = plural(r.Messages, "message"), t.Muted
	}
	behind := noteBehind(r, wide)
	if r.TLSNote != "" && !behind {
		text = ""
	}
	text = content.Clean(clip(text, c.media))
	if r.Error != "" || r.Intercepted || behind { // the beginning of a message counts, the end of a type
		text = fitShort(text, c.media)
	} else if _, subtype, ok := strings.Cut(text, "/"); ok && len(text) > c.media {
		text = subtype
	}
	if failed(r) {
		text = content.Clean(clip(r.Error, c.media+numbersWidth))
	} else if behind {
		text = content.Clean(clip(r.TLSNote, c.media+numbersWidth))
	}
	if failed(r) || behind {
		p.left(textStyle, text, c.media+1+numbersWidth)
	} else {
		p.right(held(textStyle, onlyIf(r.Intercepted, t)), text, c.media)
		p.blank(1)
		v.numbers(p, r, onResponse)
	}
	p.blank(1)
	v.flags(p, r)
	return p.String()
}

// failed reports whether a flow got an error in place of a response. Why is then said where the numbers of the
// response would be, too. A row with a TLS note has said it already.
func failed(r flowstore.Row) bool {
	return r.Error != "" && !r.HasResponse && !r.Intercepted && r.TLSNote == "" && !brokeOff(r)
}

// brokeOff reports whether an error ended a conversation that had messages, which keeps its numbers.
func brokeOff(r flowstore.Row) bool {
	return r.Error != "" && (r.Kind == flow.TCP || r.Kind == flow.UDP) && r.Messages > 0 && !r.Intercepted && r.TLSNote == ""
}

const numbersWidth = 5 + 1 + 5

// conversation puts both ends, what became of TLS, and what broke it off.
func (v rowView) conversation(p *painter, r flowstore.Row, w int) {
	spans := []span{{ends(r, w), v.theme.Text}}
	if r.TLSNote != "" && !noteBehind(r, w) {
		spans = append(spans, span{"  " + content.Clean(clip(r.TLSNote, w)), v.theme.Muted})
	}
	if brokeOff(r) {
		spans = append(spans, span{"  " + content.Clean(clip(r.Error, w)), v.theme.Error})
	}
	p.spans(w, spans...)
}

// lead puts the mark of the focus and the sign of a held flow into three cells.
func (v rowView) lead(p *painter, r flowstore.Row) {
	mark := ""
	if p.focus {
		mark = focusSign
	}
	p.left(v.theme.Focus, mark, 2)
	sign := ""
	if r.Intercepted {
		sign = heldSign
	}
	p.left(v.theme.Intercept, sign, 1)
}

// numbers puts size and duration.
func (v rowView) numbers(p *painter, r flowstore.Row, intercepted bool) {
	t := v.theme
	size := ""
	if r.Size > 0 {
		size = human.Size(r.Size)
	}
	p.right(held(t.Size(r.Size), onlyIf(intercepted, t)), size, 5)
	p.blank(1)
	span, known := r.Duration()
	took := ""
	if known && span > 0 {
		took = human.Duration(span)
	}
	if open(r) {
		p.right(t.InFlight, "live", 5)
		return
	}
	p.right(held(t.Duration(span), onlyIf(intercepted, t)), took, 5)
}

// flags puts the signs of a replay and of a mark into three cells.
func (v rowView) flags(p *painter, r flowstore.Row) {
	sign := ""
	if r.Replay != flow.NotReplayed && r.Kind == flow.HTTP {
		sign = replaySign
	}
	p.left(v.theme.Replayed, sign, 1)
	p.left(v.theme.Marked, command.MarkerGlyph(r.Marked), 2)
}

// path puts the path, and behind it a comment if there is room.
func (v rowView) path(p *painter, r flowstore.Row, w int) {
	spans := pathSpans(v.theme, content.Clean(clip(r.Path, w)))
	if r.Comment != "" {
		spans = append(spans, span{"  # " + content.Clean(clip(r.Comment, w)), v.theme.Notice})
	}
	p.spans(w, spans...)
}

func (v rowView) list(r flowstore.Row, f *flow.Flow, focus bool) []string {
	t := v.theme
	first, second := &painter{theme: t, focus: focus}, &painter{theme: t, focus: focus}
	onRequest := r.Intercepted && !r.HasResponse
	room := max(v.width-3-9-4, 0) // mark, method and its blanks, flags and theirs

	v.lead(first, r)
	if r.Kind == flow.HTTP {
		first.left(held(t.Method(r.Method), onlyIf(onRequest, t)), content.Clean(clip(r.Method, 7)), 7)
		first.blank(2)
		v.url(first, r, room)
	} else {
		name := schemeName(r)
		first.left(t.Scheme(name), strings.ToUpper(name), 7)
		first.blank(2)
		what := ends(r, room)
		if r.Kind == flow.DNS {
			what = dnsText(r, room)
		}
		first.left(t.Text, what, room)
	}
	first.blank(1)
	v.flags(first, r)

	second.blank(3)
	second.left(held(t.Muted, onlyIf(r.Intercepted, t)), clock(r), 8)
	second.blank(1)
	v.outcome(second, r, f)
	return []string{first.String(), second.String()}
}

// url puts the whole URL of a request.
func (v rowView) url(p *painter, r flowstore.Row, w int) {
	t := v.theme
	var spans []span
	if r.Scheme != "" {
		spans = append(spans, span{schemeName(r), t.Scheme(schemeName(r))}, span{"://", t.URL.Punct})
	}
	spans = append(spans, hostSpans(t, hostPortText(r, v.host(r)), w)...)
	spans = append(spans, pathSpans(t, content.Clean(clip(r.Path, w)))...)
	if r.HTTPVersion != "" && !strings.HasPrefix(r.HTTPVersion, "HTTP/1.") {
		spans = append(spans, span{" " + content.Clean(clip(r.HTTPVersion, 10)), t.Faint})
	}
	if r.Comment != "" {
		spans = append(spans, span{"  # " + content.Clean(clip(r.Comment, w)), t.Notice})
	}
	p.spans(w, spans...)
}

// outcome puts what came of a flow: the rest of the second line of the list layout.
func (v rowView) outcome(p *painter, r flowstore.Row, f *flow.Flow) {
	t := v.theme
	room := max(v.width-12-2-5-12-4, 0)
	status, statusStyle := statusText(t, r)
	sign := ""
	if r.HasResponse || r.Error != "" {
		sign = arrowSign
	}
	p.left(t.Faint, sign, 2)
	p.left(statusStyle, status, 4)
	p.blank(1)
	text, textStyle := mediaText(t, r, f)
	if failed(r) || r.TLSNote != "" && r.Size == 0 {
		room += 1 + numbersWidth
		p.left(textStyle, content.Clean(clip(text, room)), room)
		return
	}
	p.left(held(textStyle, onlyIf(r.Intercepted, t)), content.Clean(clip(text, room)), room)
	p.blank(1)
	v.numbers(p, r, r.Intercepted && r.HasResponse)
	p.blank(4)
}
