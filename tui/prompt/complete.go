package prompt

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
)

// menuRows is how many candidates the menu shows at once.
const menuRows = 8

// minHelp is the least width at which the menu says what its candidates are.
const minHelp = 12

// A cycle goes round the candidates of one completion.
type cycle struct {
	base string // the line that they complete
	list []Candidate
	at   int
}

// completed are the candidates that a model asked for when it had seen so many edits.
type completed struct {
	model *Model
	edits int
	list  []Candidate
}

// complete shows the next candidate, or asks for candidates first.
func (m *Model) complete(step int) tea.Cmd {
	if m.cfg.Complete == nil {
		return nil
	}
	if m.cycle != nil {
		return m.take(m.cycle.at + step)
	}
	waiting := m.steps != 0
	m.steps += step
	if waiting {
		return nil
	}
	model, edits, find, text, cursor := m, m.edits, m.cfg.Complete, m.line.text, m.line.cursor
	return func() tea.Msg { return completed{model, edits, find(text, cursor)} }
}

// show begins to go round what was found, unless the line has changed since.
func (m *Model) show(c completed) tea.Cmd {
	if c.model != m || c.edits != m.edits {
		return nil
	}
	steps := m.steps
	m.steps = 0
	if len(c.list) == 0 {
		return nil
	}
	m.cycle = &cycle{base: m.line.text, list: c.list}
	if steps > 0 {
		steps-- // the first tab shows the first one
	}
	cmd := m.take(steps)
	if len(c.list) == 1 {
		m.cycle = nil
	}
	return cmd
}

// take puts a candidate into the line; the count goes round.
func (m *Model) take(at int) tea.Cmd {
	c := m.cycle
	n := len(c.list)
	c.at = (at%n + n) % n
	pick := c.list[c.at]
	start := max(0, min(pick.Start, len(c.base)))
	end := max(start, min(pick.End, len(c.base)))
	m.line.Set(c.base[:start]+pick.Text+c.base[end:], start+len(pick.Text))
	m.browsing = false
	m.settle()
	return m.check()
}

// Menu returns the candidates around the chosen one, to be drawn above the line:
// none or several rows of one width, which is at most that of the line.
func (m *Model) Menu() []string {
	if m.cycle == nil || m.w < 8 {
		return nil
	}
	list, at := m.cycle.list, m.cycle.at
	top := max(0, min(at-menuRows/2, len(list)-menuRows))
	list = list[top:min(len(list), top+menuRows)]
	texts, helps := 0, 0
	for _, c := range list {
		texts = max(texts, ansi.StringWidth(content.Clean(c.Text)))
		helps = max(helps, ansi.StringWidth(content.Clean(c.Help)))
	}
	texts = min(texts, m.w-4)
	room := m.w - m.pickColumn() - texts - 6
	if room < min(helps, minHelp) {
		room = 0 // the help of the chosen one is below the line
	}
	helps = min(helps, room)
	rows := make([]string, len(list))
	for i, c := range list {
		rows[i] = m.menuRow(c, top+i == at, texts, helps)
	}
	return rows
}

func (m *Model) menuRow(c Candidate, chosen bool, texts, helps int) string {
	look, sign := m.theme.Candidate, "  "
	if chosen {
		look, sign = m.theme.CandidateFocus, "› "
	}
	row := sign + exact(content.Clean(c.Text), texts)
	if helps > 0 {
		row += "  " + exact(content.Clean(c.Help), helps)
	}
	return look.Render(row + "  ")
}

// MenuColumn returns the column at which the menu is best drawn.
func (m *Model) MenuColumn() int {
	menu := m.Menu()
	if len(menu) == 0 {
		return 0
	}
	return min(m.pickColumn(), m.w-ansi.StringWidth(menu[0]))
}

// pickColumn is where a candidate's sign stands if its text is to be above the word it replaces.
func (m *Model) pickColumn() int {
	start := max(m.line.first, min(m.cycle.list[m.cycle.at].Start, len(m.line.text)))
	return max(0, m.labelWidth()+ansi.StringWidth(content.Clean(m.line.text[m.line.first:start]))-2)
}

// remark returns what is said of the line and how that looks.
func (m *Model) remark() (string, lipgloss.Style) {
	if c := m.cycle; c != nil {
		note := fmt.Sprintf("%d/%d", c.at+1, len(c.list))
		if help := c.list[c.at].Help; help != "" {
			note += "  " + content.Clean(help)
		}
		return note, m.theme.Hint
	}
	if m.wrong {
		return m.note, m.theme.Error
	}
	return m.note, m.theme.Hint
}

// exact returns a clean text cut or padded to a width.
func exact(s string, w int) string {
	s = ansi.Truncate(s, w, "…")
	return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s)))
}
