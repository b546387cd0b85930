package detail

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/tui/text"
)

// on runs a verb of the text that shows.
func (m *Model) on(verb func(t *text.Model) tea.Cmd) tea.Cmd {
	if t := m.text(); t != nil {
		return verb(t)
	}
	return nil
}

// Scroll moves by rows, down if n is positive.
func (m *Model) Scroll(n int) tea.Cmd {
	return m.on(func(t *text.Model) tea.Cmd { return t.Scroll(n) })
}

// Page moves by pages.
func (m *Model) Page(n int) tea.Cmd {
	return m.on(func(t *text.Model) tea.Cmd { return t.Page(n) })
}

// Start goes to the first line.
func (m *Model) Start() tea.Cmd { return m.on((*text.Model).Start) }

// End goes to the last line.
func (m *Model) End() tea.Cmd { return m.on((*text.Model).End) }

// Search looks for a pattern in all of the current tab; see text.Model.
func (m *Model) Search(pattern string) tea.Cmd {
	return m.on(func(t *text.Model) tea.Cmd { return t.Search(pattern) })
}

// SearchNext goes to the next match, or to the one before if dir is negative.
func (m *Model) SearchNext(dir int) tea.Cmd {
	return m.on(func(t *text.Model) tea.Cmd { return t.SearchNext(dir) })
}

// Key handles the keys of tabs and of text. It may ask for a text.SearchPrompt.
func (m *Model) Key(k tea.KeyPressMsg) (tea.Cmd, bool) {
	t := m.text()
	if t == nil {
		return nil, false
	}
	switch k.Keystroke() {
	case "right":
		return m.NextTab(1), true
	case "left":
		return m.NextTab(-1), true
	}
	return t.Key(k)
}

// Mouse selects tabs and passes on what belongs to the text.
func (m *Model) Mouse(msg tea.MouseMsg, x, y int) tea.Cmd {
	t := m.text()
	if t == nil {
		return nil
	}
	if _, click := msg.(tea.MouseClickMsg); click && y <= len(m.head) {
		if i := m.tabAt(x); y == len(m.head) && i >= 0 {
			return m.SelectTab(i)
		}
		return nil
	}
	return t.Mouse(msg, x, y-len(m.head)-1)
}

// View draws the head of the flow, the tabs and the text.
func (m *Model) View() string {
	if m.h <= 0 {
		return ""
	}
	if len(m.tabs) == 0 {
		blank := strings.Repeat(" ", m.w)
		return strings.Join(append([]string{fit(m.theme.Muted.Render("No flow."), m.w)}, repeat(blank, m.h-1)...), "\n")
	}
	lines := append(m.head[:len(m.head):len(m.head)], m.tabBar())
	if body := m.text().View(); m.h > len(lines) {
		lines = append(lines, body)
	}
	return strings.Join(lines, "\n")
}

func repeat(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// fit makes a line, which may be styled, exactly w cells wide.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	n := ansi.StringWidth(s)
	if n > w {
		s = ansi.Truncate(s, w, "…")
		n = ansi.StringWidth(s)
	}
	return s + strings.Repeat(" ", max(w-n, 0))
}
