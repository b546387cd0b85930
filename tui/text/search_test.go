package text

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"sluice/proxy/content"
)

func TestSearchFarBelow(t *testing.T) {
	m := open(t, numbered(60_000), 20, 6)
	act(m, m.Search("line 5[5-6]000$"))
	if got := screen(m); !slices.Contains(got, "line 55000") {
		t.Errorf("shows %q", got)
	}
	if m.Status() != "1/2" {
		t.Error(m.Status())
	}
	act(m, m.SearchNext(1))
	if got := screen(m); !slices.Contains(got, "line 56000") {
		t.Errorf("shows %q", got)
	}
	act(m, m.SearchNext(1))
	if m.Status() != "1/2" {
		t.Error("does not go on at the other end:", m.Status())
	}
	act(m, m.SearchNext(-1))
	if m.Status() != "2/2" {
		t.Error(m.Status())
	}
	act(m, m.Start())
	act(m, m.SearchNext(-1))
	if m.Status() != "2/2" {
		t.Error("before the first match comes the last one:", m.Status())
	}
}

func TestSearchPatterns(t *testing.T) {
	lines := []content.Line{{{Text: "Alpha beta"}}, {{Text: "ALPHA a["}}, {{Text: "alpha"}}}
	for pattern, want := range map[string]string{
		"alpha": "1/3", "Alpha": "1/1", "a[": "1/1", "^alpha$": "1/1", "b.t": "1/1", "nothing": "no match", "": "",
	} {
		m := open(t, Of(lines), 20, 6)
		others := act(m, m.Search(pattern))
		if m.Status() != want {
			t.Errorf("%s: %s, want %s", pattern, m.Status(), want)
		}
		if (want == "no match") != slices.Contains(others, tea.Msg(Notice{"Search not found."})) {
			t.Errorf("%s says %v", pattern, others)
		}
	}
}

// Matches are marked, the current one apart from the others, also across spans.
func TestMatchesAreMarked(t *testing.T) {
	m := open(t, Of([]content.Line{{{Text: "x foo", Role: content.Key}, {Text: "bar foobar", Role: content.String}}}), 20, 1)
	act(m, m.Search("foobar"))
	view := m.View()
	for _, want := range []string{
		theme.MatchFocus.Render("foo") + theme.MatchFocus.Render("bar"), theme.Match.Render("foobar"),
	} {
		if !strings.Contains(view, want) {
			t.Errorf("%q lacks %q", view, want)
		}
	}
	if got := ansi.Strip(view); got != "x foobar foobar     " {
		t.Error(got)
	}
}

// A search goes on with the document that takes the place of another.
func TestSearchSurvivesShow(t *testing.T) {
	m := open(t, numbered(1000), 20, 6)
	act(m, m.Search("line 5"))
	act(m, m.SearchNext(1))
	before := m.Status()
	others := act(m, m.Open(Source{Lines: numbered(2000)}, Keep))
	if m.Status() != "2/111" || before != "2/111" || len(others) > 0 {
		t.Errorf("%s, then %s; %v", before, m.Status(), others)
	}
}

func TestStaleSearchIsDropped(t *testing.T) {
	m := open(t, numbered(100), 20, 6)
	late := m.Search("line 9")()
	act(m, m.Search("line 8"))
	act(m, func() tea.Msg { return late })
	if m.Status() != "1/11" || m.Searching() != "line 8" {
		t.Error(m.Status(), m.Searching())
	}
}

func TestKeys(t *testing.T) {
	m := open(t, numbered(100), 20, 5)
	press := func(k tea.Key) []tea.Msg {
		cmd, mine := m.Key(tea.KeyPressMsg(k))
		if !mine {
			t.Errorf("%v is not handled", k)
		}
		return act(m, cmd)
	}
	press(tea.Key{Code: tea.KeyEnd})
	wantTop(t, m, "line 95", "line 99")
	press(tea.Key{Code: tea.KeyPgUp})
	wantTop(t, m, "line 91", "line 95")
	press(tea.Key{Code: tea.KeyHome})
	press(tea.Key{Code: tea.KeyDown})
	wantTop(t, m, "line 1", "line 5")
	if others := press(tea.Key{Code: '/', Text: "/"}); !slices.Contains(others, tea.Msg(SearchPrompt{})) {
		t.Error("/ does not ask what to search for:", others)
	}
	act(m, m.Search("line 1"))
	press(tea.Key{Code: 'n', Text: "n"})
	if m.Status() != "2/11" {
		t.Error(m.Status())
	}
	press(tea.Key{Code: 'n', Text: "N", Mod: tea.ModShift})
	if m.Status() != "1/11" {
		t.Error(m.Status())
	}
	if _, mine := m.Key(tea.KeyPressMsg{Code: 'q', Text: "q"}); mine {
		t.Error("q is taken")
	}
}

// The short cut rules out nothing that the regular expression finds.
func TestMayMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SampledFrom([]rune("aAbBkK ſsSK.-"))
		text, pattern := rapid.StringOfN(runes, 0, 12, -1).Draw(t, "text"), rapid.StringOfN(runes, 1, 3, -1).Draw(t, "pattern")
		if Compile(pattern).MatchString(text) && !mayMatch(text, pattern) {
			t.Errorf("%q is in %q", pattern, text)
		}
	})
}
