//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sluice/flowstore/har"
)

// archived returns the paths in an archive, which must be one object of JSON unless it is compressed.
func archived(t *testing.T, name string) (paths []string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !har.Compressed(name) && !json.Valid(data) {
		t.Errorf("%s is not whole: it ends with %q", name, data[max(len(data)-60, 0):])
	}
	for f, err := range har.Read(bytes.NewReader(data)) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Request.Path)
	}
	return paths
}

// inArchive waits until a flow that has ended is in an archive.
func (s *saver) inArchive(name, path string) {
	s.t.Helper()
	s.until(path+" is in the archive", func() bool {
		file, err := os.Open(name)
		if err != nil {
			return false
		}
		defer file.Close()
		for f, err := range har.Read(file) {
			if err == nil && f.Request.Path == path {
				return true
			}
		}
		return false
	})
}

// TestArchiveWrittenTwice has a second program choose another file.
func TestArchiveWrittenTwice(t *testing.T) {
	w, name := newWorld(t), filepath.Join(t.TempDir(), "flows.har")
	s := w.save("", "--set", "hardump="+name)
	w.get("/first")
	s.inArchive(name, "/first")
	second := exec.Command("sluice", append([]string{"dump"}, w.flags("-n", "--set", "hardump="+name)...)...)
	if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "flows are being written to it already, here or by another program: choose another file") {
		t.Errorf("%v: %s", err, out)
	}
	w.get("/second")
	s.inArchive(name, "/second")
	if err := s.end(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if got := archived(t, name); !slices.Equal(got, []string{"/first", "/second"}) {
		t.Error(got)
	}
}

// TestKilledArchive kills the program: what had ended is in an archive that is whole.
func TestKilledArchive(t *testing.T) {
	for _, file := range []string{"flows.har", "flows.zhar"} {
		t.Run(file, func(t *testing.T) {
			w, name := newWorld(t), filepath.Join(t.TempDir(), file)
			s := w.save("", "--set", "hardump="+name)
			var want []string
			for i := range 5 {
				want = append(want, fmt.Sprint("/", i))
				w.get(want[i])
			}
			s.inArchive(name, "/4")
			if s.end(syscall.SIGKILL) == nil {
				t.Error("it was not killed")
			}
			if got := archived(t, name); !slices.Equal(got, want) {
				t.Error(got)
			}
		})
	}
}

// TestFullArchive writes to a file that may not grow: what fits is there, and the end says how much is not.
func TestFullArchive(t *testing.T) {
	for _, file := range []string{"flows.har", "flows.zhar"} {
		t.Run(file, func(t *testing.T) {
			w, name := newWorld(t), filepath.Join(t.TempDir(), file)
			s := w.save("ulimit -f 40; ", "--set", "hardump="+name)
			w.get("/first")
			s.inArchive(name, "/first")
			noise := make([]byte, 50<<10)
			for i := range noise { // which no compression makes small enough
				noise[i] = byte(i*i>>3 ^ i*7919>>5 ^ i>>8*31)
			}
			large := <-w.ask("POST", "/large", strings.Repeat(fmt.Sprintf("%x", noise), 2))
			if large.err != nil {
				t.Fatal(large.err)
			}
			s.says(file + ": file too large. Flows are missing")
			w.get("/last")
			s.says("again: 1 are missing")
			err := s.end(syscall.SIGTERM)
			if err == nil || !strings.Contains(s.text(), "1 flow is missing in "+name) {
				t.Errorf("%v:\n%s", err, s.text())
			}
			if got := archived(t, name); !slices.Equal(got, []string{"/first", "/last"}) {
				t.Errorf("%v:\n%s", got, s.text())
			}
		})
	}
}

// TestFullOutput has no room to keep the archive that goes to the standard output.
func TestFullOutput(t *testing.T) {
	w := newWorld(t)
	s := w.save("ulimit -f 40; ", "--set", "hardump=-")
	if a := <-w.ask("POST", "/large", strings.Repeat("x", 100<<10)); a.err != nil {
		t.Fatal(a.err)
	}
	s.says("Flows are missing in the file")
	if err := s.end(syscall.SIGTERM); err == nil || !strings.Contains(s.text(), "sluice: 1 flow is missing in the standard output") {
		t.Errorf("%v:\n%s", err, s.text())
	}
}
