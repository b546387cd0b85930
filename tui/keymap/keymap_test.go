package keymap

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice"
)

func defaults(t *testing.T) *Map {
	t.Helper()
	m, err := New(sluice.Keybindings)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The defaults are those that fingers know: testdata/keys.txt has key, contexts and command of each.
func TestDefaultsAreTheKnownOnes(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "keys.txt"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := Parse(sluice.Keybindings)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range entries {
		slices.Sort(b.Contexts)
		got = append(got, b.Key+"\t"+strings.Join(b.Contexts, ",")+"\t"+strings.Join(strings.Fields(b.Command), " "))
	}
	lines := strings.Split(strings.TrimSpace(string(want)), "\n")
	if len(got) != len(lines) {
		t.Errorf("%d bindings, want %d", len(got), len(lines))
	}
	for i := range min(len(got), len(lines)) {
		if got[i] != lines[i] {
			t.Errorf("binding %d is %q, want %q", i, got[i], lines[i])
		}
	}
}

func TestNoKeyIsBoundTwice(t *testing.T) {
	entries, err := Parse(sluice.Keybindings)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[place]string)
	for _, b := range entries {
		for _, c := range b.Contexts {
			if other, ok := seen[place{c, b.Key}]; ok {
				t.Errorf("%s is bound twice in %s: %s and %s", b.Key, c, other, b.Command)
			}
			seen[place{c, b.Key}] = b.Command
		}
		if b.Help == "" {
			t.Errorf("%s has no help", b.Key)
		}
	}
}

func TestNormalize(t *testing.T) {
	for spec, want := range map[string]string{
		"a": "a", "A": "A", " ": "space", "space": "space", "ctrl f": "ctrl f", "ctrl+f": "ctrl f", "alt+x": "meta x",
		"meta x": "meta x", "ctrl meta x": "meta ctrl x", "shift tab": "shift tab", "shift+a": "A", "pgup": "page up",
		"page up": "page up", "Enter": "enter", "escape": "esc", "+": "+", "ctrl +": "ctrl +", "ctrl++": "ctrl +", "|": "|",
		"F5": "f5", "meta page down": "meta page down", "": "",
	} {
		if got := Normalize(spec); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", spec, got, want)
		}
		if again := Normalize(Normalize(spec)); again != Normalize(spec) {
			t.Errorf("Normalize(%q) is not stable: %q", spec, again)
		}
	}
}

