package file

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	full, large, link := filepath.Join(dir, "full"), filepath.Join(dir, "large"), filepath.Join(dir, "link")
	for path, n := range map[string]int64{full: 1 << 20, large: 1<<20 + 1} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(full, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		full: "<nil>", link: "<nil>", large: large + " is larger than 1 MiB", dir: dir + " is not a file",
		os.DevNull: os.DevNull + " is not a file", filepath.Join(dir, "none"): "stat " + filepath.Join(dir, "none") + ": no such file or directory",
	} {
		b, err := Read(path, 1<<20)
		if fmt.Sprint(err) != want || err == nil && len(b) != 1<<20 {
			t.Errorf("%s: %d bytes, %v, want %s", path, len(b), err, want)
		}
	}
}

func TestExpandHome(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for path, want := range map[string]string{"~": "/home/me", "~/a~": "/home/me/a~", "~you/a": "~you/a", "a/~/b": "a/~/b", "": ""} {
		if got := ExpandHome(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
