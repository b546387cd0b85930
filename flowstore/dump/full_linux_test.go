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
	limitFiles(t, 4096)
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
		os.Remove(name)
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

// TestSaveOver saves over a file, which is lost only when all is written.
func TestSaveOver(t *testing.T) {
	folder := t.TempDir()
	name, link := filepath.Join(folder, "x.mitm"), filepath.Join(folder, "link.mitm")
	if err := os.Symlink("x.mitm", link); err != nil {
		t.Fatal(err)
	}
	few, other := []*flow.Flow{ended("/1"), ended("/2")}, []*flow.Flow{ended("/3")}
	for _, flows := range [][]*flow.Flow{other, few} {
		if n, _, err := Save(t.Context(), link, false, Newest, flows); n != len(flows) || err != nil {
			t.Fatal(n, err)
		}
		if err := os.Chmod(name, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	want(t, name, "/1 /2")
	limitFiles(t, 4096)
	many := other
	for range 20 {
		many = append(many, ended("/more"))
	}
	n, _, err := Save(t.Context(), link, false, Newest, many)
	if n == 0 || n == len(many) || err == nil || !strings.Contains(err.Error(), "is still there") {
		t.Errorf("%d flows are saved: %v", n, err)
	}
	want(t, name, "/1 /2")
	large := ended("/large")
	large.Response.Body = flow.BodyOf(make([]byte, maxPending+1))
	if n, _, err := Save(t.Context(), link, false, Newest, []*flow.Flow{large}); n != 0 || err == nil {
		t.Errorf("%d flows are saved: %v", n, err)
	}
	want(t, name, "/1 /2")
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 3 {
		t.Errorf("there are %v", files)
	}
	for _, file := range files {
		if file == name || file == link {
			continue
		}
		if data, err := os.ReadFile(file); err != nil || n != len(all(t, data)) {
			t.Errorf("%d flows were to be in %s: %v", n, file, err)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o640 {
		t.Error(info.Mode(), err)
	}
	if _, err := os.Readlink(link); err != nil {
		t.Error(err)
	}
}

// limitFiles lets files have no more bytes until the test ends, as a full disk does.
func limitFiles(t *testing.T, size uint64) {
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old)
		signal.Reset(syscall.SIGXFSZ)
	})
	limit := old
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

// all returns the flows of a file that is whole.
func all(t *testing.T, data []byte) []*flow.Flow {
	flows, err := read(bytes.NewReader(data))
	if err != nil {
		t.Error(err)
	}
	return flows
}
