package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// A picker is a list of rows that scrolls with its focus. The rows are asked for when they show.
type picker struct {
	len   int
	rows  int // lines of each row; 0: one
	focus int
	top   int // the first row that shows
	w, h  int
	line  func(i, w int, focus bool) []string // rows lines of w cells; the focused one may be longer
}

func (l *picker) SetSize(w, h int) {
	l.w, l.h = w, h
	l.settle()
}

func (l *picker) height() int { return max(l.rows, 1) }

// page is how many whole rows show, at least one.
func (l *picker) page() int { return max(l.h/l.height(), 1) }

// settle keeps the focus among the rows and in sight.
func (l *picker) settle() {
	l.focus = min(max(l.focus, 0), max(l.len-1, 0))
	l.top = scroll(l.top, l.focus, l.page(), l.len)
}

// scroll returns the first row to show so that focus is among page rows of n, moving as little as can be.
func scroll(top, focus, page, n int) int {
	if focus >= 0 {
		top = max(min(top, focus), focus-page+1)
	}
	return max(min(top, n-page), 0)
}

// setLen changes the number of rows.
func (l *picker) setLen(n int) {
	l.len = n
	l.settle()
}

// move goes to a row by a movement and reports whether it was one along the list.
func (l *picker) move(n nav) bool {
	switch n {
	case navStart:
		l.focus = 0
	case navEnd:
		l.focus = l.len - 1
	case navUp:
		l.focus--
	case navDown:
		l.focus++
	case navPageUp:
		l.focus -= l.page()
	case navPageDown:
		l.focus += l.page()
	default:
		return false
	}
	l.settle()
	return true
}

// at returns the row at a line of the view, -1 for none.
func (l *picker) at(y int) int {
	if y < 0 || y >= l.h || l.len == 0 {
		return -1
	}
	start, n := l.focused()
	y += max(start+n-l.h, 0)
	if extra := n - l.height(); y >= start {
		y = max(start, y-extra)
	}
	if i := l.top + y/l.height(); i < l.len {
		return i
	}
	return -1
}

// focused returns the line at which the focused row starts, and how many it takes.
func (l *picker) focused() (start, n int) {
	return (l.focus - l.top) * l.height(), len(l.line(l.focus, l.w, true))
}

// mouse moves by the wheel and returns the row that was clicked, -1 for none.
func (l *picker) mouse(m tea.MouseMsg, y int) int {
	switch m := m.(type) {
	case tea.MouseWheelMsg:
		if n, ok := wheel(m); ok {
			l.move(n)
		}
	case tea.MouseClickMsg:
		if m.Button == tea.MouseLeft {
			return l.at(y)
		}
	}
	return -1
}

// wheel returns the movement of a turn of the wheel.
func wheel(m tea.MouseWheelMsg) (nav, bool) {
	switch m.Button {
	case tea.MouseWheelUp:
		return navUp, true
	case tea.MouseWheelDown:
		return navDown, true
	}
	return 0, false
}

func (l *picker) View() string {
	lines := make([]string, 0, l.h)
	end := 0 // of the focused row, all of which is shown
	for i := l.top; i < l.len && (len(lines) < l.h || end == 0 && i <= l.focus); i++ {
		lines = append(lines, l.line(i, l.w, i == l.focus)...)
		if i == l.focus {
			end = len(lines)
		}
	}
	lines = lines[max(end-l.h, 0):]
	return stack(lines, l.w, l.h)
}

// wrap breaks a text into lines of at most w cells at blanks, or anywhere in words that are longer.
func wrap(text string, w int) []string {
	var lines []string
	for para := range strings.Lines(text) {
		lines = append(lines, wrapLine(strings.TrimRight(para, "\n"), max(w, 1))...)
	}
	return lines
}
