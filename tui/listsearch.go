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

// search goes to the next row that has a pattern, which is one as of text.Model.Search. The empty pattern ends searching.
func (f *listSearch) search(pattern string) tea.Cmd {
	f.re, f.pattern = nil, pattern
	if pattern != "" {
		f.re = text.Compile(pattern)
	}
	if f.anew != nil {
		f.anew()
	}
	if f.re == nil {
		return nil
	}
	return f.turn(1)
}

// turn goes to the next row that has the pattern, or to the one before; at the end it goes on at the other.
func (f *listSearch) turn(dir int) tea.Cmd {
	if f.re == nil {
		f.app.foot.message("alert", "Press / to search.", hintTime)
		return nil
	}
	n, from, next := f.len(), f.at(), -1
	var hits []int
	for i := range n {
		if row := f.text(i); f.re.MatchString(row[:min(len(row), maxFound)]) {
			hits = append(hits, i)
		}
	}
	for k, i := range hits {
		if dir > 0 && i > from && next < 0 || dir < 0 && i < from {
			next = k
		}
	}
	f.hits = len(hits)
	switch {
	case len(hits) == 0:
		f.current = 0
		f.app.foot.message("alert", "Search not found.", hintTime)
		return nil
	case next < 0 && dir > 0:
		next = 0
	case next < 0:
		next = len(hits) - 1
	}
	f.current, f.row = next+1, hits[next]
	f.goTo(f.row)
	return nil
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
