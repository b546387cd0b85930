package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
)

// The longest text of a row that has one cell, in bytes, and of a cell among others, in cells.
const (
	maxViewerText = 64 << 10
	maxCell       = 512
)

// A dataViewer shows what a command returned.
type dataViewer struct {
	app  *App
	rows [][]string
	list picker
	find listSearch
	w, h int
	lay  []string // the rows as lines
	made int      // the width they were made for
	need int      // the width of the widest row that has one cell
}

func newDataViewer(a *App, rows [][]string) *dataViewer {
	d := &dataViewer{app: a, rows: rows}
	for _, row := range rows {
		if len(row) == 1 {
			d.need = max(d.need, ansi.StringWidth(content.Clean(clip(row[0], maxCell))))
		}
	}
	d.find = inPicker(a, &d.list, func(i int) string { return d.lay[i] })
	d.list.line = func(i, w int, focus bool) []string {
		p := &painter{theme: a.theme, focus: focus, find: d.find.re}
		p.left(a.theme.Text, d.lay[i], w)
		return []string{p.String()}
	}
	return d
}

func (d *dataViewer) Name() string    { return "dataviewer" }
func (d *dataViewer) Context() string { return "dataviewer" }
func (d *dataViewer) Title() string   { return "Data viewer" }

// Size is four fifths of the width, or more where a line needs it, and as much of the height as is needed,
// but leaves three rows where there are enough.
func (d *dataViewer) Size(w, h int) (int, int) {
	width := max((w*4+4)/5, min(d.need+2, w))
	d.arrange(width - 2)
	return width, min(len(d.lay)+2, max(h-3, min(h, 8)))
}

func (d *dataViewer) SetSize(w, h int) {
	d.w, d.h = w, h
	d.arrange(w - 2)
	d.list.SetSize(max(w-2, 0), max(h-2, 0))
	d.list.setLen(len(d.lay))
}

// arrange breaks the rows into lines of a width; several columns stand side by side.
func (d *dataViewer) arrange(w int) {
	if w = max(w, 1); w == d.made {
		return
	}
	d.made, d.lay = w, nil
	widths := columnWidths(d.rows, w)
	for _, row := range d.rows {
		if len(row) == 1 {
			d.lay = append(d.lay, hardWrap(content.Clean(row[0][:min(len(row[0]), maxViewerText)]), w)...)
			continue
		}
		d.lay = append(d.lay, sideBySide(row, widths)...)
	}
}

// sideBySide puts the cells of a row side by side, each wrapped within the cells of its column.
func sideBySide(row []string, widths []int) []string {
	var lines []string
	before := 0
	for i, cell := range row {
		for n, line := range hardWrap(content.Clean(clip(cell, maxCell)), max(widths[i]-1, 1)) {
			if n == len(lines) {
				lines = append(lines, "")
			}
			lines[n] = fit(lines[n], before) + line
		}
		before += widths[i]
	}
	return lines
}

// columnWidths divides w cells among the columns of rows: each has what it needs, or where that
// is too much an equal share of what the narrower ones leave.
func columnWidths(rows [][]string, w int) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(ansi.StringWidth(content.Clean(clip(cell, maxCell))), maxCell)+1)
		}
	}
	byNeed := make([]int, len(widths))
	for i := range byNeed {
		byNeed[i] = i
	}
	slices.SortStableFunc(byNeed, func(a, b int) int { return widths[a] - widths[b] })
	for n, i := range byNeed {
		widths[i] = max(min(widths[i], w/(len(widths)-n)), 1)
		w -= widths[i]
	}
	return widths
}

func (d *dataViewer) Key(k tea.KeyPressMsg) (tea.Cmd, bool) { return d.find.key(d, k) }

func (d *dataViewer) Nav(n nav) tea.Cmd {
	d.list.move(n)
	return nil
}

func (d *dataViewer) Mouse(m tea.MouseMsg, _, y int) tea.Cmd {
	if i := d.list.mouse(m, y-1); i >= 0 {
		d.list.focus = i
	}
	return nil
}

func (d *dataViewer) View() string {
	return d.app.frameBox(d.find.titled("Data viewer"), strings.Split(d.list.View(), "\n"), d.w, d.h)
}