func TestName(t *testing.T) {
	for want, k := range map[string]tea.Key{
		"a": {Code: 'a', Text: "a"}, "A": {Code: 'a', ShiftedCode: 'A', Text: "A", Mod: tea.ModShift},
		"?": {Code: '?', Text: "?"}, "space": {Code: tea.KeySpace, Text: " "}, "enter": {Code: tea.KeyEnter},
		"ctrl f": {Code: 'f', Mod: tea.ModCtrl}, "meta x": {Code: 'x', Mod: tea.ModAlt},
		"shift tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "page up": {Code: tea.KeyPgUp}, "esc": {Code: tea.KeyEscape},
		"ctrl right": {Code: tea.KeyRight, Mod: tea.ModCtrl}, "f5": {Code: tea.KeyF5}, "é": {Code: 'é', Text: "é"},
	} {
		if got := Name(tea.KeyPressMsg(k)); got != want {
			t.Errorf("Name(%+v) = %q, want %q", k, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	m := defaults(t)
	for _, c := range []struct{ context, key, want string }{
		{"flowlist", "space", "console.nav.pagedown"}, {"flowview", "space", "view.focus.next"},
		{"options", "d", "options.reset.focus"}, {"eventlog", "q", "console.view.pop"}, {"help", "?", "console.view.pop"},
	} {
		b, ok := m.Lookup(c.context, c.key)
		if !ok || !strings.Contains(b.Command, c.want) {
			t.Errorf("%s in %s runs %q, want %s", c.key, c.context, b.Command, c.want)
		}
	}
	if _, ok := m.Lookup("flowlist", "ctrl meta j"); ok {
		t.Error("an unknown key is bound")
	}
}

func TestAddTakesThePlace(t *testing.T) {
	m := defaults(t)
	if err := m.Add(Binding{Key: "q", Command: "console.exit", Contexts: []string{"flowlist"}}); err != nil {
		t.Fatal(err)
	}
	if b, _ := m.Lookup("flowlist", "q"); b.Command != "console.exit" {
		t.Errorf("q runs %q in flowlist", b.Command)
	}
	if b, _ := m.Lookup("eventlog", "q"); b.Command != "console.view.pop" {
		t.Errorf("q runs %q elsewhere", b.Command)
	}
	if err := m.Add(Binding{Key: "a", Command: "console.view.help", Contexts: []string{"flowlist"}}); err != nil {
		t.Fatal(err)
	}
	if err := m.Remove("a", []string{"flowlist", "flowview"}); err != nil {
		t.Fatal(err)
	}
	for _, b := range m.List("") {
		if b.Command == "flow.resume @focus" {
			t.Errorf("a binding without a context is still listed: %v", b)
		}
	}
	if err := m.Remove("a", nil); err == nil || err.Error() != "must specify at least one context" {
		t.Errorf("removing without a context: %v", err)
	}
	if err := m.Add(Binding{Key: "a", Command: "x", Contexts: []string{"moon"}}); err == nil || !strings.Contains(err.Error(), "unsupported context: moon") {
		t.Errorf("unknown context: %v", err)
	}
}

// Who binds a key to what it does already leaves its help and its place as they are.
func TestAddAgainKeepsTheHelp(t *testing.T) {
	m := defaults(t)
	before := m.List("")
	for _, b := range before {
		if err := m.Add(Binding{Key: b.Key, Command: b.Command, Contexts: b.Contexts}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.List(""); !slices.EqualFunc(before, got, func(a, b Binding) bool {
		return a.Help == b.Help && a.Key == b.Key && slices.Equal(a.Contexts, b.Contexts)
	}) {
		t.Errorf("bindings are\n%v\nand were\n%v", got, before)
	}
	if b, _ := m.ForHelp("eventlog", "Exit the current view"); b.Key != "q" {
		t.Errorf("the first to exit the view is %q", b.Key)
	}
}

func TestListOrder(t *testing.T) {
	list := defaults(t).List("global")
	last := list[len(list)-1]
	if !strings.Contains(last.Key, " ") || strings.Contains(list[0].Key, " ") {
		t.Errorf("keys of several words are not last: %q … %q", list[0].Key, last.Key)
	}
}

func TestForHelpTakesTheFirst(t *testing.T) {
	b, ok := defaults(t).ForHelp("eventlog", "Exit the current view")
	if !ok || b.Key != "q" {
		t.Errorf("got %q", b.Key)
	}
}

func TestFileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"- key: a\n  cmd: [": "line", "key: a": "want a list", "- a": "want a binding",
		"- key: a\n  cmd: b\n  colour: red": "line 3: unknown attribute: colour",
		"- key: a":                          "missing required attribute: cmd", "- cmd: a": "missing required attribute: key",
		"- key: 1\n  cmd: a": "key must be text", "- key: a\n  cmd: b\n  ctx: global": "ctx must be a list",
		"- key: a\n  cmd: b\n  ctx: [moon]": "unsupported context: moon", "- key: a\n  cmd: b\n  ctx: []": "at least one context",
		"- key: ''\n  cmd: b": "must not be empty", "\xff": "not UTF-8",
	} {
		err := (&Map{}).Merge("keys.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "error reading keys.yaml: ") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", "---\n", "# nothing", "[]"} {
		if err := (&Map{}).Merge("keys.yaml", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLoad(t *testing.T) {
	m := defaults(t)
	path := filepath.Join(t.TempDir(), FileName)
	if err := m.Load(path); err != nil {
		t.Errorf("a missing file: %v", err)
	}
	text := "- key: ctrl+x\n  cmd: >\n    console.view.help\n- key: pgdown\n  ctx: [flowlist]\n  cmd: view.focus.next\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Load(path); err != nil {
		t.Fatal(err)
	}
	if b, _ := m.Lookup("help", "ctrl x"); strings.TrimSpace(b.Command) != "console.view.help" {
		t.Errorf("ctrl x runs %q", b.Command)
	}
	if b, _ := m.Lookup("flowlist", "page down"); b.Command != "view.focus.next" {
		t.Errorf("page down runs %q", b.Command)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("- key: a\n  cmd: b\n  ctx: [global]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := Parse(data)
		if err != nil {
			return
		}
		m := &Map{}
		for _, b := range entries {
			if err := m.Add(b); err != nil {
				t.Errorf("a parsed binding is refused: %v", err)
			}
		}
	})
}
