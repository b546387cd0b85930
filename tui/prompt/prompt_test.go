package prompt

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/tui/style"
)

var named = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
	"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
	"left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	"backspace": {Code: tea.KeyBackspace}, "delete": {Code: tea.KeyDelete}, "space": {Code: tea.KeySpace, Text: " "},
	"ctrl+left": {Code: tea.KeyLeft, Mod: tea.ModCtrl}, "ctrl+right": {Code: tea.KeyRight, Mod: tea.ModCtrl},
}

func key(name string) tea.KeyPressMsg {
	if k, ok := named[name]; ok {
		return k
	}
	for prefix, mod := range map[string]tea.KeyMod{"ctrl+": tea.ModCtrl, "alt+": tea.ModAlt} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return tea.KeyPressMsg{Code: []rune(rest)[0], Mod: mod}
		}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// press presses keys and lets the model have what it asked for.
func press(m *Model, keys ...string) (last tea.Msg) {
	for _, k := range keys {
		cmd, _ := m.Key(key(k))
		for cmd != nil {
			last = cmd()
			cmd = m.Update(last)
		}
	}
	return last
}

func typed(m *Model, text string) {
	for _, r := range text {
		press(m, string(r))
	}
}

func plainTheme() *style.Theme { return style.New("solarized_dark", true, true, true) }

func TestLineKeys(t *testing.T) {
	for _, c := range []struct{ text, keys, want string }{
		{"one two", "left left X", "one tXwo"},
		{"one two", "home X", "Xone two"},
		{"one two", "ctrl+a ctrl+f X", "oXne two"},
		{"one two", "alt+b X", "one Xtwo"},
		{"one two", "ctrl+left ctrl+left X", "Xone two"},
		{"one two", "home alt+f X", "oneX two"},
		{"one two", "ctrl+w", "one "},
		{"one two", "ctrl+w ctrl+w ctrl+y", "one "},
		{"one two", "alt+b ctrl+u", "two"},
		{"one two", "alt+b ctrl+u ctrl+e ctrl+y", "twoone "},
		{"one two", "home alt+f ctrl+k", "one"},
		{"one two", "home delete ctrl+d", "e two"},
		{"one two", "backspace ctrl+h", "one t"},
		{"e\u0301x", "left backspace", "x"},
		{"a👩‍🚀b", "left left X", "aX👩‍🚀b"},
		{"a👩‍🚀", "backspace", "a"},
		{"\xff\xfe", "backspace", "\xff"},
		{"", "backspace delete left right alt+b alt+f ctrl+w X", "X"},
	} {
		m := New(plainTheme(), Config{Text: c.text})
		press(m, strings.Fields(c.keys)...)
		if m.Text() != c.want {
			t.Errorf("%q after %s: %q, want %q", c.text, c.keys, m.Text(), c.want)
		}
	}
}

func TestEnterAndEsc(t *testing.T) {
	m := New(plainTheme(), Config{Label: "Name: ", Text: "flow"})
	if press(m, "s"); m.Outcome() != nil {
		t.Errorf("a letter gave %#v", m.Outcome())
	}
	if press(m, "enter"); m.Outcome() != (Done{"flows"}) {
		t.Errorf("enter gave %#v", m.Outcome())
	}
	if press(m, "esc"); m.Outcome() != (Cancelled{}) {
		t.Errorf("esc gave %#v", m.Outcome())
	}
	if _, taken := m.Key(key("ctrl+c")); taken {
		t.Error("the prompt took ctrl-c")
	}
	if _, taken := m.Key(tea.KeyPressMsg{Code: tea.KeyF5}); !taken {
		t.Error("a key that says nothing went past the prompt")
	}
}

func TestCursorStartsBeforeTheEnd(t *testing.T) {
	m := New(plainTheme(), Config{Text: "set x ''", Back: 1})
	typed(m, "ab")
	if m.Text() != "set x 'ab'" {
		t.Errorf("text %q", m.Text())
	}
}

