package external

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// script makes $SLUICE_EDITOR a shell script and gives temporary files a directory of their own.
func script(t *testing.T, body string) (tmp string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "my editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	tmp = t.TempDir()
	t.Setenv("SLUICE_EDITOR", "'"+path+"' --wait")
	t.Setenv("TMPDIR", tmp)
	return tmp
}

func edit(data, contentType string) Edited {
	s := &session{data: []byte(data), contentType: contentType, edit: true, out: io.Discard, err: io.Discard}
	return s.edited(s.Run())
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEdit(t *testing.T) {
	tmp := script(t, `test "$1" = --wait || exit 3
case "$2" in *.json) ;; *) exit 4;; esac
test "$(stat -c %a "$2")" = 600 || exit 5
printf '%s' "$(cat "$2") more" >"$2"`)
	e := edit("{}", "application/json; charset=utf-8")
	if e.Err != nil || !e.Changed || string(e.Data) != "{} more" {
		t.Errorf("edited %+v, data %q", e, e.Data)
	}
	if left := files(t, tmp); len(left) != 0 {
		t.Errorf("left behind %q", left)
	}
}

func TestEditingNothingChangesNothing(t *testing.T) {
	script(t, "true")
	if e := edit("a\r\nb", ""); e.Err != nil || e.Changed || string(e.Data) != "a\r\nb" {
		t.Errorf("edited %+v", e)
	}
}

func TestFailingEditorChangesNothing(t *testing.T) {
	tmp := script(t, "exit 7")
	e := edit("text", "text/plain")
	if e.Err == nil || e.Changed || string(e.Data) != "text" {
		t.Fatalf("edited %+v", e)
	}
	if want := "the editor my editor ended with exit status 7: nothing was changed"; e.Err.Error() != want {
		t.Errorf("error %q, want %q", e.Err, want)
	}
	if left := files(t, tmp); len(left) != 0 {
		t.Errorf("left behind %q", left)
	}
}

func TestFailingEditorLosesNothing(t *testing.T) {
	tmp := script(t, `echo typed >"$2"; exit 1`)
	e := edit("text", "text/plain")
	left := files(t, tmp)
	if e.Err == nil || len(left) != 1 || !strings.Contains(e.Err.Error(), left[0]) {
		t.Fatalf("error %v, files %q", e.Err, left)
	}
	if b, err := os.ReadFile(left[0]); err != nil || string(b) != "typed\n" {
		t.Errorf("kept %q, %v", b, err)
	}
}

func TestEditorThatIsMissing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for value, want := range map[string]string{
		"/no/such/editor -w": "can't start editor",
		`vim "`:              `read $SLUICE_EDITOR: a " is not closed`,
		`\`:                  "can't start editor",
	} {
		t.Setenv("SLUICE_EDITOR", value)
		if e := edit("text", ""); e.Err == nil || !strings.Contains(e.Err.Error(), want) || string(e.Data) != "text" {
			t.Errorf("%s: %+v", value, e)
		}
	}
}

func TestKeep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	cause := errors.New("no host")
	kept := Keep(Edited{Data: []byte("http://"), ContentType: "text/plain"}, cause)().(Kept)
	_, path, ok := strings.Cut(kept.Err.Error(), "no host; your text is kept in ")
	if !ok || !errors.Is(kept.Err, cause) {
		t.Fatalf("error %q", kept.Err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "http://" {
		t.Errorf("kept %q, %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestView(t *testing.T) {
	tmp := script(t, `test "$(stat -c %a "$2")" = 400 && cat "$2"`)
	var out bytes.Buffer
	s := &session{data: []byte("body"), contentType: "text/html", out: &out, err: io.Discard}
	msg := s.viewed(s.Run())
	if out.String() != "body" {
		t.Errorf("the viewer got %q", out.String())
	}
	batch, ok := msg.(tea.BatchMsg)
	if !ok || len(batch) != 2 || len(files(t, tmp)) != 1 {
		t.Fatalf("message %#v, files %q", msg, files(t, tmp))
	}
	if got := batch[0](); got != (Viewed{}) {
		t.Errorf("message %#v", got)
	}
	if got := remove(s.path); got != nil || len(files(t, tmp)) != 0 {
		t.Errorf("message %#v, left behind %q", got, files(t, tmp))
	}
	script(t, "exit 2")
	s = &session{data: []byte("body"), err: io.Discard}
	if got, ok := s.viewed(s.Run()).(Viewed); !ok || got.Err == nil {
		t.Errorf("a failing viewer gave %#v", got)
	}
}

func TestWhichProgram(t *testing.T) {
	for _, name := range []string{"SLUICE_EDITOR", "MITMPROXY_EDITOR", "EDITOR", "PAGER"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	check := func(want string, got []string, err error) {
		t.Helper()
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("got %q, %v, want %s", got, err, want)
		}
	}
	tool := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(want string) { got, err := editor([]byte("text")); check(want, got, err) }
	see := func(want string) { got, err := viewer(); check(want, got, err) }
	ask("vi")
	see("less")
	tool("vim")
	tool("nano")
	ask("nano")
	t.Setenv("EDITOR", "ed  -p 'x y'")
	ask("ed|-p|x y")
	see("ed|-p|x y")
	t.Setenv("PAGER", "most")
	see("most")
	t.Setenv("MITMPROXY_EDITOR", "mate")
	ask("mate")
	t.Setenv("SLUICE_EDITOR", "hx")
	ask("hx")
	see("hx")
	binary := []byte{0, 1, 2, 3, 0xff, 4, 5}
	got, err := editor(binary)
	check("hx", got, err)
	tool("hexer")
	got, err = editor(binary)
	check("hexer", got, err)
}

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		`vim`:                   {"vim"},
		`  code  --wait `:       {"code", "--wait"},
		`"a b" 'c "d"' e\ f`:    {"a b", `c "d"`, "e f"},
		`x"y z"w '' "\"\q" '\'`: {"xy zw", "", `"\q`, `\`},
		``:                      nil,
	} {
		if got, err := split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
	if _, err := split(`a 'b`); err == nil {
		t.Error("an open quote was taken")
	}
}

// The whole way through a program: the screen is released, the editor runs, its text comes back.
func TestThroughAProgram(t *testing.T) {
	script(t, `printf edited >"$2"`)
	m := &asker{}
	p := tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutSignals(), tea.WithContext(t.Context()))
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if string(m.got.Data) != "edited" || !m.got.Changed || m.got.Err != nil {
		t.Errorf("got %+v", m.got)
	}
}

type asker struct{ got Edited }

func (a *asker) Init() tea.Cmd { return Edit([]byte("text"), "text/plain") }

func (a *asker) View() tea.View { return tea.View{} }

func (a *asker) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if e, ok := msg.(Edited); ok {
		a.got = e
		return a, tea.Quit
	}
	return a, nil
}
