// Package grid is an editable table: headers, query, forms, cookies and the
// like, a row for each field. It is told what to edit by a Spec and knows nothing of flows.
//
// A Model lives on the goroutine of the program. Files and editors are
// used in the tea.Cmds that it returns, and their results come back through Update.
package grid

import (
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/prompt"
	"sluice/tui/style"
)

// Kind is what a column holds.
type Kind uint8

// The kinds of column. All but Plain are edited as escaped text.
const (
	Text       Kind = iota // characters
	Plain                  // characters, a backslash one of them
	Bytes                  // bytes, everything above ASCII escaped
	Attributes             // attributes of a cookie, edited in a grid of their own
)

// A Column is one column of a grid.
type Column struct {
	Name      string // its heading; "" for none
	Kind      Kind
	Width     int  // the most cells it takes, unless it is the first; 0: its share
	Multiline bool // enter breaks the line of a value rather than ending its edit
}

// A Spec says what is edited.
type Spec struct {
	Title   string
	Columns []Column
	Rows    [][]string // a value for each column; any bytes. The grid copies them
	// Validate returns what is wrong with a value that was entered, with what to do; "": nothing. Nil allows all.
	Validate func(row []string, col int) string
}

// A Notice is a line that the person should see: what was done, or why it could not be.
type Notice struct {
	Text string
	Err  error
}

// ErrAttributes says that attributes are edited with enter only.
var ErrAttributes = errors.New("press enter to edit this field")

var errNoCell = errors.New("no field to fill: press a to add a row")

// maxInline is the longest value that is edited in its field, in bytes. Longer ones take an editor.
const maxInline = 64 << 10

// A Model is a grid being edited.
type Model struct {
	theme *style.Theme
	spec  Spec
	rows  [][]string
	w, h  int

	row, col int
	top      int          // the first visible row
	edit     *prompt.Line // nil: navigating
	before   string       // what the edit began with
	note     string       // why the edit cannot be taken
	refused  string       // the text that note is about
	sub      *Model       // the attributes of the focused cell being edited
	pending  int          // tells the results of files and editors that are no longer wanted
}

// New returns a grid of 80 by 24 cells; SetSize changes that.
func New(theme *style.Theme, spec Spec) *Model {
	m := &Model{theme: theme, spec: spec, rows: clone(spec.Rows, len(spec.Columns)), w: 80, h: 24}
	return m
}

// clone copies rows and makes each of them one of n values.
func clone(rows [][]string, n int) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = make([]string, n)
		copy(out[i], row)
	}
	return out
}

// SetSize sets the size of the view in cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = max(0, w), max(0, h)
	if m.sub != nil {
		m.sub.SetSize(w, h)
	}
	m.settle()
}

// Title returns the name of the window.
func (m *Model) Title() string { return m.active().spec.Title }

// Rows returns the rows that have a value. A value being edited counts if it is valid.
func (m *Model) Rows() [][]string {
	rows := clone(m.rows, len(m.spec.Columns))
	if m.sub != nil {
		rows[m.row][m.col] = JoinAttributes(m.sub.Rows())
	}
	if m.edit != nil {
		if value, why := m.entered(); why == "" {
			rows[m.row][m.col] = value
		}
	}
	return withValues(rows)
}

func withValues(rows [][]string) [][]string {
	return slices.DeleteFunc(rows, func(row []string) bool { return strings.Join(row, "") == "" })
}

// Changed reports whether Rows differ from those of the Spec that have a value.
func (m *Model) Changed() bool {
	before := withValues(clone(m.spec.Rows, len(m.spec.Columns)))
	return !slices.EqualFunc(m.Rows(), before, slices.Equal[[]string])
}

// Editing reports whether a value is being edited, so that keys are text.
func (m *Model) Editing() bool { return m.active().edit != nil }

// Nested reports whether a grid within the grid is open, which esc and q close.
func (m *Model) Nested() bool { return m.sub != nil }

// active returns the grid that the person works in: this one, or that of the attributes.
func (m *Model) active() *Model {
	if m.sub != nil {
		return m.sub
	}
	return m
}

// Add puts a blank row behind the focused one and edits it.
func (m *Model) Add() { m.active().open(1) }

// Insert puts a blank row before the focused one and edits it.
func (m *Model) Insert() { m.active().open(0) }

