package grid

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"pgregory.net/rapid"

	"sluice/tui/external"
	"sluice/tui/style"
)

var named = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
	"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
	"home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd}, "pgdown": {Code: tea.KeyPgDown}, "pgup": {Code: tea.KeyPgUp},
	"backspace": {Code: tea.KeyBackspace}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
	"space": {Code: tea.KeySpace, Text: " "},
}

func key(name string) tea.KeyPressMsg {
	if k, ok := named[name]; ok {
		return k
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

func press(m *Model, keys ...string) {
	for _, k := range keys {
		m.Key(key(k))
	}
}

func typed(m *Model, text string) {
	for _, r := range text {
		m.Key(key(string(r)))
	}
}

func headers() *Model {
	m := New(style.New("solarized_dark", true, true, true), Spec{
		Title:   "Edit Request Headers",
		Columns: []Column{{Name: "Key", Kind: Bytes}, {Name: "Value", Kind: Bytes}},
		Rows:    [][]string{{"Host", "example.com"}, {"User-Agent", "curl/8"}, {"X-Bytes", "\x00\xff\\é"}},
		Validate: func(row []string, col int) string {
			if strings.Contains(row[col], "\n") {
				return "a header has no line break"
			}
			return ""
		},
	})
	m.SetSize(60, 8)
	return m
}

func flat(rows [][]string) string { return fmt.Sprintf("%q", rows) }

func TestEditing(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"", `[["Host" "example.com"] ["User-Agent" "curl/8"] ["X-Bytes" "\x00\xff\\é"]]`},
		{"right enter ctrl+u a . b esc", `[["Host" "a.b"] ["User-Agent" "curl/8"] ["X-Bytes" "\x00\xff\\é"]]`},
		{"right enter ctrl+u a . b enter down", `[["Host" "a.b"] ["User-Agent" "curl/8"] ["X-Bytes" "\x00\xff\\é"]]`},
		{"enter ctrl+u H tab ctrl+u v tab X", `[["H" "v"] ["User-Agent" "curl/8"] ["X-Bytes" "\x00\xff\\é"]]`},
		{"end right enter x esc", `[["Host" "example.com"] ["User-Agent" "curl/8"] ["X-Bytes" "\x00\xff\\éx"]]`},
		{"down enter ctrl+u tab ctrl+u tab", `[["Host" "example.com"] ["X-Bytes" "\x00\xff\\é"]]`},
		{"tab tab tab enter ctrl+u \\ x 4 1 esc", `[["Host" "example.com"] ["User-Agent" "A"] ["X-Bytes" "\x00\xff\\é"]]`},
		{"down enter space space esc", `[["Host" "example.com"] ["User-Agent" "curl/8"] ["X-Bytes" "\x00\xff\\é"]]`},
	} {
		m := headers()
		press(m, strings.Fields(c.keys)...)
		if got := flat(m.Rows()); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.keys, got, c.want)
		}
	}
}

func TestChanged(t *testing.T) {
	m := headers()
	press(m, "right", "enter", "esc", "down", "tab", "tab")
	m.Add()
	press(m, "esc")
	if m.Changed() {
		t.Errorf("looking around changed it: %q", m.Rows())
	}
	m.Delete()
	m.Delete()
	if !m.Changed() {
		t.Error("deleting a row changed nothing")
	}
	m = New(style.New("", true, true, true), Spec{Columns: []Column{{}, {}}, Rows: [][]string{{"", ""}, {"a", ""}}})
	if m.Changed() {
		t.Error("a blank row that was there is a change")
	}
}

func TestRows(t *testing.T) {
	m := headers()
	press(m, "down")
	m.Add()
	typed(m, "New")
	press(m, "tab")
	typed(m, "1")
	press(m, "esc", "home")
	m.Insert()
	typed(m, "First")
	if !m.Editing() {
		t.Error("a new row is not being edited")
	}
	press(m, "esc", "end")
	m.Delete()
	if got, want := flat(m.Rows()), `[["First" ""] ["Host" "example.com"] ["User-Agent" "curl/8"] ["New" "1"]]`; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
}

