package actions

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"sluice/proxy/flow"
)

// read is a file with the fixture's flow in it, unless its name says that it is broken or has it twice.
func (x *fixture) read(_ context.Context, path string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		f := *x.store.Get(x.id)
		switch again := f; {
		case !yield(&f, nil):
		case path == "broken":
			yield(nil, errors.New("the file is broken"))
		case path == "twice":
			yield(&again, nil)
		}
	}
}

// ServeReplay takes flows with a response.
func (e *fakeEngine) ServeReplay(flows []*flow.Flow, add bool) int {
	flows = slices.DeleteFunc(slices.Clone(flows), func(f *flow.Flow) bool { return f.Response == nil })
	if !add {
		e.served = nil
	}
	e.served = append(e.served, flows...)
	return len(flows)
}
func (e *fakeEngine) ServeReplayCount() int { return len(e.served) }
func (e *fakeEngine) StopServeReplay()      { e.served = nil }

func TestServerReplayCommands(t *testing.T) {
	x := newFixture(t, nil)
	last := func(want string) {
		t.Helper()
		if got := x.said[len(x.said)-1]; got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
	x.run(t, "replay.server @all")
	last("Server replay has 1 response.")
	x.run(t, "replay.server.add @all")
	last("Server replay has 2 responses.")
	if n := x.run(t, "replay.server.count"); n != 2 {
		t.Error(n)
	}
	x.run(t, "replay.server.file good")
	last("Server replay has 1 response.")
	x.run(t, "replay.server.file broken")
	last("the file is broken")
	x.run(t, "replay.server.stop")
	last("Server replay stopped.")
	if n := x.run(t, "replay.server.count"); n != 0 {
		t.Error(n)
	}
	without := newFixture(t, func(f *flow.Flow) { f.Response = nil })
	if _, err := without.reg.Run(t.Context(), "replay.server @all"); err == nil {
		t.Error("a flow without a response was taken")
	}
}

func TestReplayClientFile(t *testing.T) {
	x := newFixture(t, nil)
	x.engine.replays = []flow.ID{}
	x.run(t, "replay.client.file good")
	if len(x.engine.replays) != 1 || x.engine.replays[0] != x.id {
		t.Error(x.engine.replays, x.said)
	}
	x.engine.replays = []flow.ID{}
	x.run(t, "replay.client.file twice")
	if got := x.engine.replays; len(got) != 2 || got[0] != x.id || got[1] == x.id {
		t.Error(got, x.said)
	}
	x.engine.replays = []flow.ID{x.id}
	x.run(t, "replay.client.file broken")
	if len(x.engine.replays) != 1 || x.said[len(x.said)-1] != "the file is broken" {
		t.Error(x.engine.replays, x.said)
	}
}
