package dump

import (
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sluice/proxy/flow"
)

// TestStreamFull lets a file have no more than a few bytes, as a full disk does.
func TestStreamFull(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mitm")
	s, out := newTestStream(t, Target{Path: name, Format: Newest})
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur = 4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	step := func(f *flow.Flow) { putNow(t, s, f) }
	large := ended("/large")
	large.Response.Body = flow.BodyOf(make([]byte, 4096))
	step(ended("/1"))
	step(large)
	step(ended("/2"))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	step(ended("/3"))
	s.Close()
	want(t, name, "/1 /2 /3")
	if text := out.buf.String(); !strings.Contains(text, "cannot write flows: write") || !strings.Contains(text, "1 are missing") {
		t.Error(text)
	}
}
