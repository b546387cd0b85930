package prompt

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
)

// A Span is a part of a line that looks otherwise than the rest. Its ends are byte offsets.
type Span struct {
	Start, End int
	Style      lipgloss.Style
}

// Scroll moves the drawn part of the line so that the cursor is in it. Width is in cells.
func (l *Line) Scroll(width int) {
	width = max(1, width)
	if l.cursor <= l.first {
		l.first = l.cursor
		for back := 0; l.first > 0 && back < min(width/3, 8); back++ {
			l.first = (&Line{text: l.text, cursor: l.first}).before()
		}
	}
	used := 1 // the cursor's own cell
	if l.cursor < len(l.text) {
		_, n := visible(l.text[l.cursor:])
		used = n
	}
	for i := l.first; i < l.cursor; {
		n, cells := visible(l.text[i:])
		used += cells
		i += n
		for used > width && l.first < i {
			n, cells := visible(l.text[l.first:])
			used -= cells
			l.first += n
		}
	}
	l.fill(width)
}

// fill shows as much of the text before the drawn part as there is room for behind it.
func (l *Line) fill(width int) {
	used := 1 // the cursor's own cell behind the text
	for i := l.first; i < len(l.text) && used <= width; {
		n, cells := visible(l.text[i:])
		used += cells
		i += n
	}
	for l.first > 0 {
		before := (&Line{text: l.text, cursor: l.first}).before()
		_, cells := visible(l.text[before:])
		if used += cells; used > width {
			return
		}
		l.first = before
	}
}

// Draw returns the part of the line that Scroll chose, exactly width cells. The tail is
// drawn behind the text as far as there is room; it must be clean.
func (l *Line) Draw(width int, base, cursor lipgloss.Style, spans []Span, tail string, tailStyle lipgloss.Style) string {
	p := painter{room: width, style: base, key: baseKey}
	i := l.first
	for i < len(l.text) && p.room > 0 {
		n, _ := visible(l.text[i:])
		style, key := styleAt(spans, i, base)
		if i <= l.cursor && l.cursor < i+n {
			style, key = cursor, cursorKey
		}
		p.put(content.Clean(l.text[i:i+n]), style, key)
		i += n
	}
	if i >= len(l.text) {
		if l.cursor == len(l.text) {
			p.put(" ", cursor, cursorKey)
			tail = strings.TrimPrefix(tail, " ")
		}
		p.put(ansi.Truncate(tail, p.room, ""), tailStyle, tailKey)
	}
	p.flush()
	return p.out.String() + strings.Repeat(" ", max(0, p.room))
}

// At returns the byte offset of what is drawn at a column.
func (l *Line) At(column int) int {
	i := l.first
	for i < len(l.text) {
		n, cells := visible(l.text[i:])
		if column -= cells; column < 0 {
			break
		}
		i += n
	}
	return i
}

// visible returns the length of the first cluster of s in bytes and the cells that its clean form takes.
func visible(s string) (n, cells int) {
	if c := s[0]; c >= 0x20 && c < 0x7f && (len(s) == 1 || s[1] < 0x80) {
		return 1, 1
	}
	n = clusterLen(s)
	return n, ansi.StringWidth(content.Clean(s[:n]))
}

// The keys that tell the styles of a line apart; a span's is its index.
const (
	baseKey = -1 - iota
	cursorKey
	tailKey
)

// styleAt returns the style of the last span that has an offset, and its key.
func styleAt(spans []Span, i int, base lipgloss.Style) (lipgloss.Style, int) {
	for k := len(spans) - 1; k >= 0; k-- {
		if spans[k].Start <= i && i < spans[k].End {
			return spans[k].Style, k
		}
	}
	return base, baseKey
}

// A painter puts texts behind each other until there is no room, those of one style in one piece.
type painter struct {
	out   strings.Builder
	run   strings.Builder
	style lipgloss.Style
	key   int
	last  string // what the run ends with: a cluster
	room  int
}

func (p *painter) put(s string, style lipgloss.Style, key int) {
	if key != p.key {
		p.flush()
		p.style, p.key = style, key
	}
	whole := p.last + s
	cells := ansi.StringWidth(whole) - ansi.StringWidth(p.last)
	if cells > p.room {
		s = strings.Repeat(" ", p.room)
		whole, cells = s, p.room
	}
	if cells == ansi.StringWidth(s) {
		p.last = s
	} else {
		p.last = whole // the two melt into one, as a lone modifier does with what is before it
	}
	p.room -= cells
	p.run.WriteString(s)
}

func (p *painter) flush() {
	if p.run.Len() > 0 {
		// Render draws underlined text a rune at a time, which tears clusters apart.
		before, after, _ := strings.Cut(p.style.Render("x"), "x")
		p.out.WriteString(before + p.run.String() + after)
		p.run.Reset()
	}
	p.last = ""
}
