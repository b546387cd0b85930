package grid

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
)

const (
	marker     = 2  // cells in front of a row
	gap        = 2  // cells between columns
	firstWidth = 22 // of the first column of several
	maxWrap    = 8  // rows that the focused row takes at most
)

// settle brings the focused row into view.
func (m *Model) settle() {
	if m.edit != nil {
		widths := m.widths()
		m.edit.Scroll(widths[m.col])
	}
	room := m.page()
	height := min(m.height(m.row), room)
	m.top = min(m.top, m.row)
	m.top = max(m.top, m.row-room+height)
	m.top = max(0, min(m.top, len(m.rows)-1))
}

// page returns how many rows fit, at least one.
func (m *Model) page() int { return max(1, m.h-m.headRows()-m.footRows()) }

func (m *Model) headRows() int {
	named := slices.ContainsFunc(m.spec.Columns, func(c Column) bool { return c.Name != "" })
	if named && m.h > 2 {
		return 1
	}
	return 0
}

func (m *Model) footRows() int {
	if m.h > 3 {
		return 1
	}
	return 0
}

// widths returns the cells of each column; together with marker and gaps they are the width of the view at most.
func (m *Model) widths() []int {
	n := len(m.spec.Columns)
	room := max(0, m.w-marker-gap*(n-1))
	out := make([]int, n)
	if n == 1 {
		out[0] = room
		return out
	}
	out[0] = min(max(firstWidth, m.w/4), 36, room/n)
	rest := room - out[0]
	for i := 1; i < n; i++ {
		out[i] = rest / (n - i)
		if most := m.spec.Columns[i].Width; most > 0 {
			out[i] = min(out[i], most)
		}
		rest -= out[i]
	}
	return out
}

// height returns how many rows of the screen a row takes: one, but for the focused one.
func (m *Model) height(row int) int {
	if row != m.row || row >= len(m.rows) || m.edit != nil {
		return 1
	}
	most := 1
	for i, w := range m.widths() {
		most = max(most, len(m.wrap(row, i, w)))
	}
	return most
}

// wrap returns a value in pieces of a width, no more than are shown.
func (m *Model) wrap(row, col, w int) []string {
	s := m.shown(row, col, w*maxWrap)
	if w < 2 || ansi.StringWidth(s) <= w {
		return []string{s}
	}
	lines := strings.Split(ansi.Hardwrap(s, w, true), "\n")
	if most := min(maxWrap, max(1, m.page()/2)); len(lines) > most {
		lines = lines[:most]
		lines[most-1] = ansi.Truncate(lines[most-1]+"…", w, "…")
	}
	return lines
}

// shown returns the front of a value as it is read, with room for so many cells.
func (m *Model) shown(row, col, cells int) string {
	value := m.rows[row][col]
	cut := len(value) > 4*cells+4
	if cut {
		value = value[:4*cells+4]
	}
	s := content.Clean(strings.TrimSpace(m.escaped(col, value)))
	if cut {
		s += "…"
	}
	return s
}

// at returns the field that is drawn at a place.
func (m *Model) at(x, y int) (row, col int, ok bool) {
	y -= m.headRows()
	if y < 0 || y >= m.page() {
		return 0, 0, false
	}
	for row = m.top; row < len(m.rows); row++ {
		if y -= m.height(row); y < 0 {
			break
		}
	}
	x -= marker
	widths := m.widths()
	for col < len(widths)-1 && x >= widths[col]+gap {
		x -= widths[col] + gap
		col++
	}
	return row, col, row < len(m.rows)
}

// View returns exactly h rows of w cells.
func (m *Model) View() string {
	if m.sub != nil {
		return m.sub.View()
	}
	if m.w == 0 || m.h == 0 {
		return strings.Repeat("\n", max(0, m.h-1))
	}
	lines := make([]string, 0, m.h)
	widths := m.widths()
	if m.headRows() > 0 {
		lines = append(lines, m.head(widths))
	}
	last := m.h - m.footRows()
	for row := m.top; row < len(m.rows) && len(lines) < last; row++ {
		lines = append(lines, m.rowLines(row, widths)...)
	}
	lines = lines[:min(len(lines), last)]
	for len(lines) < last {
		lines = append(lines, "")
	}
	if m.footRows() > 0 {
		lines = append(lines, m.foot())
	}
	for i, line := range lines {
		lines[i] = exact(line, m.w)
	}
	return strings.Join(lines, "\n")
}

func (m *Model) head(widths []int) string {
	cells := make([]string, len(widths))
	for i, c := range m.spec.Columns {
		cells[i] = m.theme.Head.Render(exact(content.Clean(c.Name), widths[i]))
	}
	return strings.Repeat(" ", marker) + strings.Join(cells, strings.Repeat(" ", gap))
}

func (m *Model) foot() string {
	switch {
	case m.note != "":
		return m.theme.Error.Render(ansi.Truncate(content.Clean(m.note), m.w, "…"))
	case len(m.rows) == 0:
		return m.theme.Hint.Render(ansi.Truncate("No values - you should add some. Press ? for help.", m.w, "…"))
	}
	return ""
}

// rowLines draws one row, the focused one wrapped.
func (m *Model) rowLines(row int, widths []int) []string {
	cells := make([][]string, len(widths))
	for col, w := range widths {
		if row == m.row {
			cells[col] = m.wrap(row, col, w)
		} else {
			cells[col] = []string{m.shown(row, col, w)}
		}
	}
	lines := make([]string, m.height(row))
	for i := range lines {
		var b strings.Builder
		b.WriteString(m.sign(row, i))
		for col, w := range widths {
			if col > 0 {
				b.WriteString(strings.Repeat(" ", gap))
			}
			text := ""
			if i < len(cells[col]) {
				text = cells[col][i]
			}
			b.WriteString(m.cell(row, col, text, w))
		}
		lines[i] = b.String()
	}
	return lines
}

func (m *Model) sign(row, line int) string {
	if row == m.row && line == 0 {
		return m.theme.Focus.Render(exact("›", marker))
	}
	return strings.Repeat(" ", marker)
}

// cell draws one line of a field as exactly w cells.
func (m *Model) cell(row, col int, text string, w int) string {
	look := m.look(col)
	if row == m.row && col == m.col {
		if m.edit != nil {
			return m.edit.Draw(w, m.theme.FieldEdit, m.theme.Cursor, nil, "", m.theme.Hint)
		}
		look = m.theme.Field
	}
	return look.Render(exact(text, w))
}

// look returns the style of a column: the first one names things.
func (m *Model) look(col int) lipgloss.Style {
	if col == 0 && len(m.spec.Columns) > 1 {
		return m.theme.Header
	}
	return m.theme.Text
}

// exact returns a text cut or padded to w cells.
func exact(s string, w int) string {
	s = ansi.Truncate(s, w, "…")
	return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s)))
}