func TestInvalidValueIsNotTaken(t *testing.T) {
	for text, want := range map[string]string{
		`\q`: `\q is no escape`, `a\`: "backslash at the end", `\x1`: `\x wants 2 hex digits`,
		`\ud800`: "is no character", `a\nb`: "a header has no line break",
	} {
		m := headers()
		press(m, "right", "enter", "ctrl+u")
		typed(m, text)
		press(m, "esc")
		if !m.Editing() || !strings.Contains(ansi.Strip(m.View()), want) {
			t.Errorf("%s: editing %v, view\n%s", text, m.Editing(), ansi.Strip(m.View()))
		}
		if m.Changed() {
			t.Errorf("%s was taken: %q", text, m.Rows())
		}
	}
}

func TestLongValueTakesAnEditor(t *testing.T) {
	m := New(style.New("", true, true, true), Spec{Columns: []Column{{Name: "A"}}, Rows: [][]string{{strings.Repeat("x", maxInline+1)}}})
	press(m, "enter")
	if m.Editing() || !strings.Contains(m.View(), "press e for an editor") {
		t.Errorf("editing %v", m.Editing())
	}
	if cmd, err := m.Editor(); cmd == nil || err != nil {
		t.Errorf("no editor: %v", err)
	}
}

func TestMultiline(t *testing.T) {
	m := New(style.New("", true, true, true), Spec{Columns: []Column{{Multiline: true}}, Rows: [][]string{{"a"}}})
	press(m, "enter", "enter", "b", "esc")
	if got := flat(m.Rows()); got != `[["a\nb"]]` {
		t.Errorf("rows %s", got)
	}
}

func TestKeysOfOthersFallThrough(t *testing.T) {
	m := headers()
	for _, k := range []string{"q", "esc", "a", "d", "w", "?", "ctrl+c"} {
		if _, taken := m.Key(key(k)); taken {
			t.Errorf("%s was taken while navigating", k)
		}
	}
	press(m, "enter")
	for _, k := range []string{"q", "a", "?"} {
		if _, taken := m.Key(key(k)); !taken {
			t.Errorf("%s was not taken while editing", k)
		}
	}
	if _, taken := m.Key(key("ctrl+c")); taken {
		t.Error("ctrl-c was taken")
	}
}

func TestAttributes(t *testing.T) {
	m := New(style.New("", true, true, true), Spec{
		Title:   "Edit SetCookie Header",
		Columns: []Column{{Name: "Name"}, {Name: "Value"}, {Name: "Attributes", Kind: Attributes}},
		Rows:    [][]string{{"id", "1", "Path=/;HttpOnly"}},
	})
	press(m, "right", "right")
	if _, err := m.Editor(); err != ErrAttributes {
		t.Errorf("the editor was opened: %v", err)
	}
	press(m, "enter")
	if m.Title() != "Editing Set-Cookie attributes" || !m.Nested() {
		t.Fatalf("title %q", m.Title())
	}
	press(m, "esc")
	if got := m.Rows()[0][2]; got != "Path=/;HttpOnly" || m.Changed() {
		t.Errorf("looking changed the attributes to %q", got)
	}
	press(m, "enter", "right", "enter")
	typed(m, "api")
	press(m, "esc", "end")
	m.Add()
	typed(m, "Secure")
	press(m, "esc", "q")
	if got := m.Rows()[0][2]; m.Nested() || got != "Path=/api; HttpOnly; Secure" {
		t.Errorf("attributes %q", got)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw")
	if err := os.WriteFile(raw, []byte(`a\x20b`), 0o600); err != nil {
		t.Fatal(err)
	}
	load := func(m *Model, path string, escaped bool) tea.Msg {
		t.Helper()
		cmd, err := m.Load(path, escaped)
		if err != nil {
			t.Fatal(err)
		}
		if cmd = m.Update(cmd()); cmd != nil {
			return cmd()
		}
		return nil
	}
	m := headers()
	if msg := load(m, raw, false); msg != nil || m.Rows()[0][0] != `a\x20b` {
		t.Errorf("loaded %q, %v", m.Rows()[0][0], msg)
	}
	if msg := load(m, raw, true); msg != nil || m.Rows()[0][0] != "a b" {
		t.Errorf("loaded %q, %v", m.Rows()[0][0], msg)
	}
	if n, ok := load(m, filepath.Join(dir, "none"), false).(Notice); !ok || n.Err == nil {
		t.Error("a missing file was loaded")
	}
	late, err := m.Load(raw, false)
	if err != nil {
		t.Fatal(err)
	}
	m.Delete()
	m.Update(late())
	if m.Rows()[0][0] != "User-Agent" {
		t.Errorf("a file went into another field: %q", m.Rows())
	}
	out := filepath.Join(dir, "out.csv")
	if n := m.Save(out)(); n != (Notice{Text: "Saved 2 rows as CSV."}) {
		t.Errorf("notice %v", n)
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != "User-Agent,curl/8\nX-Bytes,\x00\xff\\é\n" {
		t.Errorf("saved %q, %v", b, err)
	}
}

func TestEditorFillsTheField(t *testing.T) {
	m := headers()
	press(m, "right")
	if _, err := m.Editor(); err != nil {
		t.Fatal(err)
	}
	m.Update(external.Edited{Data: []byte("other.com\n"), Changed: true})
	if got := m.Rows()[0][1]; got != "other.com" {
		t.Errorf("value %q", got)
	}
	t.Setenv("TMPDIR", t.TempDir())
	cmd := m.Update(external.Edited{Data: []byte("a\nb\n"), Changed: true})
	kept, ok := cmd().(external.Kept)
	if !ok || !strings.Contains(kept.Err.Error(), "no line break; your text is kept in") || m.Rows()[0][1] != "other.com" {
		t.Errorf("message %v, rows %q", kept, m.Rows())
	}
}

func TestView(t *testing.T) {
	m := headers()
	press(m, "end", "right")
	m.Add()
	typed(m, "Accept")
	press(m, "tab")
	typed(m, strings.Repeat("text/html, ", 12))
	press(m, "esc")
	golden.RequireEqual(t, []byte(ansi.Strip(m.View())))
}

func TestMouse(t *testing.T) {
	m := headers()
	m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, 40, 2)
	if m.row != 1 || m.col != 1 || m.Editing() {
		t.Errorf("a click focused %d, %d", m.row, m.col)
	}
	m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, 40, 2)
	if !m.Editing() {
		t.Error("a second click did not edit")
	}
	press(m, "esc")
	m.Mouse(tea.MouseWheelMsg{Button: tea.MouseWheelDown}, 0, 0)
	if m.row != 2 {
		t.Errorf("the wheel moved to %d", m.row)
	}
	m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, 3, 6)
	if m.row != 2 {
		t.Error("a click below the rows moved the focus")
	}
}

func TestViewIsExact(t *testing.T) {
	keys := append(slices.Collect(func(yield func(string) bool) {
		for k := range named {
			if !yield(k) {
				return
			}
		}
	}), "a", "世", "+add", "+insert", "+delete", "\\", "\x1b")
	slices.Sort(keys)
	value := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		cols := []Column{{Name: "Name"}, {Name: "Va\x1blue", Kind: Bytes, Multiline: true}, {Name: "A", Kind: Attributes}}
		cols = cols[:rapid.IntRange(1, 3).Draw(t, "cols")]
		m := New(style.New("", true, true, true), Spec{Columns: cols,
			Rows: rapid.SliceOfN(rapid.SliceOfN(value, 1, 3), 0, 12).Draw(t, "rows")})
		for range 3 {
			w, h := rapid.IntRange(1, 60).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h")
			m.SetSize(w, h)
			for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 10).Draw(t, "keys") {
				switch k {
				case "+add":
					m.Add()
				case "+insert":
					m.Insert()
				case "+delete":
					m.Delete()
				default:
					press(m, k)
				}
			}
			rows := strings.Split(m.View(), "\n")
			if len(rows) != h {
				t.Fatalf("%d rows, want %d", len(rows), h)
			}
			for _, row := range rows {
				if n := ansi.StringWidth(row); n != w {
					t.Fatalf("%d cells, want %d: %q", n, w, row)
				}
				if i := strings.IndexFunc(ansi.Strip(row), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }); i >= 0 {
					t.Fatalf("control character in %q", row)
				}
			}
		}
	})
}

func TestFocusStaysInView(t *testing.T) {
	rows := make([][]string, 1000)
	for i := range rows {
		rows[i] = []string{fmt.Sprint("row", i), strings.Repeat("v", i%300)}
	}
	m := New(style.New("", true, true, true), Spec{Columns: []Column{{Name: "A"}, {Name: "B"}}, Rows: rows})
	m.SetSize(50, 10)
	for _, k := range []string{"end", "up", "up", "pgup", "pgup", "down", "home", "pgdown", "down", "down", "down", "down"} {
		press(m, k)
		if !strings.Contains(ansi.Strip(m.View()), fmt.Sprintf("› row%d ", m.row)) {
			t.Errorf("after %s row %d is not in view:\n%s", k, m.row, ansi.Strip(m.View()))
		}
	}
}

func TestEscapeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte(" \\\n\xe2\x80\xaexé")))).Draw(t, "s"))
		for _, ascii := range []bool{false, true} {
			e := Escape(s, ascii)
			if got, err := Unescape("  " + e + "\t"); err != nil || got != s {
				t.Fatalf("%q became %q became %q, %v", s, e, got, err)
			}
			if strings.ContainsAny(e, "\n\r\x1b") || ascii && strings.IndexFunc(e, func(r rune) bool { return r > '~' }) >= 0 {
				t.Fatalf("%q is not escaped: %q", s, e)
			}
		}
	})
}

func TestRefusedValueCanBeLeft(t *testing.T) {
	m := headers()
	press(m, "right", "enter")
	typed(m, `\q`)
	press(m, "esc")
	if !m.Editing() || !strings.Contains(m.View(), "esc drops it") {
		t.Fatalf("no way out is offered:\n%s", ansi.Strip(m.View()))
	}
	press(m, "esc")
	if m.Editing() || m.Changed() {
		t.Errorf("the edit goes on, or something was kept: %q", m.Rows())
	}
}
