package flowstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"sluice/proxy/flow"
)

// viewOf returns a store with flows for the paths, and a view of it.
func viewOf(paths ...string) (*Store, *View, map[string]flow.ID) {
	s := New(Config{})
	known := make(map[string]flow.ID)
	for _, p := range paths {
		f := done(p, 1)
		known[p] = f.ID
		s.Put(f)
	}
	v := NewView(s)
	v.Sync()
	return s, v, known
}

func TestFocusRules(t *testing.T) {
	s, v, id := viewOf("/a", "/b", "/c", "/d")
	expect(t, "the first flow has it", paths(v), "[/a]/b/c/d")
	v.Go(2)
	expect(t, "third", paths(v), "/a/b[/c]/d")
	s.Remove(id["/c"])
	c := v.Sync()
	expect(t, "the same place", paths(v), "/a/b[/d]")
	expect(t, "told", c.Focus && c.Removed == 1, true)
	s.Remove(id["/d"])
	v.Sync()
	expect(t, "the last", paths(v), "/a[/b]")
	v.Next()
	expect(t, "no wrap at the end", paths(v), "/a[/b]")
	v.Prev()
	v.Prev()
	expect(t, "no wrap at the start", paths(v), "[/a]/b")
	v.Go(-1)
	expect(t, "the last by -1", v.FocusIndex(), 1)
	v.Go(-9)
	expect(t, "too far back", v.FocusIndex(), 0)
	v.Go(9)
	expect(t, "too far", v.FocusIndex(), 1)
	s.Clear()
	v.Sync()
	expect(t, "none", v.FocusIndex(), -1)
	expect(t, "no id", v.Focus(), flow.ID{})
	expect(t, "no flow", v.FocusFlow(), nil)
	v.Next()
	v.Go(-1)
	expect(t, "still none", v.FocusIndex(), -1)
	if err := v.SetFocus(id["/a"]); err == nil {
		t.Error("a flow that is not shown was given the focus")
	}
}

func TestFocusOfAReversedView(t *testing.T) {
	s, v, id := viewOf("/a", "/b", "/c")
	v.Go(1)
	v.Set(Query{Reversed: true})
	expect(t, "stays with its flow", paths(v), "/c[/b]/a")
	s.Remove(id["/b"])
	v.Sync()
	expect(t, "the same place", paths(v), "/c[/a]")
	s.Put(done("/d", 1))
	v.Sync()
	expect(t, "new ones come first", paths(v), "/d/c[/a]")
}

func TestFocusAfterANewQuery(t *testing.T) {
	_, v, id := viewOf("/d", "/b", "/a", "/c")
	if err := v.SetFocus(id["/b"]); err != nil {
		t.Fatal(err)
	}
	v.Set(Query{Order: ByURL})
	expect(t, "stays with its flow", paths(v), "/a[/b]/c/d")
	not := func(expr string, reversed bool) Query {
		return Query{Order: ByURL, Filter: mustFilter(expr), Reversed: reversed}
	}
	v.Set(not("! ~u /b$", false))
	expect(t, "the next", paths(v), "/a[/c]/d")
	v.Set(not("! ~u /c$", true))
	expect(t, "the next in the reversed order", paths(v), "/d[/b]/a")
	v.Set(not("~u nothing", false))
	expect(t, "none", v.FocusIndex(), -1)
	v.Set(Query{})
	expect(t, "the first", paths(v), "[/d]/b/a/c")
}

func TestFocusFollows(t *testing.T) {
	s, v, _ := viewOf("/a")
	v.Set(Query{Filter: mustFilter("~u /[a-m]$")})
	v.SetFollow(true)
	s.Put(done("/b", 1))
	s.Put(done("/z", 1))
	v.Sync()
	expect(t, "the newest that is shown", paths(v), "/a[/b]")
	v.Go(0)
	s.Put(done("/z", 1))
	v.Sync()
	expect(t, "hidden ones change nothing", paths(v), "[/a]/b")
}

