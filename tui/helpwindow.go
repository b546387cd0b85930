package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
	"sluice/proxy/filter"
	"sluice/tui/keymap"
)

// A helpWindow explains the keys of the window it was opened from, and filters.
type helpWindow struct {
	app     *App
	context string
	tab     int
	w, h    int
	top     int
	lines   []string // of the tab, for the width
	find    listSearch
	last    int // the line that was found last
	theme   any // they were made with
}

// searchable are the contexts of windows that are searched by keys of their own.
var searchable = []string{"flowview", "options", "commands", "keybindings", "eventlog", "dataviewer"}

// helpText is the column at which explanations begin.
const helpText = 28

var helpTabs = []string{"Key Bindings", "Filter Expressions"}

func newHelpWindow(a *App) *helpWindow {
	h := &helpWindow{app: a, context: a.front().Context()}
	h.find = listSearch{app: a, len: func() int { return len(h.lines) }, text: func(i int) string { return ansi.Strip(h.lines[i]) },
		at: h.at, goTo: h.goTo, anew: h.make}
	return h
}

// at returns the line to search on from: the one that was found last if it is in sight.
func (h *helpWindow) at() int {
	if h.last < h.top || h.last >= h.top+max(h.h-1, 1) {
		return h.top - 1
	}
	return h.last
}

// goTo brings a line into sight.
func (h *helpWindow) goTo(i int) {
	h.last = i
	h.top = scroll(h.top, i, max(h.h-1, 1), len(h.lines))
}

func (h *helpWindow) Name() string    { return "help" }
func (h *helpWindow) Context() string { return "help" }
func (h *helpWindow) Title() string   { return h.find.titled("Help") }

func (h *helpWindow) SetSize(w, height int) {
	if w != h.w || h.theme != h.app.theme {
		h.w = w
		h.write()
	}
	h.h = height
	h.scroll(0)
}

// write makes the lines of the tab and shows the first of them.
func (h *helpWindow) write() {
	h.make()
	h.top, h.last = 0, -1
}

// make makes the lines of the tab.
func (h *helpWindow) make() {
	h.theme = h.app.theme
	if h.tab == 0 {
		h.lines = h.keys()
	} else {
		h.lines = h.filters()
	}
}

func (h *helpWindow) Key(k tea.KeyPressMsg) (tea.Cmd, bool) { return h.find.key(h, k) }

func (h *helpWindow) Nav(n nav) tea.Cmd {
	page := max(h.h-1, 1)
	switch n {
	case navNext, navRight, navLeft: // there are two tabs
		h.tab = 1 - h.tab
		h.write()
	case navStart:
		h.top = 0
	case navEnd:
		h.scroll(len(h.lines))
	case navUp:
		h.scroll(-1)
	case navDown:
		h.scroll(1)
	case navPageUp:
		h.scroll(-page)
	case navPageDown:
		h.scroll(page)
	}
	return nil
}

func (h *helpWindow) scroll(n int) {
	h.top = min(max(h.top+n, 0), max(len(h.lines)-max(h.h-1, 1), 0))
}

// Mouse scrolls; a click on a tab selects it.
func (h *helpWindow) Mouse(m tea.MouseMsg, x, y int) tea.Cmd {
	switch m := m.(type) {
	case tea.MouseWheelMsg:
		if n, ok := wheel(m); ok {
			return h.Nav(n)
		}
	case tea.MouseClickMsg:
		if tab := min(x*len(helpTabs)/max(h.w, 1), len(helpTabs)-1); y == 0 && tab != h.tab {
			return h.Nav(navNext)
		}
	}
	return nil
}

