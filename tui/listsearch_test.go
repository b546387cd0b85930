package tui

import (
	"fmt"
	"strings"
	"testing"
)

// rowWithFocus returns the line of the screen that has the focus.
func rowWithFocus(d *driver) string {
	for line := range strings.Lines(d.screen()) {
		if strings.HasPrefix(line, ">>") {
			return line
		}
	}
	return ""
}

func TestSearchInLists(t *testing.T) {
	for _, c := range []struct{ key, pattern, first, second, last string }{
		{"O", "^proxyauth|^anticache", "anticache", "proxyauth", "proxyauth"},
		{"C", "^flow.mark", "flow.mark ", "flow.mark.toggle", "flow.mark.toggle"},
		{"K", "clear flow list", "Clear flow list", "Clear flow list", "Clear flow list"},
	} {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			t.Run(fmt.Sprint(c.key, size), func(t *testing.T) {
				drive(t, size[0], size[1], nil, func(d *driver) {
					d.press(c.key, "/")
					d.wantScreen("Search for:")
					d.write(c.pattern)
					d.press("enter")
					d.wantScreen("  /" + c.pattern + ": 1 of ")
					for i, key := range []string{"", "n", "N", "N"} {
						if key != "" {
							d.press(key)
						}
						want := []string{c.first, c.second, c.first, c.last}[i]
						if got := rowWithFocus(d); !strings.Contains(got, want) {
							t.Errorf("after %q the focus is on %q, want %s", key, got, want)
						}
					}
					d.press("/", "enter", "n")
					d.wantScreen("Press / to search.")
				})
			})
		}
	}
}

// The log goes on while it is searched, and says what is not there.
func TestSearchInTheLog(t *testing.T) {
	drive(t, 80, 24, nil, func(d *driver) {
		for i := range 100 {
			d.events.Add("info", fmt.Sprint("entry ", i))
		}
		d.press("E", "/")
		d.write("Y 42")
		d.press("enter")
		d.wantScreen("Search not found.", "Events  /Y 42: no match")
		d.press("/")
		d.write("y 4[24]")
		d.press("enter")
		if got := rowWithFocus(d); !strings.Contains(got, "entry 42") {
			t.Errorf("the focus is on %q", got)
		}
		d.wantScreen("Events  /y 4[24]: 1 of 2")
		d.events.Add("info", "entry 44 again")
		d.press("n", "n")
		if got := rowWithFocus(d); !strings.Contains(got, "entry 44 again") {
			t.Errorf("the focus is on %q", got)
		}
		d.wantScreen("3 of 3")
		d.press("k")
		d.wantScreen("/y 4[24]: 3")
		d.wantNot("3 of 3")
	})
}

func TestSearchInHelpAndResults(t *testing.T) {
	drive(t, 80, 24, nil, func(d *driver) {
		d.press("E", "?")
		d.wantScreen("Previous match")
		d.press("q", "q", "?", "/")
		d.write("stream to file")
		d.press("enter")
		d.wantScreen("Stream to file", "Help  /stream to file: 1 of 1")
		d.press("tab", "n")
		d.wantScreen("no match", "Search not found.")
		d.press("q")
		d.run("view.order.options")
		d.press("/")
		d.write("ur")
		d.press("enter")
		d.wantScreen("/ur: 1 of 1")
	})
}

// A key that a person has bound in a list is theirs.
func TestBoundKeysDoNotSearch(t *testing.T) {
	drive(t, 80, 24, nil, func(d *driver) {
		d.run("console.key.bind options n set anticache true")
		d.press("O", "n")
		if !d.opts.Bool("anticache") {
			t.Error("the binding did not run")
		}
	})
}

// What is found is to be seen in the row and in what is said of it.
func TestMatchesAreMarked(t *testing.T) {
	drive(t, 80, 24, nil, func(d *driver) {
		d.press("O", "/")
		d.write("anticomp")
		d.press("enter")
		if screen := d.app.screen(); !strings.Contains(screen, d.app.theme.MatchFocus.Render("anticomp")) {
			t.Errorf("the match is not marked:\n%s", screen)
		}
	})
}
