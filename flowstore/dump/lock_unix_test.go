//go:build unix

package dump

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWrittenTwice neither empties nor cuts a file that flows are being written to.
func TestWrittenTwice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mitm")
	w, err := Open(name, false, Newest)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Add(ended("/1")); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name, false, Newest); err == nil || !strings.Contains(err.Error(), "flows are being written to it already") {
		t.Error(err)
	}
	if _, err := w.f.Write([]byte("50:4:type;")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name, true, Newest); err == nil || !strings.Contains(err.Error(), "flows are being written to it already") {
		t.Error(err)
	}
	if err := w.f.Truncate(w.size); err != nil {
		t.Fatal(err)
	}
	other, err := Open(name, true, Newest)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Add(ended("/2")); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, name, "/1 /2")
}