func (h *helpWindow) View() string {
	if h.h <= 0 {
		return ""
	}
	t := h.app.theme
	p := &painter{theme: t}
	for i, name := range helpTabs {
		width := h.w / len(helpTabs)
		if i == len(helpTabs)-1 {
			width = h.w - p.w
		}
		style := t.Tab
		if i == h.tab {
			style = t.TabActive
		}
		if i == h.tab { // the mark that the tabs of a flow have
			name = "‹" + name + "›"
		}
		text := strings.Repeat(" ", max((width-ansi.StringWidth(name))/2, 0)) + name
		p.raw(style, fit(text, width), width)
	}
	lines := append([]string{p.String()}, h.lines[h.top:min(len(h.lines), h.top+max(h.h-1, 0))]...)
	return stack(lines, h.w, h.h)
}

// keys lists the bindings that work where help was asked for.
func (h *helpWindow) keys() []string {
	var lines []string
	sections := []struct{ title, context string }{
		{"Common Keybindings", keymap.Common}, {"Keybindings for this view", h.context},
		{"Global Keybindings", keymap.Global},
	}
	for _, s := range sections {
		list := h.app.keys.List(s.context)
		searched := s.context == h.context && slices.Contains(searchable, s.context)
		if len(list) == 0 && !searched {
			continue
		}
		lines = append(lines, h.blank(), h.heading(s.title))
		for _, b := range list {
			text := b.Help
			if text == "" {
				text = strings.Join(strings.Fields(b.Command), " ")
			}
			lines = append(lines, h.pair(b.Key, text)...)
		}
		if searched {
			for _, key := range [][2]string{{"/", "Search"}, {"n", "Next match"}, {"N", "Previous match"}} {
				lines = append(lines, h.pair(key[0], key[1])...)
			}
		}
	}
	return append(lines, h.blank())
}

// filters explains the filter language.
func (h *helpWindow) filters() []string {
	lines := []string{h.blank(), h.heading("Operators")}
	for _, op := range filter.Operators() {
		name := op.Name
		switch {
		case name == "":
			name = op.Arg
		case op.Arg != "":
			name += " " + op.Arg
		}
		lines = append(lines, h.pair(name, op.Help)...)
	}
	for _, op := range [][2]string{{"!", "not"}, {"&", "and; may be left out"}, {"|", "or"}, {"(...)", "grouping"}} {
		lines = append(lines, h.pair(op[0], op[1])...)
	}
	lines = append(lines, h.blank(), h.heading("Notes"))
	for _, note := range []string{
		"Regular expressions may be put in quotes, and must be where they hold blanks or brackets.",
		"Header patterns match lines of the form name: value.",
		"An expression without an operator is matched against the URL.",
	} {
		for _, line := range wrap(note, h.w-4) {
			p := &painter{theme: h.app.theme, find: h.find.re}
			p.blank(2)
			p.left(h.app.theme.Text, line, h.w-2)
			lines = append(lines, fit(p.String(), h.w))
		}
	}
	lines = append(lines, h.blank(), h.heading("Examples"))
	for _, ex := range [][2]string{
		{`google\.com`, "URLs that contain google.com"},
		{`~q ~b test`, "requests whose body contains test"},
		{`!(~q & ~t "text/html")`, "anything but requests with an HTML content type"},
	} {
		lines = append(lines, h.pair(ex[0], ex[1])...)
	}
	return append(lines, h.blank())
}

func (h *helpWindow) blank() string { return strings.Repeat(" ", h.w) }

func (h *helpWindow) heading(text string) string {
	p := &painter{theme: h.app.theme, find: h.find.re}
	p.blank(2)
	p.left(h.app.theme.Head, text, h.w-2)
	return fit(p.String(), h.w)
}

// pair puts a text beside what it is about, in as many lines as it needs.
func (h *helpWindow) pair(key, text string) []string {
	t := h.app.theme
	var lines []string
	for i, part := range wrap(content.Clean(text), h.w-helpText) {
		if i > 0 {
			key = ""
		}
		p := &painter{theme: t, find: h.find.re}
		p.blank(min(4, h.w))
		p.left(t.Key, content.Clean(key), min(helpText-4, max(h.w-4, 0)))
		p.left(t.Text, part, max(h.w-helpText, 0))
		lines = append(lines, fit(p.String(), h.w))
	}
	return lines
}
