package tui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/option"
	"sluice/tui/prompt"
)

func TestOptionsComplete(t *testing.T) {
	other := []prompt.Candidate{{Text: "else"}}
	paths := func(word string) []string { return []string{word + "/my files/", word + ".mitm"} }
	find := completeOptions(option.New().All(), func(string, int) []prompt.Candidate { return other }, paths)
	for _, test := range []struct{ line, want string }{
		{"set inte", "intercept intercept_active"},
		{"set 'intercept_", "intercept_active"},
		{"set anticache t", "toggle true"},
		{"set anticache ", "false toggle true"},
		{"set console_layout ver", "vertical"},
		{"set console_layout vertical ", ""},
		{"set view_filter '~comm", "~comment"},
		{"set moon ", ""},
		{"options.reset.one antico", "anticomp"},
		{"options.reset.one anticomp ", ""},
		{"set rfile x", "x.mitm \"x/my files/"},
		{"set save_stream_file '+x", "+x.mitm \"+x/my files/"},
		{"flow.encode @focus re", "request response"},
		{"console.edit.focus request-", "request-headers request-body"},
		{"console.edit.focus url", "\"urlencoded form\" url"},
		{"console.key.bind flowv", "flowview"},
		{"console.key.bind flowlist,he", "flowlist,help"},
		{"console.key.bind flowlist ", "else"},
		{"se", "else"},
		{"flow.mark ", "else"},
	} {
		var got []string
		for _, c := range find(test.line, len(test.line)) {
			got = append(got, c.Text)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q completes to %q, want %q", test.line, got, test.want)
		}
	}
}

// A word is replaced whole, wherever in it the cursor is.
func TestOptionCompletionReplacesTheWord(t *testing.T) {
	find := completeOptions(option.New().All(), nil, nil)
	list := find("set antixyz true", len("set anti"))
	i := slices.IndexFunc(list, func(c prompt.Candidate) bool { return c.Text == "anticache" })
	if i < 0 || list[i].Start != 4 || list[i].End != 11 {
		t.Errorf("got %+v", list)
	}
}

// The candidates show above the line, at the word that they complete, as long as tab goes round them.
func TestCompletionMenu(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.press(":")
		d.write("set intercept")
		d.press("tab")
		lines := strings.Split(d.screen(), "\n")
		if at := strings.Index(lines[20], "› intercept  "); at != 4 {
			t.Errorf("the menu is at %d:\n%s", at, d.screen())
		}
		d.wantScreen("intercept_active", ": set intercept")
		d.press("tab")
		d.wantScreen("› intercept_active", ": set intercept_active")
		d.press("esc")
		d.wantNot("intercept_active")
		d.press(":")
		d.write("flow.mark")
		d.send(tea.MouseClickMsg{Button: tea.MouseLeft, X: 2, Y: 22})
		d.write("x")
		d.wantScreen(": xflow.mark")
	})
}

// A menu that is higher than the screen is left out.
func TestCompletionMenuOnTinyScreens(t *testing.T) {
	for h := range 12 {
		drive(t, 30, h, gallery(), func(d *driver) {
			d.press(":", "tab", "tab")
			if got := strings.Count(d.app.screen(), "\n") + 1; h > 0 && got != h {
				t.Errorf("%d lines on a screen of %d", got, h)
			}
		})
	}
}
