// Package text shows lines that a person reads but does not change: they are
// read from their source as they are wanted, so that the length of the whole does not
// matter; they are wrapped, searched and selected.
//
// A Model lives on the goroutine of the program. Reading, searching and copying run
// in a tea.Cmd, whose result is dropped when it has become stale. Nothing
// here shows a control character, whatever the source.
package text

import (
	"context"
	"fmt"
	"iter"
	"math"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
	"sluice/tui/style"
)

// A Notice says something that a person should know, such as that nothing was found.
type Notice struct{ Text string }

// SearchPrompt asks for a line to search for, which is to be given to Search.
type SearchPrompt struct{}

// Place is where a document is shown at first.
type Place uint8

// The places.
const (
	Top    Place = iota
	Keep         // where the last one was; at its end if that was scrolled to its end
	Follow       // the same, also if the last one had no need to scroll
)

// pos is a place in a document: a line and one of its rows, or one of its bytes.
type pos struct{ line, sub int }

func (p pos) less(o pos) bool { return p.line < o.line || p.line == o.line && p.sub < o.sub }

const (
	lookahead = 2048          // lines read beyond those that show
	theEnd    = math.MaxInt   // as a goal
	noGoal    = -1            // as a goal
	wheelRows = 3             // a turn of the wheel
	emptyText = "Reading ..." // until the first lines are there
)

// A Model shows a document. The zero Model is not ready; New makes one.
type Model struct {
	theme *style.Theme
	w, h  int
	doc   *Document
	top   pos // the first line that shows and the row of it

	goal    pos // the line and byte to go to as soon as it is read; theEnd; noGoal
	loading bool
	fetch   context.CancelFunc // of lines that are read again; nil: none are

	load context.CancelFunc // of a source that is being opened
	want *opening

	find *search // nil: nothing is searched for
	sel  selection

	copying *puller // the last one that read a selection; nil: none

	drawn   string // the view
	isDrawn bool   // and whether it is still right
}

// New returns a model without a document.
func New(theme *style.Theme) *Model { return &Model{theme: theme, goal: pos{line: noGoal}} }

// SetTheme changes the styles.
func (m *Model) SetTheme(t *style.Theme) { m.theme, m.isDrawn = t, false }

// SetSize sets the size of the view in cells. The first byte that shows stays.
func (m *Model) SetSize(w, h int) {
	w, h = max(w, 0), max(h, 0)
	if w == m.w && h == m.h {
		return
	}
	end := m.atEnd() && m.top != pos{}
	off := 0
	if m.doc != nil && m.top.line < m.doc.lines {
		if rows := m.rows(m.top.line); m.top.sub < len(rows) {
			off = rows[m.top.sub].from
		}
	}
	m.w, m.h, m.isDrawn = w, h, false
	m.top.sub = m.rowOf(pos{m.top.line, off})
	if end {
		m.top = m.lastTop()
	}
	m.clamp()
}

// opening is a source that is being opened.
type opening struct{ place Place }

type openedMsg struct {
	opening *opening
	doc     *Document
	keep    func() bool // the document is not closed with the context any more; false: it is closed
}

// Open shows another source as soon as its first lines have been read.
func (m *Model) Open(src Source, place Place) tea.Cmd {
	if m.load != nil {
		m.load()
	}
	var ctx context.Context
	ctx, m.load = context.WithCancel(context.Background())
	o := &opening{place}
	m.want = o
	need := m.Need()
	return func() tea.Msg {
		d := Load(ctx, src, need)
		return openedMsg{o, d, context.AfterFunc(ctx, d.Close)}
	}
}

// Need returns how many lines a document should have when it is shown in the place of the last one.
func (m *Model) Need() int { return m.top.line + 2*m.h + 1 }

// Show shows a document, which the model takes over.
func (m *Model) Show(d *Document, place Place) tea.Cmd {
	follow := place != Top && m.atEnd() && (place == Follow || m.top != pos{})
	m.release()
	m.doc, m.isDrawn = d, false
	if place == Top {
		m.top = pos{}
	}
	m.goal = pos{line: noGoal}
	if follow {
		m.goal.line = theEnd
	}
	m.sel = selection{}
	return tea.Batch(m.research(), m.settle())
}

// Extend says that the source has more lines behind those it had.
func (m *Model) Extend(src Source, more iter.Seq[content.Line], place Place) tea.Cmd {
	if m.doc == nil {
		return m.Open(src, place)
	}
	if m.atEnd() && (place == Follow || m.top != pos{}) {
		m.goal.line = theEnd
	}
	m.doc.src, m.doc.done = src, false
	m.doc.more = append(m.doc.more, more)
	return tea.Batch(m.searchMore(more), m.settle())
}

// release gives back the document that shows.
func (m *Model) release() {
	if m.doc != nil {
		m.doc.Close()
	}
	if m.fetch != nil {
		m.fetch()
	}
	if m.copying != nil {
		m.copying.cancel()
	}
	m.doc, m.loading, m.fetch, m.copying = nil, false, nil, nil
}

// Close ends all that runs for the model.
func (m *Model) Close() {
	if m.load != nil {
		m.load()
	}
	m.want, m.load = nil, nil
	m.ClearSearch()
	m.release()
}

// Update takes the messages that the model's commands make.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case openedMsg:
		return m.opened(msg)
	case loadedMsg:
		return m.loaded(msg)
	case fetchedMsg:
		return m.fetched(msg)
	case foundMsg:
		return m.found(msg)
	case copiedMsg:
		return m.copied(msg)
	}
	return nil
}

func (m *Model) opened(msg openedMsg) tea.Cmd {
	if msg.opening != m.want || !msg.keep() {
		return nil
	}
	m.load()
	m.want, m.load = nil, nil
	return m.Show(msg.doc, msg.opening.place)
}

// Key handles the keys that belong to a text wherever it shows.
func (m *Model) Key(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.Keystroke() {
	case "up":
		return m.Scroll(-1), true
	case "down":
		return m.Scroll(1), true
	case "pgup":
		return m.Page(-1), true
	case "pgdown":
		return m.Page(1), true
	case "home":
		return m.Start(), true
	case "end":
		return m.End(), true
	}
	switch k.Text {
	case "/":
		return func() tea.Msg { return SearchPrompt{} }, true
	case "n":
		return m.SearchNext(1), true
	case "N":
		return m.SearchNext(-1), true
	}
	return nil, false
}

// Status says in a few cells what is going on or where the view is: "3/17", "42%".
func (m *Model) Status() string {
	switch d := m.doc; {
	case m.find != nil && m.find.Status() != "":
		return m.find.Status()
	case d == nil || d.done && m.top == pos{} && m.atEnd():
		return ""
	case m.goal.line != noGoal:
		return fmt.Sprintf("reading %d", d.lines)
	case !d.done:
		return fmt.Sprintf("line %d", m.top.line+1)
	case m.top == pos{}:
		return "top"
	case m.atEnd():
		return "end"
	default:
		return fmt.Sprintf("%d%%", m.top.line*100/max(d.lines, 1))
	}
}
