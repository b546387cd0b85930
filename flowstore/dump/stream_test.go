package dump

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

// A logged is what was logged, which may be looked at meanwhile.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func newTestStream(t *testing.T, target Target) (*Stream, *logged) {
	t.Helper()
	out := &logged{}
	s := NewStream(slog.New(slog.NewTextHandler(out, nil)))
	if err := s.Set(target); err != nil {
		s.Close()
		t.Fatal(err)
	}
	return s, out
}

// putNow comes back when flows are written.
func putNow(t *testing.T, s *Stream, list ...*flow.Flow) {
	t.Helper()
	s.Put(list)
	if err := s.Set(s.sink.target); err != nil {
		t.Fatal(err)
	}
}

// ended is a request that was answered.
func ended(path string) *flow.Flow {
	f := flow.New(flow.HTTP, &flow.Client{}, &flow.Server{}, time.Unix(1, 0))
	f.Request = &flow.Request{Method: "GET", Scheme: "http", Host: "example.com", Port: 80, Path: path}
	f.Response = &flow.Response{Status: 200}
	f.Live = false
	return f
}

func paths(t *testing.T, name string) (list []string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range got {
		list = append(list, f.Request.Path)
	}
	return list
}

func want(t *testing.T, name, list string) {
	t.Helper()
	if got := strings.Join(paths(t, name), " "); got != list {
		t.Errorf("%s has %s, want %s", filepath.Base(name), got, list)
	}
}

func TestStream(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a", "b.mitm")
	s, out := newTestStream(t, Target{Path: name, Format: Newest})
	live := ended("/live")
	live.Live = true
	tunnel := ended("")
	tunnel.Request.Method = "CONNECT"
	s.Put([]*flow.Flow{ended("/1"), live, tunnel})
	s.Put([]*flow.Flow{ended("/2")})
	s.Close()
	want(t, name, "/1 /2 /live")

	odd, err := filter.Parse("~u /odd")
	if err != nil {
		t.Fatal(err)
	}
	s, _ = newTestStream(t, Target{Path: "+" + name, Format: Old, Filter: odd})
	s.Put([]*flow.Flow{ended("/even"), ended("/odd")})
	s.Close()
	want(t, name, "/1 /2 /live /odd")
	if log := out.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "flows go to a new folder, "+filepath.Dir(name)) {
		t.Error(log)
	}
	s, _ = newTestStream(t, Target{Path: name, Format: Newest})
	s.Close()
	want(t, name, "")
}

// TestStreamNames fills in the time of a flow.
func TestStreamNames(t *testing.T) {
	dir := t.TempDir()
	before := time.Now().Year()
	s, _ := newTestStream(t, Target{Path: filepath.Join(dir, "%Y", "x.mitm"), Format: Newest})
	s.Put([]*flow.Flow{ended("/1")})
	s.Close()
	if time.Now().Year() == before {
		want(t, filepath.Join(dir, time.Now().Format("2006"), "x.mitm"), "/1")
	}
}

// TestStreamGone has the folder of a file go away and come back.
func TestStreamGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	name := filepath.Join(dir, "x.mitm")
	s, out := newTestStream(t, Target{Path: name, Format: Newest})
	step := func(list ...*flow.Flow) { putNow(t, s, list...) }
	step(ended("/1"))
	want(t, name, "/1")
	if err := os.Rename(dir, dir+"2"); err != nil {
		t.Fatal(err)
	}
	step(ended("/2"))
	live := ended("/live")
	live.Live = true
	step(ended("/3"))
	step(live)
	if text := out.buf.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "no such file or directory. Flows are missing") {
		t.Error(text)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	step(ended("/4"))
	s.Close()
	want(t, name, "/4 /live")
	want(t, filepath.Join(dir+"2", "x.mitm"), "/1")
	if text := out.buf.String(); !strings.Contains(text, "again: 2 are missing") {
		t.Error(text)
	}
}

// TestStreamSameFile names the file that is open in another way: it goes on, and nothing in it is lost.
func TestStreamSameFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mitm")
	s, _ := newTestStream(t, Target{Path: name, Format: Newest})
	putNow(t, s, ended("/1"))
	for _, path := range []string{"+" + name, name, filepath.Dir(name) + "/./x.mitm"} {
		if err := s.Set(Target{Path: path, Format: Newest}); err != nil {
			t.Error(err)
		}
		putNow(t, s, ended("/2"))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	want(t, name, "/1 /2 /2 /2")
}

// TestStreamOpenedLate has a file take long to be opened, and then not be opened: the log says so.
func TestStreamOpenedLate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.mitm")
	s, out := newTestStream(t, Target{Path: name, Format: Newest})
	s.patience = time.Millisecond
	answer := make(chan struct{})
	late := func(string) (Output, error) {
		<-answer
		return nil, errors.New("the server is gone")
	}
	if err := s.Set(Target{Path: "far", Open: late}); err != nil {
		t.Error(err)
	}
	close(answer)
	s.patience = time.Minute
	s.Put([]*flow.Flow{ended("/1")})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if text := out.String(); !strings.Contains(text, "the server is gone. Flows go on to where they went before") {
		t.Error(text)
	}
	want(t, name, "/1")
}

// TestStreamClockTurnedBack has a file be opened anew whose time the clock shows again: its flows stay.
func TestStreamClockTurnedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := &sink{log: slog.New(slog.DiscardHandler), target: Target{Path: filepath.Join(dir, "%H%M.mitm"), Format: Newest}}
		first := s.target.name(time.Now())
		s.add(ended("/1"))
		time.Sleep(time.Minute)
		s.add(ended("/2"))
		time.Sleep(24*time.Hour - time.Minute) // the first file's hour and minute again
		s.latest = clock(time.Now().Add(time.Second))
		if s.add(ended("/3")); s.path != first {
			t.Fatal(s.path)
		}
		s.close()
		want(t, first, "/1 /3")
		s.latest = clock(time.Now())
		s.add(ended("/4"))
		s.close()
		want(t, first, "/4")
	})
}

// TestStreamToOutput names what stands for the standard output: no file of that name is made.
func TestStreamToOutput(t *testing.T) {
	s, _ := newTestStream(t, Target{})
	defer s.Close()
	for _, path := range []string{"-", "+-"} {
		if err := s.Set(Target{Path: path}); err == nil || !strings.Contains(err.Error(), "name a file, as in ./flows.mitm") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestStreamToFolder names a folder that is there.
func TestStreamToFolder(t *testing.T) {
	s, _ := newTestStream(t, Target{})
	defer s.Close()
	dir := t.TempDir()
	for _, path := range []string{dir, "+" + dir, dir + "/"} {
		if err := s.Set(Target{Path: path}); err == nil || !strings.HasSuffix(err.Error(), "name a file in it, as in "+filepath.Join(dir, "flows.mitm")) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
