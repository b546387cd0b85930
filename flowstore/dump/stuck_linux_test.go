package dump

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// stuckStream writes to a pipe that nobody reads from: a disk that has stopped answering.
func stuckStream(t *testing.T) (s *Stream, out *logged, name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	s, out = newTestStream(t, Target{Path: name, Format: Newest})
	s.patience = time.Millisecond
	return s, out, name
}

func large(path string) *flow.Flow {
	f := ended(path)
	f.Response.Body = flow.BodyOf(make([]byte, 1<<20))
	return f
}

// TestStreamStuck puts flows and changes the file while nothing can be written. Nobody waits, what
// there is room for is written once it can be, and the log counts the rest.
func TestStreamStuck(t *testing.T) {
	s, out, name := stuckStream(t)
	s.limit = 4 << 20
	for range 10 {
		s.Put([]*flow.Flow{large("/")})
	}
	next := filepath.Join(t.TempDir(), "next.mitm")
	if err := s.Set(Target{Path: next, Format: Newest}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "the disk is too slow") || !strings.Contains(text, next+" takes long") {
		t.Error(text)
	}
	pipe, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	n := 0
	for f, err := range Read(pipe) { // until it is closed in favour of the next file
		if err != nil || f.Response.Body.Len() != 1<<20 {
			t.Fatal(err)
		}
		n++
	}
	s.Put([]*flow.Flow{ended("/after")})
	s.patience = time.Minute
	s.Close()
	want(t, next, "/after")
	if text := out.String(); !strings.Contains(text, "6 flows are missing in "+name) || n != 4 {
		t.Error(n, text)
	}
}

// TestStreamGivenUp ends although nothing can be written.
func TestStreamGivenUp(t *testing.T) {
	s, _, _ := stuckStream(t)
	s.Put([]*flow.Flow{large("/"), large("/")})
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "the disk does not answer: up to 2 flows are missing in the file") {
		t.Error(err)
	}
}

// TestStreamSlow has a disk take a flow slower than the end has patience for: it is waited for as long as something goes forward.
func TestStreamSlow(t *testing.T) {
	s, _, name := stuckStream(t)
	s.Put([]*flow.Flow{large("/")})
	pipe, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := io.CopyN(io.Discard, pipe, 1); err != nil { // it has begun
		t.Fatal(err)
	}
	before, _ := s.progress()
	for range 3 { // of the one flow, while nothing is finished
		if _, err := io.CopyN(io.Discard, pipe, portion); err != nil {
			t.Fatal(err)
		}
		now, _ := s.progress()
		for ; now == before; now, _ = s.progress() {
			runtime.Gosched()
		}
		if now.tasks != before.tasks {
			t.Fatal("it has been written")
		}
		before = now
	}
	s.patience = time.Minute
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		_, _ = io.Copy(io.Discard, pipe)
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-rest
}