func TestViewThatMissedRemovals(t *testing.T) {
	s, v, id := viewOf("/a", "/b", "/c", "/d")
	v.Go(1)
	for range 3 * maxRemovals {
		f := done("/gone", 1)
		s.Put(f)
		s.Remove(f.ID)
	}
	s.Remove(id["/b"], id["/d"])
	s.Put(done("/e", 1))
	if v.seen >= s.forgot {
		t.Fatal("the view has missed nothing")
	}
	c := v.Sync()
	expect(t, "shown", paths(v), "/a[/c]/e")
	expect(t, "removed", c.Removed, 2)
	if n := len(s.removals); n > 2*maxRemovals {
		t.Errorf("%d removals are remembered", n)
	}
	s.Clear()
	for range 3 * maxRemovals {
		f := done("/gone", 1)
		s.Put(f)
		s.Remove(f.ID)
	}
	v.Sync()
	expect(t, "left", v.Len(), 0)
	expect(t, "focus", v.FocusIndex(), -1)
}

func TestPrepareIsCancelled(t *testing.T) {
	_, v, _ := viewOf("/a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := v.Prepare(ctx, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
}

func TestFailedConnectIsShown(t *testing.T) {
	s := New(Config{})
	v := NewView(s)
	f := after(get("/"), func(f *flow.Flow) { f.Request.Method = "CONNECT" })
	s.Put(f)
	v.Sync()
	expect(t, "shown", v.Len(), 0)
	s.Put(after(f, func(f *flow.Flow) { f.Error = &flow.Error{Message: "no route"} }))
	v.Sync()
	expect(t, "shown when it failed", v.Len(), 1)
	expect(t, "error", v.At(0).Error, "no route")
}

// A body filter is asked about a growing body when it has doubled, and at its end.
func TestBodyFilterOnAGrowingBody(t *testing.T) {
	s := New(Config{})
	v := NewView(s)
	v.Set(Query{Filter: mustFilter("~bs needle")})
	live := private(get("/"))
	live.Response = &flow.Response{}
	grow := func(text string) {
		live.Response.Body.Append([]byte(text))
		s.Put(live.Snapshot())
		v.Sync()
	}
	grow("needle in a small body")
	expect(t, "shown", v.Len(), 1)
	live.Response = &flow.Response{}
	grow(string(make([]byte, 2*bodyWorth)))
	expect(t, "shown without it", v.Len(), 0)
	grow("needle")
	live.Live = false
	grow("")
	expect(t, "shown at the end", v.Len(), 1)
	expect(t, "remembered", len(v.growing), 0)
}

func TestResolve(t *testing.T) {
	s, v, id := viewOf("/a", "/b", "/c")
	s.SetMark(":x:", id["/c"])
	s.Put(after(get("/tunnel"), func(f *flow.Flow) { f.Request.Method = "CONNECT" }))
	v.Set(Query{Filter: mustFilter("! ~u /b$"), Reversed: true})
	for spec, want := range map[string]string{
		"@all":      "/a/b/c",
		"@focus":    "/a",
		"@shown":    "/c/a",
		"@hidden":   "/b",
		"@marked":   "/c",
		"@unmarked": "/a/b",
		"~u /[bc]$": "/b/c",
		"@" + id["/c"].String() + "," + id["/a"].String() + "," + flow.NewID().String(): "/c/a",
	} {
		flows, err := v.Resolve(spec)
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		got := ""
		for _, f := range flows {
			got += f.Request.Path
		}
		expect(t, spec, got, want)
	}
	for _, spec := range []string{"~nosuch", "@" + fmt.Sprintf("%036d,12", 0)} {
		if flows, err := v.Resolve(spec); err == nil {
			t.Errorf("%s resolves to %d flows", spec, len(flows))
		}
	}
}

func TestOrders(t *testing.T) {
	if got := orders(); !slices.Equal(got, []string{"method", "size", "time", "url"}) {
		t.Errorf("got %v", got)
	}
	for _, name := range orders() {
		o, err := ParseOrder(name)
		if err != nil {
			t.Error(err)
		}
		expect(t, "name", o.String(), name)
	}
	if _, err := ParseOrder("colour"); err == nil {
		t.Error("an unknown order was read")
	}
}
