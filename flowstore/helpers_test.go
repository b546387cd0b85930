package flowstore

import (
	"fmt"
	"testing"
	"time"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

var epoch = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// get returns the first snapshot of a request for a path, under way.
func get(path string) *flow.Flow {
	f := flow.New(flow.HTTP, &flow.Client{}, &flow.Server{}, epoch)
	f.Request = &flow.Request{Method: "GET", Scheme: "http", Host: "example.com", Port: 80, Path: path}
	f.Request.Headers = flow.Headers{{Name: "Host", Value: "example.com"}}
	f.Request.Start = epoch
	return f.Snapshot()
}

// done returns the snapshot of a finished flow with a response body of n bytes.
func done(path string, n int) *flow.Flow {
	f := get(path)
	return after(f, func(f *flow.Flow) {
		f.Response = &flow.Response{Status: 200}
		f.Response.Body = flow.BodyOf(make([]byte, n))
		f.Live = false
	})
}

// after returns the snapshot that the engine publishes after do.
func after(f *flow.Flow, do func(*flow.Flow)) *flow.Flow {
	live := private(f)
	do(live)
	return live.Snapshot()
}

func mustFilter(expr string) *filter.Filter {
	f, err := filter.Parse(expr)
	if err != nil {
		panic(err)
	}
	return f
}

// paths lists the shown flows by their paths, the one with the focus in brackets.
func paths(v *View) string {
	text := ""
	for _, r := range v.Rows(nil, 0, v.Len()) {
		if r.ID == v.Focus() {
			text += fmt.Sprintf("[%s]", r.Path)
		} else {
			text += r.Path
		}
	}
	return text
}

func expect[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func edit(tb testing.TB, s *Store, id flow.ID, do func(*flow.Flow)) {
	tb.Helper()
	if err := s.Edit(id, func(f *flow.Flow) error { do(f); return nil }); err != nil {
		tb.Fatal(err)
	}
}

// kept returns how many bytes of bodies and messages a store keeps.
func kept(s *Store) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// A version is a flow as it was at some point of its way.
type version struct {
	name string // "received", "edited" or "sent"
	flow *flow.Flow
}

// versions returns the flow as received, as a person edited it, and, when the engine took
// the edit over, as it was sent and went on. A flow that nobody edited has one version.
func versions(s *Store, id flow.ID) []version {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[id]
	p := e.person
	if p == nil || p.received == nil {
		return []version{{"received", e.current()}}
	}
	vs := []version{{"received", p.received}, {"edited", p.edited}}
	if p.sent {
		vs = append(vs, version{"sent", e.engine})
	}
	return vs
}

func names(vs []version) string {
	text := ""
	for _, v := range vs {
		text += v.name + " "
	}
	return text
}
