package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/content"
)

// helpRows is the height of the pane below a reference, its title included.
const helpRows = 6

// A reference is a list with an explanation of the focused row below it. The
// windows for options, commands and key bindings are made of it.
type reference struct {
	app           *App
	name, title   string
	below         string // the title of the explanation
	list          picker
	find          listSearch
	w, h          int
	load          func()             // reads the rows anew
	explain       func(i int) string // what is said of a row
	choose        func(i int) tea.Cmd
	inExplanation bool // the movement next has gone there
}

func (r *reference) Name() string    { return r.name }
func (r *reference) Context() string { return r.name }
func (r *reference) Title() string   { return r.find.titled(r.title) }

func (r *reference) SetSize(w, h int) {
	r.w, r.h = w, h
	r.list.SetSize(w, h-r.helpHeight())
}

// helpHeight leaves most of a small pane to the list.
func (r *reference) helpHeight() int {
	if r.h < 2*helpRows {
		return 0
	}
	return helpRows
}

// searchIn makes the rows searchable by what they show and by what is said of them.
func (r *reference) searchIn(row func(i int) string) {
	r.find = inPicker(r.app, &r.list, func(i int) string { return row(i) + "\n" + r.explain(i) })
}

func (r *reference) Key(k tea.KeyPressMsg) (tea.Cmd, bool) { return r.find.key(r, k) }

// Mouse scrolls; a click focuses a row, and one on the focused row chooses it.
func (r *reference) Mouse(m tea.MouseMsg, _, y int) tea.Cmd {
	if i := r.list.mouse(m, y); i >= 0 {
		if i == r.list.focus {
			return r.choose(i)
		}
		r.list.focus = i
	}
	return nil
}

func (r *reference) Nav(n nav) tea.Cmd {
	switch n {
	case navSelect:
		if r.list.focus < r.list.len {
			return r.choose(r.list.focus)
		}
	case navNext:
		r.inExplanation = !r.inExplanation
	default:
		r.list.move(n)
	}
	return nil
}

func (r *reference) Shown() tea.Cmd { return r.Refresh() }

func (r *reference) Refresh() tea.Cmd {
	r.load()
	r.list.settle()
	return nil
}

func (r *reference) View() string {
	if r.helpHeight() == 0 {
		return r.list.View()
	}
	t := r.app.theme
	heading := t.HeadingInactive
	if r.inExplanation {
		heading = t.Heading
	}
	lines := []string{bar(heading, " "+r.below, r.w)}
	if r.list.focus < r.list.len {
		for _, line := range wrap(r.explain(r.list.focus), r.w-2) {
			p := &painter{theme: t, find: r.find.re}
			p.blank(min(1, r.w))
			p.left(t.Text, content.Clean(line), max(r.w-1, 0))
			lines = append(lines, p.String())
		}
	}
	below := stack(lines, r.w, r.helpHeight())
	if r.list.h <= 0 {
		return below
	}
	return r.list.View() + "\n" + below
}

// lead puts the mark of the focused row into three cells.
func lead(p *painter) {
	mark := ""
	if p.focus {
		mark = focusSign
	}
	p.left(p.theme.Focus, mark, 3)
}

// newCommandsWindow lists all commands.
func newCommandsWindow(a *App) *reference {
	r := &reference{app: a, name: "commands", title: "Command Reference", below: "Command Help"}
	all := a.registry.All()
	r.load = func() { r.list.len = len(all) }
	r.explain = func(i int) string { return all[i].Help }
	r.choose = func(i int) tea.Cmd { return a.commandPrompt(all[i].Name+" ", 0) }
	r.list.line = func(i, w int, focus bool) []string {
		return []string{r.commandLine(all[i], w, focus)}
	}
	r.searchIn(func(i int) string { return command.Signature(all[i]) })
	return r
}

func (r *reference) commandLine(c command.Command, w int, focus bool) string {
	t := r.app.theme
	p := &painter{theme: t, focus: focus}
	lead(p)
	p.find = r.find.re
	spans := []span{{c.Name, t.Title}}
	for _, param := range c.Params {
		spans = append(spans, span{" " + param.String(), t.Text})
	}
	if c.Result != command.NoResult {
		spans = append(spans, span{" -> ", t.Faint}, span{string(c.Result), t.Muted})
	}
	p.spans(max(w-3, 0), spans...)
	return fit(p.String(), w)
}

// newKeysWindow lists all key bindings.
func newKeysWindow(a *App) *keysWindow {
	w := &keysWindow{reference: reference{app: a, name: "keybindings", title: "Key Bindings", below: "Key Binding Help"}}
	w.load = func() {
		w.bindings = a.keys.List("")
		w.list.len = len(w.bindings)
	}
	w.explain = func(i int) string {
		b := w.bindings[i]
		return strings.TrimPrefix(b.Help+"\n", "\n") + strings.Join(strings.Fields(b.Command), " ")
	}
	w.choose = func(i int) tea.Cmd { return a.editBinding(w.bindings[i]) }
	w.list.line = w.line
	w.searchIn(func(i int) string {
		b := w.bindings[i]
		return b.Key + "  " + strings.Join(b.Contexts, ", ")
	})
	return w
}
