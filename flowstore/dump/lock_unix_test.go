//go:build linux || darwin

package dump

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWrittenTwice lets only one write to a file at a time.
func TestWrittenTwice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mitm")
	w, err := Open(name, false, Newest)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(ended("/1")); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, appending := range []bool{false, true} {
		if _, err := Open(name, appending, Newest); err == nil || !strings.Contains(err.Error(), "flows are being written to it already") {
			t.Error(err)
		}
	}
	want(t, name, "/1")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w, err = Open(name, true, Newest)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(ended("/2")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, name, "/1 /2")
}
