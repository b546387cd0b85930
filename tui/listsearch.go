package tui

import (
	"fmt"
	"regexp"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/prompt"
	"sluice/tui/text"
)

// maxFound is how much of the text of one row is searched, in bytes.
const maxFound = 64 << 10

// A listSearch searches the rows of a window as the text of a flow is searched: / asks for a pattern, n and N go on.
type listSearch struct {
	app  *App
	len  func() int
	text func(i int) string // of a row, in which the pattern may be anywhere
	at   func() int         // the row to go on from
	goTo func(i int)
	anew func() // called when something else is searched for; may be nil

	re      *regexp.Regexp // nil: nothing is searched for
	pattern string
	hits    int // rows that have it
	current int // which of them was gone to, from 1 on
	row     int // and where that was
}

// inPicker returns a listSearch over the rows of a list.
func inPicker(a *App, l *picker, text func(i int) string) listSearch {
	return listSearch{app: a, text: text, len: func() int { return l.len }, at: func() int { return l.focus },
		goTo: func(i int) {
			l.focus = i
			l.settle()
		}}
}

// key handles the keys of searching, unless a binding of the window has them.
func (f *listSearch) key(w window, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if _, bound := f.app.keys.Exact(w.Context(), k.Text); bound {
		return nil, false
	}
	switch k.Text {
	case "/":
		return f.app.askSearch(f.search), true
	case "n":
		return f.turn(1), true
	case "N":
		return f.turn(-1), true
	}
	return nil, false
}

// A rowsFound is what a search has found, apart from the screen.
type rowsFound struct {
	search  *listSearch
	pattern string
	re      *regexp.Regexp
	hits    []int // rows
	dir     int
}

// search goes to the next row that has a pattern, which is one as of text.Model.Search. The empty pattern ends searching.
func (f *listSearch) search(pattern string) tea.Cmd {
	f.pattern = pattern
	if pattern == "" {
		f.use(nil)
		return nil
	}
	return f.look(nil, 1)
}

// use marks the matches of a pattern from now on.
func (f *listSearch) use(re *regexp.Regexp) {
	if f.re == re {
		return
	}
	f.re = re
	if f.anew != nil {
		f.anew()
	}
}

// turn goes to the next row that has the pattern, or to the one before; at the end it goes on at the other.
func (f *listSearch) turn(dir int) tea.Cmd {
	if f.pattern == "" {
		f.app.foot.message("alert", "Press / to search.", hintTime)
		return nil
	}
	return f.look(f.re, dir)
}

// look searches the rows as they are now, by the pattern if that has not been made a regular expression yet.
func (f *listSearch) look(re *regexp.Regexp, dir int) tea.Cmd {
	rows := make([]string, f.len())
	for i := range rows {
		rows[i] = f.text(i)
	}
	pattern := f.pattern
	return func() tea.Msg {
		if re == nil {
			re = text.Compile(pattern)
		}
		var hits []int
		for i, row := range rows {
			if re.MatchString(row[:min(len(row), maxFound)]) {
				hits = append(hits, i)
			}
		}
		return rowsFound{f, pattern, re, hits, dir}
	}
}

// found goes to what was found, unless something else is searched for meanwhile.
func (f *listSearch) found(msg rowsFound) {
	if msg.pattern != f.pattern {
		return
	}
	f.use(msg.re)
	f.hits, f.current = len(msg.hits), 0
	if f.hits == 0 {
		f.app.foot.message("alert", "Search not found.", hintTime)
		return
	}
	next, from := -1, f.at()
	for k, i := range msg.hits {
		if msg.dir > 0 && i > from && next < 0 || msg.dir < 0 && i < from {
			next = k
		}
	}
	switch {
	case next < 0 && msg.dir > 0:
		next = 0
	case next < 0:
		next = f.hits - 1
	}
	f.current, f.row = next+1, msg.hits[next]
	f.goTo(f.row)
}

// titled adds to a title what is searched for and which of how many matches has the focus.
func (f *listSearch) titled(title string) string {
	switch {
	case f.re == nil:
		return title
	case f.hits == 0:
		return fmt.Sprintf("%s  /%s: no match", title, f.pattern)
	case f.at() == f.row:
		return fmt.Sprintf("%s  /%s: %d of %d", title, f.pattern, f.current, f.hits)
	}
	return fmt.Sprintf("%s  /%s: %d", title, f.pattern, f.hits)
}

// askSearch asks for what to look for. An empty line ends a search.
func (a *App) askSearch(search func(pattern string) tea.Cmd) tea.Cmd {
	cfg := prompt.Config{Label: "Search for: ", History: a.searches}
	a.foot.open(prompt.New(a.theme, cfg), search)
	return nil
}
