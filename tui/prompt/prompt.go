// Package prompt is the line at the bottom of the screen in which a person
// types: a text, a filter or a command, with completion and history.
//
// A Model lives on the goroutine of the program. Completion runs in a tea.Cmd,
// since it may look at the disk; what it finds is dropped when the line has changed.
package prompt

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
	"sluice/tui/style"
)

// Done says that the person has finished the line.
type Done struct{ Text string }

// Cancelled says that the person gave up.
type Cancelled struct{}

// Unsaved says that the history could not be written.
type Unsaved struct{ Err error }

// A Candidate is what a part of the line can become.
type Candidate struct {
	Text, Help string
	Start, End int // bytes of the line it replaces
}

// maxAnalysed is how long a line may be for its configuration to be asked about it, in bytes.
const maxAnalysed = 8 << 10

// Config says what a line is for. Every function may be nil. Complete and Check
// are called on goroutines of their own and may take their time; the others are
// called whenever the line has changed.
type Config struct {
	Label string // shown in front of the line
	Text  string // what the line says at first
	Back  int    // how many bytes before its end the cursor is at first

	Complete func(text string, cursor int) []Candidate
	Check    func(text string) (pos int, msg string) // the byte where the line is wrong and why; "": it is fine
	Style    func(text string) []Span
	Hint     func(text string, cursor int) string // what could be typed next, drawn behind the line
	Help     func(text string) string             // drawn below the line when nothing is wrong
	History  *History                             // nil: none
	Trim     bool                                 // a blank before any text is ignored
}

// A Model is a line being edited.
type Model struct {
	theme *style.Theme
	cfg   Config
	line  *Line
	w, h  int

	cycle    *cycle // nil: no completion is shown
	edits    int    // grows with every change, tells stale completions
	steps    int    // tabs pressed while a completion is under way
	browsing bool   // the history has been filtered by what was typed

	spans   []Span
	hint    string
	outcome any // Done or Cancelled, nil while it goes on

	note  string // below the line
	wrong bool   // the note is an error
}

// New returns a line of one row and 80 cells; SetSize changes that.
func New(theme *style.Theme, cfg Config) *Model {
	m := &Model{theme: theme, cfg: cfg, line: NewLine(cfg.Text), w: 80, h: 1}
	m.line.cursor = max(0, len(cfg.Text)-cfg.Back)
	m.settle()
	return m
}

// SetSize sets the size of the view in cells. The line takes the first row and what is said of it the second.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = max(0, w), max(0, h)
	m.line.Scroll(m.room())
}

// Text returns what has been typed.
func (m *Model) Text() string { return m.line.Text() }

// Key does what a key says. It takes every key but ctrl-c.
func (m *Model) Key(k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.Keystroke() {
	case "ctrl+c":
		return nil, false
	case "enter":
		return m.submit(), true
	case "esc", "ctrl+g":
		m.outcome = Cancelled{}
		return nil, true
	case "tab":
		return m.complete(+1), true
	case "shift+tab":
		return m.complete(-1), true
	case "up", "ctrl+p":
		return m.recall((*History).Prev), true
	case "down", "ctrl+n":
		return m.recall((*History).Next), true
	}
	if m.cfg.Trim && m.line.text == "" && k.Text != "" && strings.TrimSpace(k.Text) == "" {
		return nil, true
	}
	before := m.line.text
	if !m.line.Key(k) {
		return nil, true
	}
	if m.line.text != before {
		m.browsing = false
	}
	return m.moved(), true
}

// Update takes pasted text and the completions that the model asked for.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		m.line.Paste(msg.Content)
		m.browsing = false
		return m.moved()
	case completed:
		return m.show(msg)
	case checked:
		m.judge(msg)
	}
	return nil
}

// Mouse puts the cursor where the line is clicked.
func (m *Model) Mouse(msg tea.MouseMsg, x, y int) tea.Cmd {
	if _, ok := msg.(tea.MouseClickMsg); ok && y == 0 && x >= m.labelWidth() {
		m.line.cursor = m.line.At(x - m.labelWidth())
		return m.moved()
	}
	return nil
}

func (m *Model) submit() tea.Cmd {
	text, h := m.line.Text(), m.cfg.History
	m.outcome = Done{text}
	if h == nil || strings.TrimSpace(text) == "" {
		return nil
	}
	h.Add(text)
	if !h.Persistent() {
		return nil
	}
	return func() tea.Msg {
		if err := h.Save(); err != nil {
			return Unsaved{err}
		}
		return nil
	}
}

