package text

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// rows returns how a line stands on the screen.
func (m *Model) rows(i int) []row {
	l := m.doc.line(i)
	if l.role() == Bar {
		return []row{{0, len(l.text), 0}}
	}
	hang := indentOf(l.text)
	if i < len(m.doc.src.Hang) {
		hang = m.doc.src.Hang[i]
	}
	return wrap(l.text, m.w, hang)
}

// rowOf returns the row of a line that holds a byte.
func (m *Model) rowOf(p pos) int {
	if m.doc == nil || p.line >= m.doc.lines {
		return 0
	}
	rows := m.rows(p.line)
	for i, r := range rows {
		if p.sub < r.to {
			return i
		}
	}
	return len(rows) - 1
}

// A shown is a row of the view and the line it belongs to.
type shown struct {
	line int
	row
}

// visible returns the rows from the top of the view to its end.
func (m *Model) visible() []shown {
	if m.doc == nil {
		return nil
	}
	all := make([]shown, 0, m.h)
	for line := m.top.line; line < m.doc.lines && len(all) < m.h; line++ {
		rows := m.rows(line)
		if line == m.top.line {
			rows = rows[min(m.top.sub, len(rows)-1):]
		}
		for _, r := range rows[:min(len(rows), m.h-len(all))] {
			all = append(all, shown{line, r})
		}
	}
	return all
}

// back returns the place so many rows before another.
func (m *Model) back(p pos, n int) pos {
	for n > p.sub {
		if p.line == 0 {
			return pos{}
		}
		n -= p.sub + 1
		p.line--
		p.sub = len(m.rows(p.line)) - 1
	}
	return pos{p.line, p.sub - n}
}

// forth returns the place so many rows after another, the last row at most.
func (m *Model) forth(p pos, n int) pos {
	for {
		rows := len(m.rows(p.line))
		if p.sub+n < rows {
			return pos{p.line, p.sub + n}
		}
		if p.line+1 >= m.doc.lines {
			return pos{p.line, rows - 1}
		}
		n -= rows - p.sub
		p = pos{line: p.line + 1}
	}
}

// lastTop returns the top of the last full page of what has been read.
func (m *Model) lastTop() pos {
	if m.doc == nil || m.doc.lines == 0 {
		return pos{}
	}
	last := m.doc.lines - 1
	return m.back(pos{last, len(m.rows(last)) - 1}, max(m.h-1, 0))
}

// atEnd reports whether the last line shows.
func (m *Model) atEnd() bool {
	return m.goal.line == theEnd || m.doc != nil && m.doc.done && !m.top.less(m.lastTop())
}

func (m *Model) clamp() {
	if last := m.lastTop(); last.less(m.top) {
		m.top = last
	}
}

// Scroll moves by rows, down if n is positive.
func (m *Model) Scroll(n int) tea.Cmd {
	if m.doc == nil || m.doc.lines == 0 {
		return nil
	}
	m.goal.line = noGoal
	if n < 0 {
		m.top = m.back(m.top, -n)
	} else {
		m.top = m.forth(m.top, n)
	}
	return m.settle()
}

// Page moves by pages, of which one row stays.
func (m *Model) Page(n int) tea.Cmd { return m.Scroll(n * max(m.h-1, 1)) }

// Start goes to the first line.
func (m *Model) Start() tea.Cmd {
	m.top, m.goal = pos{}, pos{line: noGoal}
	return m.settle()
}

// End goes to the last line, as soon as it has been read.
func (m *Model) End() tea.Cmd {
	m.goal.line = theEnd
	return m.settle()
}

// settle brings the view into order after any change and asks for the lines it wants.
func (m *Model) settle() tea.Cmd {
	m.isDrawn = false
	if m.doc == nil {
		return nil
	}
	switch g := m.goal; {
	case g.line == theEnd && m.doc.done:
		m.top, m.goal.line = m.lastTop(), noGoal
	case g.line == theEnd, g.line == noGoal, g.line >= m.doc.lines && !m.doc.done:
	case m.doc.has(g.line):
		m.goal.line = noGoal
		m.reveal(g)
	case g.line >= m.doc.lines:
		m.goal.line = noGoal
	default: // it is read again when it shows
		m.top = pos{line: g.line}
	}
	m.clamp()
	m.trim()
	return tea.Batch(m.readOn(), m.readAgain())
}

// reveal scrolls so that a byte shows, if it does not yet.
func (m *Model) reveal(p pos) {
	if m.shows(p) {
		return
	}
	m.top = m.back(pos{p.line, m.rowOf(p)}, m.h/3)
}

// shows reports whether a byte is in the view.
func (m *Model) shows(p pos) bool {
	all := m.visible()
	if len(all) == 0 {
		return false
	}
	first, last := all[0], all[len(all)-1]
	return !p.less(pos{first.line, first.from}) && p.less(pos{last.line, max(last.to, 1)})
}

// trim keeps what is near the view, or near where it will go.
func (m *Model) trim() {
	near := m.top.line
	if m.goal.line != noGoal {
		near = min(m.goal.line, m.doc.lines)
	}
	m.doc.trim(near)
}

type loadedMsg struct {
	doc *Document
	batch
}

// readOn reads more lines if some are wanted and none are being read.
func (m *Model) readOn() tea.Cmd {
	d := m.doc
	wanted := m.top.line + 2*m.h + lookahead
	if m.goal.line == theEnd {
		wanted = theEnd
	} else if m.goal.line != noGoal {
		wanted = max(wanted, m.goal.line+m.h+1)
	}
	if m.loading || d.done || d.lines >= wanted {
		return nil
	}
	m.loading = true
	more, first := d.more, d.lines/blockLines
	d.more = nil
	return func() tea.Msg {
		d.reader.add(more)
		return loadedMsg{d, d.read(first, batchLines)}
	}
}

func (m *Model) loaded(msg loadedMsg) tea.Cmd {
	if msg.doc != m.doc {
		return nil
	}
	m.loading = false
	m.doc.take(msg.batch)
	return m.settle()
}

type fetchedMsg struct {
	doc *Document
	batch
}

// readAgain reads lines that show and were let go.
func (m *Model) readAgain() tea.Cmd {
	if m.fetch != nil {
		return nil
	}
	for line := m.top.line; line < min(m.top.line+m.h, m.doc.lines); line++ {
		if m.doc.has(line) {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		m.fetch = cancel
		d, seq := m.doc, m.doc.src.Lines
		return func() tea.Msg { return fetchedMsg{d, again(ctx, seq, line/blockLines)} }
	}
	return nil
}

func (m *Model) fetched(msg fetchedMsg) tea.Cmd {
	if msg.doc != m.doc {
		return nil
	}
	m.fetch()
	m.fetch = nil
	for i, b := range msg.blocks {
		if at := msg.first + i; at < len(m.doc.blocks) && m.doc.blocks[at] == nil {
			m.doc.put(at, b)
		}
	}
	return m.settle()
}
