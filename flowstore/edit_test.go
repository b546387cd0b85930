package flowstore

import (
	"errors"
	"testing"

	"sluice/proxy/flow"
)

// held returns a store with a flow that is held at its request.
func held(tb testing.TB) (*Store, *flow.Flow) {
	tb.Helper()
	s := New(Config{})
	f := after(get("/a"), func(f *flow.Flow) { f.Intercepted = true })
	s.Put(f)
	return s, f
}

// resume returns what the engine publishes when a person resumes f.
func resume(f *flow.Flow, e *flow.Edit) *flow.Flow {
	return after(f, func(f *flow.Flow) {
		f.Intercepted = false
		e.Apply(f)
	})
}

func TestEditIsSentAndTakenOver(t *testing.T) {
	s, f := held(t)
	expect(t, "edit of an untouched flow", s.PendingEdit(f.ID), nil)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/b" })
	expect(t, "path", s.Get(f.ID).Request.Path, "/b")
	expect(t, "path of the snapshot", f.Request.Path, "/a")
	expect(t, "modified", s.Modified(f.ID), true)
	expect(t, "versions", names(versions(s, f.ID)), "received edited ")

	// another snapshot of the held flow does not undo it
	f = after(f, func(f *flow.Flow) { f.Request.Headers = f.Request.Headers.Add("X", "1") })
	s.Put(f)
	expect(t, "path", s.Get(f.ID).Request.Path, "/b")
	expect(t, "header that came since", s.Get(f.ID).Request.Headers.Get("X"), "1")

	pending := s.PendingEdit(f.ID)
	expect(t, "pending path", pending.Request.Path, "/b")
	expect(t, "pending header", pending.Request.Headers.Get("X"), "1")
	if pending.Response != nil || pending.Messages != nil {
		t.Error("the edit has parts that nobody edited")
	}

	f = resume(f, pending)
	f = after(f, func(f *flow.Flow) { f.Request.Path = "/b?by=addon" })
	s.Put(f)
	expect(t, "the engine's word counts", s.Get(f.ID).Request.Path, "/b?by=addon")
	expect(t, "nothing is pending", s.PendingEdit(f.ID), nil)
	expect(t, "modified", s.Modified(f.ID), true)
	vs := versions(s, f.ID)
	expect(t, "versions", names(vs), "received edited sent ")
	expect(t, "received", vs[0].flow.Request.Path, "/a")
	expect(t, "edited", vs[1].flow.Request.Path, "/b")
	expect(t, "sent", vs[2].flow.Request.Path, "/b?by=addon")
}

func TestEditOfOneFieldLetsTheMessageGrow(t *testing.T) {
	s := New(Config{})
	f := after(get("/"), func(f *flow.Flow) {
		f.Response = &flow.Response{Status: 200}
		f.Response.Body.Append([]byte("half"))
	})
	s.Put(f)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Response.Status = 404 })
	s.Put(after(f, func(f *flow.Flow) {
		f.Response.Body.Append([]byte(" and half"))
		f.Live = false
	}))
	got := s.Get(f.ID)
	expect(t, "status", got.Response.Status, 404)
	expect(t, "body", string(got.Response.Body.Bytes()), "half and half")
	expect(t, "versions", names(versions(s, f.ID)), "received edited ")
}

func TestKilledFlowKeepsItsEdit(t *testing.T) {
	s, f := held(t)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/b" })
	s.Put(after(f, func(f *flow.Flow) {
		f.Intercepted, f.Live = false, false
		f.Kill(epoch)
	}))
	expect(t, "path", s.Get(f.ID).Request.Path, "/b")
	expect(t, "killed", s.Get(f.ID).Killed(), true)
}

func TestMadeUpResponse(t *testing.T) {
	s, f := held(t)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Response = &flow.Response{Status: 418} })
	pending := s.PendingEdit(f.ID)
	expect(t, "status", pending.Response.Status, 418)
	s.Put(resume(f, pending))
	expect(t, "nothing is pending", s.PendingEdit(f.ID), nil)
	expect(t, "versions", names(versions(s, f.ID)), "received edited sent ")
}

