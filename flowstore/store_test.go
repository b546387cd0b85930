package flowstore

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"sluice/proxy/flow"
)

func TestPutIgnoresOlderSnapshots(t *testing.T) {
	s := New(Config{})
	older := get("/a")
	newer := after(older, func(f *flow.Flow) { f.Request.Path = "/b" })
	s.Put(newer)
	s.Put(older)
	expect(t, "path", s.Get(older.ID).Request.Path, "/b")
	expect(t, "flows", s.Len(), 1)
}

func TestMarkAndCommentSurviveSnapshots(t *testing.T) {
	s := New(Config{})
	f := get("/a")
	s.Put(f)
	s.SetMark(":heart:", f.ID)
	s.SetComment(f.ID, "look here")
	s.Put(after(f, func(f *flow.Flow) { f.Response = &flow.Response{Status: 204} }))
	got := s.Get(f.ID)
	expect(t, "mark", got.Marked, ":heart:")
	expect(t, "comment", got.Comment, "look here")
	expect(t, "status", got.Response.Status, 204)
	row, ok := s.Row(f.ID)
	expect(t, "found", ok, true)
	expect(t, "mark in the row", row.Marked, ":heart:")
	s.SetMark("", f.ID)
	expect(t, "mark taken away", s.Get(f.ID).Marked, "")
}

func TestRemovedLiveFlowStaysRemoved(t *testing.T) {
	s := New(Config{})
	f := get("/a")
	s.Put(f)
	s.Remove(f.ID)
	s.Put(after(f, func(f *flow.Flow) { f.Response = &flow.Response{Status: 200} }))
	s.Put(after(f, func(f *flow.Flow) { f.Live, f.Intercepted = false, true }))
	s.Put(after(f, func(f *flow.Flow) { f.Live = false }))
	expect(t, "flows", s.Len(), 0)
	expect(t, "remembered", len(s.ended), 0)
}

func TestRemovedHeldFlowStaysRemoved(t *testing.T) {
	s := New(Config{})
	f := after(done("/a", 1), func(f *flow.Flow) { f.Intercepted = true })
	s.Put(f)
	s.Remove(f.ID)
	s.Put(after(f, func(f *flow.Flow) { f.Intercepted = false }))
	expect(t, "flows", s.Len(), 0)
}

func TestClearUnmarked(t *testing.T) {
	s := New(Config{})
	a, b := done("/a", 1), done("/b", 1)
	s.Put(a)
	s.Put(b)
	s.SetMark(":default:", b.ID)
	s.ClearUnmarked()
	expect(t, "flows", s.Len(), 1)
	expect(t, "the marked one is there", s.Get(b.ID) != nil, true)
	s.Clear()
	expect(t, "flows after Clear", s.Len(), 0)
	expect(t, "bytes after Clear", kept(s), 0)
}

func TestDuplicate(t *testing.T) {
	s := New(Config{})
	f := get("/a")
	s.Put(f)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/edited" })
	ids := s.Duplicate(f.ID, flow.NewID())
	expect(t, "copies", len(ids), 1)
	c := s.Get(ids[0])
	expect(t, "path", c.Request.Path, "/edited")
	expect(t, "live", c.Live, false)
	expect(t, "modified", s.Modified(c.ID), false)
}

func TestEachMayCallTheStore(t *testing.T) {
	s := New(Config{})
	for i := range 3 * maxBatch {
		s.Put(get(fmt.Sprint("/", i)))
	}
	n := 0
	s.Each(func(f *flow.Flow) bool {
		expect(t, "path", f.Request.Path, fmt.Sprint("/", n))
		n++
		s.Remove(f.ID)
		return true
	})
	expect(t, "seen", n, 3*maxBatch)
	expect(t, "left", s.Len(), 0)
}

func TestChangesAreCoalesced(t *testing.T) {
	s := New(Config{})
	for range 3 {
		s.Put(get("/"))
	}
	<-s.Changes()
	select {
	case <-s.Changes():
		t.Error("three changes were told twice")
	default:
	}
}

func TestSettingsGoWithTheFlow(t *testing.T) {
	s := New(Config{})
	f := done("/", 1)
	s.Put(f)
	s.SetSetting("fullcontents", "true", f.ID)
	expect(t, "setting", s.Setting(f.ID, "fullcontents"), "true")
	s.Remove(f.ID)
	s.Put(f)
	expect(t, "setting after removal", s.Setting(f.ID, "fullcontents"), "")
}

func TestMaxFlowsKeepsMarkedAndLive(t *testing.T) {
	s := New(Config{MaxFlows: 3})
	marked, live := done("/marked", 1), get("/live")
	s.Put(marked)
	s.SetMark(":default:", marked.ID)
	s.Put(live)
	var last *flow.Flow
	for i := range 1000 {
		last = done(fmt.Sprint("/", i), 10)
		s.Put(last)
	}
	expect(t, "flows", s.Len(), 3)
	for _, f := range []*flow.Flow{marked, live, last} {
		expect(t, f.Request.Path+" is kept", s.Get(f.ID) != nil, true)
	}
	expect(t, "bytes", kept(s), 11)
	if n := len(s.arrivals.entries); n > 10 {
		t.Errorf("3 flows take %d places in the order of arrival", n)
	}
	expect(t, "slots", len(s.slots), 4)
	s.SetMark("", marked.ID)
	s.Put(done("/more", 1))
	s.Put(done("/more", 1))
	expect(t, "the unmarked one is kept", s.Get(marked.ID) != nil, false)
}

func TestStoreUnderLoad(t *testing.T) {
	s := New(Config{BodyLimit: 10_000, MaxFlows: 200})
	flows := make(chan []*flow.Flow, 64)
	var wg sync.WaitGroup
	wg.Go(func() {
		for batch := range flows {
			s.PutAll(batch)
		}
	})
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				f := get(fmt.Sprint("/", i))
				s.Put(f)
				s.SetMark(":x:", f.ID)
				if i%3 == 0 {
					s.Edit(f.ID, func(f *flow.Flow) error { f.Request.Path = "/e"; return nil })
					s.PendingEdit(f.ID)
				}
				s.Put(after(f, func(f *flow.Flow) {
					f.Response = &flow.Response{Status: 200}
					f.Response.Body = flow.BodyOf(make([]byte, 100))
					f.Live = false
				}))
				s.Get(f.ID)
				s.SetMark("", f.ID)
			}
		})
	}
	v := NewView(s)
	for range 300 {
		flows <- []*flow.Flow{done("/r", 10)}
		v.Sync()
		if p, err := v.Prepare(context.Background(), Query{Order: ByURL}); err != nil {
			t.Error(err)
		} else {
			v.Apply(p)
		}
		v.Rows(nil, 0, 20)
	}
	close(flows)
	wg.Wait()
	v.Sync()
	expect(t, "flows", s.Len(), 200)
	expect(t, "shown", v.Len(), 200)
	if n := kept(s); n > 10_000 {
		t.Errorf("%d bytes of bodies are kept, over the limit", n)
	}
}