func (m *Model) open(offset int) {
	if !m.commit() {
		return
	}
	at := min(m.row+offset, len(m.rows))
	m.rows = slices.Insert(m.rows, at, make([]string, len(m.spec.Columns)))
	m.row, m.col = at, 0
	m.pending++
	m.begin()
}

// Delete takes the focused row away.
func (m *Model) Delete() {
	m = m.active()
	m.edit, m.note = nil, ""
	if m.row < len(m.rows) {
		m.rows = slices.Delete(m.rows, m.row, m.row+1)
		m.pending++
	}
	m.row = max(0, min(m.row, len(m.rows)-1))
	m.settle()
}

// Select edits the focused value.
func (m *Model) Select() { m.active().begin() }

func (m *Model) begin() {
	switch {
	case len(m.rows) == 0:
		m.open(0)
		return
	case m.spec.Columns[m.col].Kind == Attributes:
		m.sub = New(m.theme, attributesSpec(m.rows[m.row][m.col]))
		m.sub.SetSize(m.w, m.h)
	case len(m.rows[m.row][m.col]) > maxInline:
		m.note = "this value is too long to edit here: press e for an editor"
		return
	default:
		m.before = m.escaped(m.col, m.rows[m.row][m.col])
		m.edit = prompt.NewLine(m.before)
	}
	m.note = ""
	m.settle()
}

func (m *Model) escaped(col int, value string) string {
	kind := m.spec.Columns[col].Kind
	if kind == Plain {
		return value
	}
	return Escape(value, kind == Bytes)
}

// entered returns the value that the edit makes, or why it makes none.
func (m *Model) entered() (value, why string) {
	if m.edit.Text() == m.before {
		return m.rows[m.row][m.col], ""
	}
	if m.spec.Columns[m.col].Kind == Plain {
		value = strings.TrimSpace(m.edit.Text())
		return value, m.check(value)
	}
	value, err := Unescape(m.edit.Text())
	if err != nil {
		return "", err.Error()
	}
	return value, m.check(value)
}

// check returns why the focused field cannot have a value.
func (m *Model) check(value string) string {
	if m.spec.Validate == nil {
		return ""
	}
	row := slices.Clone(m.rows[m.row])
	row[m.col] = value
	return m.spec.Validate(row, m.col)
}

// commit ends the edit of a value and keeps it. It is false if the value is not valid: the edit goes on.
func (m *Model) commit() bool {
	if m.edit == nil {
		return true
	}
	value, why := m.entered()
	if why != "" {
		m.note, m.refused = why, m.edit.Text()
		return false
	}
	m.rows[m.row][m.col] = value
	m.edit, m.note = nil, ""
	m.settle()
	return true
}

// leave ends the edit of a value. One that was refused, and is as it was then, is dropped.
func (m *Model) leave() {
	if m.note != "" && m.edit.Text() == m.refused {
		m.edit, m.note = nil, ""
		return
	}
	if !m.commit() {
		m.note = strings.TrimPrefix(m.note, "invalid data: ") + "; esc drops it"
	}
}

// leaveSub takes over the attributes that were edited.
func (m *Model) leaveSub() {
	if m.sub.Changed() {
		m.rows[m.row][m.col] = JoinAttributes(m.sub.Rows())
	}
	m.sub = nil
	m.settle()
}

// fill replaces the focused value.
func (m *Model) fill(value string) error {
	if why := m.check(value); why != "" {
		return errors.New(why)
	}
	m.rows[m.row][m.col] = value
	m.edit, m.note = nil, ""
	m.settle()
	return nil
}

// Mouse focuses the field that is clicked, edits it when it has the focus, and moves with the wheel.
func (m *Model) Mouse(msg tea.MouseMsg, x, y int) tea.Cmd {
	m = m.active()
	switch msg := msg.(type) {
	case tea.MouseWheelMsg:
		if m.edit == nil && msg.Button == tea.MouseWheelUp {
			m.move(-1)
		} else if m.edit == nil && msg.Button == tea.MouseWheelDown {
			m.move(+1)
		}
	case tea.MouseClickMsg:
		row, col, ok := m.at(x, y)
		switch {
		case !ok || m.edit != nil && !m.commit():
		case row == m.row && col == m.col:
			m.begin()
		default:
			m.row, m.col = row, col
			m.settle()
		}
	}
	return nil
}
