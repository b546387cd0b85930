package dump

import (
	"bytes"
	"os"
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

// TestSaveFull counts the flows that are in a file which takes no more.
func TestSaveFull(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mitm")
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old)
	limit := old
	limit.Cur = 4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	large := ended("/large")
	large.Response.Body = flow.BodyOf(make([]byte, maxPending+1))
	few := []*flow.Flow{ended("/1"), ended("/2")}
	many := few
	for range 20 {
		many = append(many, ended("/more"))
	}
	for _, c := range []struct {
		flows []*flow.Flow
		want  int
	}{{few, 2}, {append(few, large), 2}, {many, -1}} {
		n, _, err := Save(t.Context(), name, false, Newest, c.flows)
		data, bad := os.ReadFile(name)
		if bad != nil {
			t.Fatal(bad)
		}
		kept := 0
		for _, bad := range Read(bytes.NewReader(data)) {
			if bad != nil {
				t.Error(bad)
			}
			kept++
		}
		if n != kept || c.want >= 0 && n != c.want || (err == nil) != (n == len(c.flows)) {
			t.Errorf("%d flows, want %d: said to be %d, there are %d: %v", len(c.flows), c.want, n, kept, err)
		}
	}
}
