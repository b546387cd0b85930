//go:build linux || darwin

package har

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrittenTwice lets only one write to an archive at a time, and leaves what the other writes as it is.
func TestWrittenTwice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.har")
	w, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(name); err == nil || !strings.Contains(err.Error(), "flows are being written to it already") {
		t.Error(err)
	}
	if after, err := os.ReadFile(name); err != nil || string(after) != string(before) {
		t.Errorf("%v: %s", err, after)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w, err = Create(name); err != nil {
		t.Fatal(err)
	}
	w.Close()
}
