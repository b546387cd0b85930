package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
)

// maxCopied is how much of a selection is copied, in bytes; terminals take no more.
const maxCopied = 1 << 20

// A selection is what the mouse was dragged over, from one byte to another, in either order.
type selection struct {
	dragging bool
	from, to pos
}

// ends returns the first byte and the one behind the last.
func (s selection) ends() (first, last pos) {
	if s.to.less(s.from) {
		return s.to, s.from
	}
	return s.from, s.to
}

// in returns the bytes of a line that are selected.
func (s selection) in(line, size int) (from, to int) {
	first, last := s.ends()
	if line < first.line || line > last.line {
		return 0, 0
	}
	to = size
	if line == first.line {
		from = first.sub
	}
	if line == last.line {
		to = last.sub
	}
	return min(from, size), min(to, size)
}

// Mouse scrolls with the wheel and selects by dragging; what was selected is copied on release.
func (m *Model) Mouse(msg tea.MouseMsg, x, y int) tea.Cmd {
	button := msg.Mouse().Button
	switch msg.(type) {
	case tea.MouseWheelMsg:
		switch button {
		case tea.MouseWheelUp:
			return m.Scroll(-wheelRows)
		case tea.MouseWheelDown:
			return m.Scroll(wheelRows)
		}
	case tea.MouseClickMsg:
		if button == tea.MouseLeft {
			at := m.at(x, y)
			m.sel, m.isDrawn = selection{true, at, at}, false
		}
	case tea.MouseMotionMsg:
		if m.sel.dragging {
			return m.drag(x, y)
		}
	case tea.MouseReleaseMsg:
		if m.sel.dragging {
			m.sel.dragging = false
			return m.copySelection()
		}
	}
	return nil
}

// drag moves the end of the selection; at the rim of the view the text comes along.
func (m *Model) drag(x, y int) tea.Cmd {
	var cmd tea.Cmd
	switch {
	case y <= 0:
		cmd = m.Scroll(-1)
	case y >= m.h-1:
		cmd = m.Scroll(1)
	}
	m.sel.to, m.isDrawn = m.at(x, y), false
	return cmd
}

// at returns the byte under a cell, the end of the line behind it.
func (m *Model) at(x, y int) pos {
	all := m.visible()
	if len(all) == 0 {
		return pos{}
	}
	r := all[min(max(y, 0), len(all)-1)]
	text := m.doc.line(r.line).text[r.from:r.to]
	if y >= len(all) {
		return pos{r.line, r.to}
	}
	return pos{r.line, r.from + byteAt(text, max(x-r.indent, 0))}
}

type copiedMsg struct {
	from *puller
	text string
	cut  bool
}

// copySelection reads the selected lines from the source, since some may not be at hand.
func (m *Model) copySelection() tea.Cmd {
	sel, d := m.sel, m.doc
	first, last := sel.ends()
	if d == nil || first == last {
		m.sel = selection{}
		return nil
	}
	if m.copying != nil {
		m.copying.cancel()
	}
	from := pulling(d.src.Lines)
	m.copying = from
	return func() tea.Msg {
		var b strings.Builder
		line, cut := 0, false
		from.pull(func(l content.Line) bool {
			if line >= first.line {
				text := content.Clean(l.Text())
				start, end := sel.in(line, len(text))
				b.WriteString(text[start:end])
				if line < last.line {
					b.WriteByte('\n')
				}
			}
			line++
			cut = b.Len() > maxCopied
			return !cut && line <= last.line
		})
		from.cancel()
		return copiedMsg{from, b.String(), cut}
	}
}

func (m *Model) copied(msg copiedMsg) tea.Cmd {
	if msg.from != m.copying || msg.text == "" {
		return nil
	}
	say := fmt.Sprintf("Copied %d characters.", utf8.RuneCountInString(msg.text))
	if msg.cut {
		say = fmt.Sprintf("Copied only the first %d characters, more do not fit.", utf8.RuneCountInString(msg.text))
	}
	return tea.Batch(tea.SetClipboard(msg.text), func() tea.Msg { return Notice{say} })
}