// Outcome returns how the last key ended the prompt: a Done, a Cancelled, or nil. It is no message, so that
// what is typed ahead goes where it should.
func (m *Model) Outcome() any { return m.outcome }

// recall replaces the line by an older or newer one that begins as it did when recalling began.
func (m *Model) recall(step func(*History) string) tea.Cmd {
	h := m.cfg.History
	if h == nil {
		return nil
	}
	if !m.browsing {
		h.Filter(m.line.Text())
		m.browsing = true
	}
	text := step(h)
	m.line.Set(text, len(text))
	return m.moved()
}

// moved ends a completion and draws conclusions from the line.
func (m *Model) moved() tea.Cmd {
	m.cycle, m.steps = nil, 0
	m.settle()
	return m.check()
}

// settle asks the configuration about the line as it is now.
func (m *Model) settle() {
	m.edits++
	m.line.Scroll(m.room())
	m.spans, m.hint, m.note, m.wrong = nil, "", "", false
	text := m.line.Text()
	if len(text) > maxAnalysed {
		return
	}
	if m.cfg.Style != nil {
		m.spans = m.cfg.Style(text)
	}
	if m.cfg.Hint != nil {
		m.hint = content.Clean(m.cfg.Hint(text, m.line.Cursor()))
	}
	if m.cfg.Help != nil {
		m.note = content.Clean(m.cfg.Help(text))
	}
}

// checked is what is wrong with the line when a model had seen so many edits.
type checked struct {
	model *Model
	edits int
	pos   int
	msg   string
}

// Judge looks for a mistake in the line as it is when the prompt opens.
func (m *Model) Judge() tea.Cmd { return m.check() }

// check looks for a mistake in the line.
func (m *Model) check() tea.Cmd {
	if m.cfg.Check == nil || len(m.line.text) > maxAnalysed {
		return nil
	}
	model, edits, check, text := m, m.edits, m.cfg.Check, m.line.text
	return func() tea.Msg {
		pos, msg := check(text)
		return checked{model, edits, pos, msg}
	}
}

// judge shows a mistake, unless the line has changed since.
func (m *Model) judge(c checked) {
	if c.model != m || c.edits != m.edits || c.msg == "" {
		return
	}
	m.note, m.wrong = content.Clean(c.msg), true
	m.spans = append(m.spans, Span{c.pos, len(m.line.text), m.theme.CommandInvalid})
}

func (m *Model) labelWidth() int { return min(ansi.StringWidth(content.Clean(m.cfg.Label)), m.w*2/3) }

// room is how many cells the line itself has.
func (m *Model) room() int { return max(1, m.w-m.labelWidth()) }

// View returns exactly h rows of w cells.
func (m *Model) View() string {
	if m.w == 0 || m.h == 0 {
		return strings.Repeat("\n", max(0, m.h-1))
	}
	note, look := m.remark()
	rows := []string{m.lineView(note, look)}
	if m.h > 1 {
		rows = append(rows, fit(note, m.w, look))
	}
	for len(rows) < m.h {
		rows = append(rows, strings.Repeat(" ", m.w))
	}
	return strings.Join(rows, "\n")
}

func (m *Model) lineView(note string, look lipgloss.Style) string {
	label := fit(content.Clean(m.cfg.Label), m.labelWidth(), m.theme.Title)
	room := m.w - m.labelWidth()
	used := ansi.StringWidth(content.Clean(m.line.text[m.line.first:min(len(m.line.text), m.line.first+4*m.w)])) + 1
	if n := ansi.StringWidth(note); m.h == 1 && note != "" && used+n+2 <= room {
		line := m.line.Draw(room-n-1, m.theme.Text, m.theme.Cursor, m.spans, m.hint, m.theme.Hint)
		return label + line + " " + look.Render(note)
	}
	return label + m.line.Draw(room, m.theme.Text, m.theme.Cursor, m.spans, m.hint, m.theme.Hint)
}

// fit returns a clean text as exactly w cells.
func fit(s string, w int, look lipgloss.Style) string {
	s = ansi.Truncate(s, w, "…")
	pad := strings.Repeat(" ", max(0, w-ansi.StringWidth(s)))
	if s == "" {
		return pad
	}
	return look.Render(s) + pad
}