// A line that was scrolled shows its beginning again when there is room.
func TestLineFillsItsRoom(t *testing.T) {
	for _, c := range []struct {
		why, keys string
		width     int
		want      string
	}{
		{"too long", "", 10, "> d 中文e"},
		{"wider", "", 13, "> b cd 中文e"},
		{"wide enough", "", 20, "> ab cd 中文e"},
		{"shorter", "backspace backspace", 10, "> b cd 中"},
	} {
		m := New(plainTheme(), Config{Label: "> ", Text: "ab cd 中文e"})
		m.SetSize(10, 1)
		press(m, strings.Fields(c.keys)...)
		m.SetSize(c.width, 1)
		if got := strings.TrimRight(ansi.Strip(m.View()), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestPasteIsOneLine(t *testing.T) {
	m := New(plainTheme(), Config{})
	m.Update(tea.PasteMsg{Content: "curl \\\r\n\t-x\x1b[31m\u009b y\n"})
	if m.Text() != `curl \  -x[31m y` {
		t.Errorf("pasted %q", m.Text())
	}
}

func TestCompletionCycles(t *testing.T) {
	m := New(plainTheme(), Config{Text: "pick b!", Back: 1, Complete: func(string, int) []Candidate {
		return []Candidate{{"bar", "first", 5, 6}, {"baz", "second", 5, 6}, {"boo", "", 5, 6}}
	}})
	m.SetSize(40, 2)
	for _, step := range []struct{ key, want string }{
		{"tab", "pick bar!"}, {"tab", "pick baz!"}, {"tab", "pick boo!"}, {"tab", "pick bar!"}, {"shift+tab", "pick boo!"},
	} {
		press(m, step.key)
		if m.Text() != step.want {
			t.Errorf("%s: %q, want %q", step.key, m.Text(), step.want)
		}
	}
	menu := m.Menu()
	if len(menu) != 3 || !strings.Contains(ansi.Strip(menu[2]), "› boo") || !strings.Contains(ansi.Strip(menu[0]), "bar  first") {
		t.Errorf("menu %q", menu)
	}
	if !strings.Contains(ansi.Strip(m.View()), "3/3") {
		t.Errorf("view %q", ansi.Strip(m.View()))
	}
	press(m, "X")
	if m.Menu() != nil || m.Text() != "pick booX!" {
		t.Errorf("after typing: %q with menu %q", m.Text(), m.Menu())
	}
}

func TestStaleCompletionIsDropped(t *testing.T) {
	m := New(plainTheme(), Config{Complete: func(text string, n int) []Candidate {
		return []Candidate{{"late", "", 0, n}}
	}})
	cmd, _ := m.Key(key("tab"))
	press(m, "x")
	m.Update(cmd())
	if m.Text() != "x" {
		t.Errorf("a completion of an older line changed it to %q", m.Text())
	}
	other := New(plainTheme(), m.cfg)
	cmd, _ = m.Key(key("tab"))
	other.Update(cmd())
	if other.Text() != "" {
		t.Error("a completion of another prompt was taken")
	}
}

func TestHistoryByPrefix(t *testing.T) {
	h, err := OpenHistory("")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"set a", "view b", "set c", "set c", " "} {
		h.Add(line)
	}
	m := New(plainTheme(), Config{History: h})
	typed(m, "se")
	for _, step := range []struct{ key, want string }{
		{"up", "set c"}, {"up", "set a"}, {"up", "set a"}, {"down", "set c"}, {"ctrl+n", "se"}, {"down", "se"},
	} {
		press(m, step.key)
		if m.Text() != step.want {
			t.Errorf("%s: %q, want %q", step.key, m.Text(), step.want)
		}
	}
}

func registry() *command.Registry {
	r := command.NewRegistry(nil)
	nothing := func(context.Context, command.Args) (any, error) { return nil, nil }
	r.Add(
		command.Command{Name: "view.focus.next", Help: "Focus the next flow.", Run: nothing},
		command.Command{Name: "view.focus.prev", Help: "Focus the flow before.", Run: nothing},
		command.Command{Name: "set", Help: "Set an option.", Run: nothing, Params: []command.Param{
			{Name: "option", Type: command.Str}, {Name: "on", Type: command.Bool},
		}},
	)
	return r
}

func TestCommandPrompt(t *testing.T) {
	m := New(plainTheme(), Command(plainTheme(), registry(), nil, ""))
	m.SetSize(60, 2)
	typed(m, " set")
	want := ": set option on " + strings.Repeat(" ", 44) + "\nset option on  Set an option."
	if got := ansi.Strip(m.View()); !strings.HasPrefix(got, want) {
		t.Errorf("view\n%q, want\n%q", got, want)
	}
	m = New(plainTheme(), Command(plainTheme(), registry(), nil, "view.xx"))
	press(m, "left", "left", "tab", "tab")
	if m.Text() != "view.focus.prev" {
		t.Errorf("completed to %q", m.Text())
	}
	if len(m.spans) != 1 || m.spans[0].End != len(m.Text()) {
		t.Errorf("spans %v", m.spans)
	}
}

func TestFilterPromptShowsMistakes(t *testing.T) {
	m := New(plainTheme(), Filter(plainTheme(), filter.Seen{Hosts: []string{"api.example.com"}}, "filter: ", ""))
	m.SetSize(70, 2)
	typed(m, "~u a & ~Q")
	if !m.wrong || m.spans[len(m.spans)-1].Start != 7 {
		t.Errorf("no mistake at 7: %q %v", m.note, m.spans)
	}
	if !strings.Contains(ansi.Strip(m.View()), "unknown operator ~Q") {
		t.Errorf("view %q", ansi.Strip(m.View()))
	}
	press(m, "backspace", "d", " ", "a", "p", "tab")
	if m.wrong || m.Text() != "~u a & ~d api.example.com" {
		t.Errorf("completed to %q, wrong %v %q", m.Text(), m.wrong, m.note)
	}
}

// Whatever is typed and however small the screen is, the view has its size and no control character.
func TestViewIsExact(t *testing.T) {
	keys := append(slices.Collect(func(yield func(string) bool) {
		for k := range named {
			if k != "enter" && k != "esc" && !yield(k) {
				return
			}
		}
	}), "a", "世", "👩‍🚀", "\u0301", "~", "ctrl+w", "ctrl+k", "ctrl+y", "alt+b")
	slices.Sort(keys)
	rapid.Check(t, func(t *rapid.T) {
		cfg := Command(plainTheme(), registry(), nil, rapid.String().Draw(t, "text"))
		if rapid.Bool().Draw(t, "filter") {
			cfg = Filter(plainTheme(), filter.Seen{}, "\x1b[31mfilter: ", string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
		}
		m := New(plainTheme(), cfg)
		for range 3 {
			w, h := rapid.IntRange(1, 60).Draw(t, "w"), rapid.IntRange(1, 3).Draw(t, "h")
			m.SetSize(w, h)
			press(m, rapid.SliceOfN(rapid.SampledFrom(keys), 0, 12).Draw(t, "keys")...)
			rows := strings.Split(m.View(), "\n")
			if len(rows) != h {
				t.Fatalf("%d rows, want %d", len(rows), h)
			}
			for _, row := range append(rows, m.Menu()...) {
				if n := ansi.StringWidth(row); n > w || len(m.Menu()) == 0 && n != w {
					t.Fatalf("%d cells, want %d: %q of %q at %d", n, w, row, m.Text(), m.line.cursor)
				}
				if i := strings.IndexFunc(ansi.Strip(row), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }); i >= 0 {
					t.Fatalf("control character in %q", row)
				}
			}
		}
	})
}

func TestCursorIsDrawn(t *testing.T) {
	m := New(plainTheme(), Config{Label: ": ", Text: strings.Repeat("abcdefghij", 20)})
	m.SetSize(30, 1)
	cursor := plainTheme().Cursor
	for _, c := range []struct{ key, under string }{{"end", " "}, {"left", "j"}, {"home", "a"}, {"right", "b"}} {
		press(m, c.key)
		if !strings.Contains(m.View(), cursor.Render(c.under)) {
			t.Errorf("after %s the cursor is not on %q: %q", c.key, c.under, m.View())
		}
	}
	m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, 7, 0)
	if m.line.Cursor() != 5 {
		t.Errorf("a click put the cursor at %d", m.line.Cursor())
	}
}

func TestSubmitSavesHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "command_history")
	h, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	m := New(plainTheme(), Config{History: h, Text: "view.clear"})
	cmd, _ := m.Key(key("enter"))
	if got := cmd(); got != nil || m.Outcome() != (Done{"view.clear"}) {
		t.Errorf("message %v, outcome %v", got, m.Outcome())
	}
	again, err := OpenHistory(path)
	if err != nil || !slices.Equal(again.Entries(), []string{"view.clear"}) {
		t.Errorf("saved %q, %v", again.Entries(), err)
	}
}