func TestRevert(t *testing.T) {
	s, f := held(t)
	s.SetMark(":x:", f.ID)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/b" })
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/c" })
	expect(t, "reverted", s.Revert(f.ID, flow.NewID()), 1)
	expect(t, "path", s.Get(f.ID).Request.Path, "/a")
	expect(t, "mark", s.Get(f.ID).Marked, ":x:")
	expect(t, "modified", s.Modified(f.ID), false)
	expect(t, "nothing is pending", s.PendingEdit(f.ID), nil)
	expect(t, "reverted again", s.Revert(f.ID), 0)
}

func TestRevertOfWhatWasSent(t *testing.T) {
	s, f := held(t)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/b" })
	f = resume(f, s.PendingEdit(f.ID))
	s.Put(f)
	s.Put(after(f, func(f *flow.Flow) {
		f.Response = &flow.Response{Status: 200}
		f.Live = false
	}))
	expect(t, "reverted", s.Revert(f.ID), 1)
	got := s.Get(f.ID)
	expect(t, "path", got.Request.Path, "/a")
	expect(t, "status", got.Response.Status, 200)
	expect(t, "modified", s.Modified(f.ID), false)
}

func TestReplayTakesOver(t *testing.T) {
	s := New(Config{})
	f := done("/a", 5)
	s.Put(f)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/b" })
	s.Put(after(s.Get(f.ID), func(f *flow.Flow) {
		f.Live, f.Replay, f.Response = true, flow.ReplayedRequest, nil
		f.Request.Path = "/c"
	}))
	expect(t, "path", s.Get(f.ID).Request.Path, "/c")
	expect(t, "has a response", s.Get(f.ID).Response != nil, false)
}

func TestEditOfAMessage(t *testing.T) {
	s := New(Config{})
	f := flow.New(flow.TCP, &flow.Client{}, &flow.Server{}, epoch).Snapshot()
	say := func(text string) *flow.Flow {
		return after(f, func(f *flow.Flow) {
			f.Messages = append(f.Messages, flow.Message{FromClient: true, Content: []byte(text)})
			f.Intercepted = true
		})
	}
	last := func() string { ms := s.Get(f.ID).Messages; return string(ms[len(ms)-1].Content) }
	f = say("one")
	s.Put(f)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Messages[0].Content = []byte("ONE") })
	expect(t, "message", last(), "ONE")
	expect(t, "message of the snapshot", string(f.Messages[0].Content), "one")
	f = resume(f, s.PendingEdit(f.ID))
	s.Put(f)
	f = say("two")
	s.Put(f)
	expect(t, "nothing is pending", s.PendingEdit(f.ID), nil)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Messages[1].Content = []byte("TWO") })
	pending := s.PendingEdit(f.ID)
	expect(t, "messages", len(pending.Messages), 2)
	s.Put(resume(f, pending))
	expect(t, "message", last(), "TWO")
	received := versions(s, f.ID)[0].flow.Messages
	expect(t, "as received", string(received[0].Content)+string(received[1].Content), "onetwo")
	s.Revert(f.ID)
	expect(t, "message", last(), "two")
}

func TestEditFails(t *testing.T) {
	s, f := held(t)
	no := errors.New("no")
	err := s.Edit(f.ID, func(f *flow.Flow) error { f.Request.Path = "/b"; return no })
	expect(t, "error", err, no)
	expect(t, "path", s.Get(f.ID).Request.Path, "/a")
	err = s.Edit(f.ID, func(f *flow.Flow) error {
		s.Remove(f.ID)
		f.Request.Path = "/b"
		return nil
	})
	expect(t, "error for a removed flow", err, ErrNotFound)
	expect(t, "error for an unknown flow", s.Edit(f.ID, nil), ErrNotFound)
}

func TestEditWithoutChange(t *testing.T) {
	s, f := held(t)
	edit(t, s, f.ID, func(f *flow.Flow) {
		f.Request.Body = flow.BodyOf(nil)
		f.Comment = "mine"
	})
	expect(t, "modified", s.Modified(f.ID), false)
	expect(t, "comment", s.Get(f.ID).Comment, "mine")
	expect(t, "versions", names(versions(s, f.ID)), "received ")
}

func TestEditWhileTheEngineGoesOn(t *testing.T) {
	s, f := held(t)
	edit(t, s, f.ID, func(mine *flow.Flow) {
		s.Put(after(f, func(f *flow.Flow) { f.Request.Method = "PUT" }))
		mine.Request.Path = "/b"
	})
	got := s.Get(f.ID).Request
	expect(t, "request", got.Method+got.Path, "PUT/b")
}
