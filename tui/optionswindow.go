package tui

import (
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/option"
	"sluice/tui/grid"
)

// leastValue is how many cells the value of an option has, at the cost of its name.
const leastValue = 12

// An optionsWindow lists the options.
type optionsWindow struct {
	reference
	specs   []option.Spec
	longest int // name
}

func newOptionsWindow(a *App) *optionsWindow {
	w := &optionsWindow{specs: a.options.All()}
	w.reference = reference{app: a, name: "options", title: "Options", below: "Option Help"}
	for _, s := range w.specs {
		w.longest = max(w.longest, len(s.Name))
	}
	w.load = func() { w.list.len = len(w.specs) }
	w.explain = w.describe
	w.choose = w.edit
	w.list.line = w.line
	w.searchIn(func(i int) string { return w.specs[i].Name + "  " + w.value(i) })
	return w
}

func (w *optionsWindow) line(i, width int, focus bool) []string {
	s, t := w.specs[i], w.app.theme
	p := &painter{theme: t, focus: focus}
	lead(p)
	p.find = w.find.re
	changed := w.app.options.Changed(s.Name)
	name, value := t.Title, t.Text
	sign := "  "
	if changed {
		name, value, sign = t.Changed, t.Changed, "* "
	}
	p.left(t.Changed, sign, min(2, max(width-3, 0)))
	names := min(w.longest, max(width-7-leastValue, width/2))
	p.left(name, s.Name, names)
	p.blank(2)
	p.left(value, content.Clean(clip(w.value(i), width)), max(width-7-names, 0))
	return []string{fit(p.String(), width)}
}

// value returns the value of an option as it is shown.
func (w *optionsWindow) value(i int) string {
	name := w.specs[i].Name
	if list, ok := w.app.options.Value(name).([]string); ok && len(list) == 0 {
		return ""
	}
	return w.app.options.Format(name)
}

func (w *optionsWindow) describe(i int) string {
	s := w.specs[i]
	text := s.Help
	if choices := choicesOf(s); len(choices) > 0 {
		text += "\nOne of: " + strings.Join(choices, ", ")
	}
	if s.Instead != "" {
		text += "\n" + s.Unsupported() + "."
	}
	return text
}

// choicesOf returns the only values that an option may have, nil if it may have any.
func choicesOf(s option.Spec) []string {
	switch s.Name {
	case "console_default_contentview", "dumper_default_contentview":
		return content.Names()
	}
	return s.Choices
}

// edit turns a switch over, offers choices, opens a grid for a list, or else the prompt with the value.
func (w *optionsWindow) edit(i int) tea.Cmd {
	a, s := w.app, w.specs[i]
	switch {
	case s.Type == option.Bool:
		return a.execute("set " + s.Name + " toggle")
	case len(choicesOf(s)) > 0:
		c := newChooser(a, s.Name, choicesOf(s), func(choice string) tea.Cmd {
			return a.execute("set " + s.Name + " " + command.Quote(choice))
		})
		c.current(a.options.Str(s.Name))
		return a.overlay(c)
	case s.Type == option.StrSeq:
		return a.push(newGridWindow(a, s.Name, listSpec(s.Name, a.options.Strs(s.Name)), func(rows [][]string) error {
			items := make([]string, len(rows))
			for i, row := range rows {
				items[i] = row[0]
			}
			return a.options.Update(map[string]any{s.Name: items})
		}))
	}
	return a.setPrompt(s.Name)
}

// listSpec is the grid in which the items of an option are edited.
func listSpec(name string, items []string) grid.Spec {
	spec := grid.Spec{Title: "Edit " + name, Columns: []grid.Column{{Kind: grid.Plain}}}
	for _, item := range items {
		spec.Rows = append(spec.Rows, []string{item})
	}
	return spec
}

// setPrompt opens the prompt with an option's value, the cursor within its last word.
func (a *App) setPrompt(name string) tea.Cmd {
	var text string
	var value any
	if _, err := option.Lookup(name); err == nil {
		value = a.options.Value(name)
	}
	if items, ok := value.([]string); ok && len(items) > 0 {
		words := make([]string, len(items))
		for i, item := range items {
			words[i] = command.Literal(item, true)
		}
		return a.commandPrompt("set "+name+" "+strings.Join(words, " "), 0)
	}
	if value != nil {
		text = a.options.Format(name)
	}
	if _, ok := value.([]string); ok {
		text = ""
	}
	word := "'" + command.Escape(text, true) + "'"
	if strings.Contains(text, "'") {
		word = command.Literal(text, true)
	}
	return a.commandPrompt("set "+name+" "+word, 1)
}

// resetFocused gives the focused option its default.
func (a *App) resetFocused() error {
	w, ok := top[*optionsWindow](a)
	if !ok {
		return errors.New("not viewing options: press O to do so")
	}
	return a.options.Reset(w.specs[w.list.focus].Name)
}

// widest returns the width of the widest text.
func widest(texts []string) int {
	return slices.Max(append([]int{0}, widths(texts)...))
}

func widths(texts []string) []int {
	out := make([]int, len(texts))
	for i, s := range texts {
		out[i] = ansi.StringWidth(s)
	}
	return out
}
