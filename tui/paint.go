package tui

import (
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/tui/style"
)

// ellipsis stands where a text was cut.
const ellipsis = "…"

// A span is a text in one style.
type span struct {
	text  string
	style lipgloss.Style
}

// A painter builds one line of cells. Texts given to it are clean.
type painter struct {
	b     strings.Builder
	theme *style.Theme
	focus bool           // paint as the focused row
	find  *regexp.Regexp // what is to be seen at once; nil: nothing
	w     int            // cells so far
}

func (p *painter) raw(s lipgloss.Style, text string, w int) {
	if text == "" {
		return
	}
	if p.focus {
		s = p.theme.OnRow(s)
	}
	p.w += w
	if p.find != nil {
		text = p.mark(s, text)
	}
	if text != "" {
		p.b.WriteString(s.Render(text))
	}
}

// mark paints a text up to the end of the last match in it, and returns what is left.
func (p *painter) mark(s lipgloss.Style, text string) string {
	match := p.theme.Match
	if p.focus {
		match = p.theme.MatchFocus
	}
	done := 0
	for _, at := range p.find.FindAllStringIndex(text, -1) {
		if at[0] == at[1] {
			continue
		}
		if at[0] > done {
			p.b.WriteString(s.Render(text[done:at[0]]))
		}
		p.b.WriteString(match.Render(text[at[0]:at[1]]))
		done = at[1]
	}
	return text[done:]
}

func (p *painter) blank(w int) {
	if w <= 0 {
		return
	}
	if p.focus {
		p.raw(p.theme.Text, strings.Repeat(" ", w), w)
		return
	}
	p.b.WriteString(strings.Repeat(" ", w))
	p.w += w
}

// left puts a text into w cells, cut at its end.
func (p *painter) left(s lipgloss.Style, text string, w int) { p.spans(w, span{text, s}) }

// right puts a text to the right of w cells, cut at its front.
func (p *painter) right(s lipgloss.Style, text string, w int) { p.rightSpans(w, span{text, s}) }

// spans puts texts into w cells, cut at their end.
func (p *painter) spans(w int, list ...span) {
	start := p.w
	for i, sp := range list {
		room := w - (p.w - start)
		sw := ansi.StringWidth(sp.text)
		if sw > room || sw == room && hasText(list[i+1:]) {
			if room > 0 {
				text := ansi.Truncate(sp.text, room-1, "")
				p.raw(sp.style, text, ansi.StringWidth(text))
				p.raw(p.theme.Ellipsis, ellipsis, 1)
			}
			break
		}
		p.raw(sp.style, sp.text, sw)
	}
	p.blank(w - (p.w - start))
}

func hasText(list []span) bool {
	for _, sp := range list {
		if sp.text != "" {
			return true
		}
	}
	return false
}

// rightSpans puts texts to the right of w cells, cut at their front.
func (p *painter) rightSpans(w int, list ...span) {
	if w <= 0 {
		return
	}
	total := 0
	for _, sp := range list {
		total += ansi.StringWidth(sp.text)
	}
	start := p.w
	if total <= w {
		p.blank(w - total)
	}
	skip := total - w
	if skip > 0 {
		skip++
		p.raw(p.theme.Ellipsis, ellipsis, 1)
	}
	for _, sp := range list {
		sw := ansi.StringWidth(sp.text)
		if skip >= sw {
			skip -= sw
			continue
		}
		text := sp.text
		if skip > 0 {
			text = ansi.TruncateLeft(text, skip, "")
			skip, sw = 0, ansi.StringWidth(text)
			if over := p.w - start + sw - w; over > 0 { // half of a wide character
				text = ansi.Truncate(text, sw-over, "")
				sw = ansi.StringWidth(text)
			}
		}
		p.raw(sp.style, text, sw)
	}
	p.blank(w - (p.w - start))
}

func (p *painter) String() string { return p.b.String() }

// fit returns a line of exactly w cells: s, which may be styled, cut or padded.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	sw := ansi.StringWidth(s)
	if sw > w {
		s = ansi.Truncate(s, w, ellipsis)
		sw = ansi.StringWidth(s)
	}
	if sw < w {
		s += strings.Repeat(" ", w-sw)
	}
	return s
}

// bar returns a line of exactly w cells in one style.
func bar(s lipgloss.Style, text string, w int) string {
	if w <= 0 {
		return ""
	}
	return s.Render(fit(text, w))
}

// stack joins lines and makes them exactly h.
func stack(lines []string, w, h int) string {
	if h <= 0 {
		return ""
	}
	for len(lines) < h {
		lines = append(lines, strings.Repeat(" ", max(w, 0)))
	}
	return strings.Join(lines[:h], "\n")
}

// clip bounds a text that a peer made before it is measured; w cells never need more.
func clip(s string, w int) string {
	if most := 8*w + 64; len(s) > most {
		return s[:most]
	}
	return s
}
