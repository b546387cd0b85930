package text

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
)

// View draws the rows that show.
func (m *Model) View() string {
	if !m.isDrawn {
		m.drawn, m.isDrawn = m.draw(), true
	}
	return m.drawn
}

func (m *Model) draw() string {
	if m.h <= 0 {
		return ""
	}
	blank := strings.Repeat(" ", m.w)
	lines := make([]string, 0, m.h)
	var p painter
	for _, r := range m.visible() {
		if p.m == nil || p.line != r.line {
			p = m.painter(r.line)
		}
		lines = append(lines, exactly(p.row(r.row), m.w))
	}
	if m.doc == nil && m.want != nil {
		lines = append(lines, exactly(m.theme.Muted.Render(emptyText), m.w))
	}
	for len(lines) < m.h {
		lines = append(lines, blank)
	}
	return strings.Join(lines, "\n")
}

// exactly makes a styled line w cells wide.
func exactly(s string, w int) string {
	n := ansi.StringWidth(s)
	if n > w {
		s = ansi.Truncate(s, w, "")
		n = ansi.StringWidth(s)
	}
	if n < w {
		s += strings.Repeat(" ", w-n)
	}
	return s
}

// A painter draws the rows of one line.
type painter struct {
	m          *Model
	line       int
	ref        line
	matches    [][]int
	current    int // the byte of the match that was gone to; -1: not in this line
	first, end int // selected
}

func (m *Model) painter(i int) painter {
	p := painter{m: m, line: i, ref: m.doc.line(i), current: -1}
	if s := m.find; s != nil && s.re != nil && m.doc.has(i) {
		p.matches = s.re.FindAllStringIndex(p.ref.text, -1)
		if s.current >= 0 && int(s.hits[s.current].line) == i {
			p.current = int(s.hits[s.current].from)
		}
	}
	p.first, p.end = m.sel.in(i, len(p.ref.text))
	return p
}

func (p *painter) row(r row) string {
	if p.ref.role() == Bar {
		return p.bar()
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", r.indent))
	p.spans(&b, r.from, r.to)
	return b.String()
}

// bar draws a line across the whole width, its end at the right.
func (p *painter) bar() string {
	_, cut, _ := p.ref.at(0, 0)
	left, right := p.ref.text[:cut], p.ref.text[cut:]
	w := p.m.w
	gap := w - ansi.StringWidth(left) - ansi.StringWidth(right)
	if gap < 1 {
		left = ansi.Truncate(left, max(w-ansi.StringWidth(right)-1, 0), "…")
		gap = w - ansi.StringWidth(left) - ansi.StringWidth(right)
	}
	text := left + strings.Repeat(" ", max(gap, 0)) + right
	return p.m.theme.Heading.Render(ansi.Truncate(text, w, ""))
}

// spans draws bytes of the line, each in the style of what it is.
func (p *painter) spans(b *strings.Builder, from, to int) {
	k := 0
	for from < to {
		var role content.Role
		var end int
		role, end, k = p.ref.at(from, k)
		st := p.m.style(role)
		end = min(end, to)
		if s, e, ok := p.match(from); ok {
			if s > from {
				end = min(end, s)
			} else {
				end = min(end, e)
				st = p.m.theme.Match
				if s == p.current {
					st = p.m.theme.MatchFocus
				}
			}
		}
		switch {
		case p.end <= p.first || from >= p.end:
		case from < p.first:
			end = min(end, p.first)
		default:
			end = min(end, p.end)
			st = p.m.theme.Selection
		}
		b.WriteString(st.Render(p.ref.text[from:end]))
		from = end
	}
}

// match returns the first match that ends behind a byte. Bytes are asked for in order, row after row.
func (p *painter) match(from int) (start, end int, ok bool) {
	for len(p.matches) > 0 && (p.matches[0][1] <= from || p.matches[0][1] == p.matches[0][0]) {
		p.matches = p.matches[1:]
	}
	if len(p.matches) == 0 {
		return 0, 0, false
	}
	return p.matches[0][0], p.matches[0][1], true
}

// style returns the style of a role.
func (m *Model) style(r content.Role) lipgloss.Style {
	t := m.theme
	switch r {
	case FromClient:
		return t.FromClient
	case ToClient:
		return t.ToClient
	case Header:
		return t.Header
	case Remark:
		return t.Notice
	case Alert:
		return t.Alert
	case Held:
		return t.Intercept
	case Strong:
		return t.Strong
	case Head:
		return t.Head
	case Bar, BarEnd:
		return t.Heading
	}
	return t.Role(r)
}
