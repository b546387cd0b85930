package prompt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHistoryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "command_history")
	a, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	a.Add("one")
	b.Add("two")
	a.Add("with\nbreak")
	a.Add(strings.Repeat("x", maxEntry+1))
	for _, h := range []*History{a, b, a} {
		if err := h.Save(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "one\ntwo\n" {
		t.Errorf("file %q, %v", got, err)
	}
}

func TestHistoryIsCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "command_history")
	h, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxLines {
		h.Add(fmt.Sprint("line ", i))
	}
	if err := h.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := got.Entries()
	if len(lines) != keepLines || lines[keepLines-1] != fmt.Sprint("line ", maxLines-1) {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if err := got.Clear(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) != 0 || len(got.Entries()) != 0 {
		t.Errorf("after clear: %q, %v", b, err)
	}
	rest, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".command*"))
	if err != nil || len(rest) != 0 {
		t.Errorf("left behind %q, %v", rest, err)
	}
}

func TestHistoryThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	h, err := OpenHistory(filepath.Join(dir, "missing", "command_history"))
	if err != nil {
		t.Fatal(err)
	}
	h.Add("one")
	if err := h.Save(); err == nil {
		t.Fatal("saved into a directory that is missing")
	}
	if err := os.Mkdir(filepath.Join(dir, "missing"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.Save(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenHistory(h.path)
	if err != nil || !slices.Equal(again.Entries(), []string{"one"}) {
		t.Errorf("the line was lost: %q, %v", again.Entries(), err)
	}
	broken, err := OpenHistory(dir)
	if err == nil || broken.Persistent() {
		t.Error("a directory was taken for a history")
	}
	broken.Add("two")
	if broken.Prev() != "two" {
		t.Error("a history that cannot be read does not work")
	}
}
