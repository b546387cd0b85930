package flowstore

import (
	"testing"

	"sluice/proxy/flow"
)

func TestBodiesOverTheLimitAreDropped(t *testing.T) {
	s := New(Config{BodyLimit: 250})
	marked, live, first, second := done("/marked", 100), get("/live"), done("/1", 100), done("/2", 100)
	s.Put(marked)
	s.SetMark(":default:", marked.ID)
	s.Put(live)
	s.Put(first)
	s.Put(second)
	gap := func(f *flow.Flow) flow.Gap { return s.Get(f.ID).Response.Body.Gap() }
	expect(t, "gap of the marked one", gap(marked), flow.Whole)
	expect(t, "gap of the first", gap(first), flow.Dropped)
	expect(t, "gap of the second", gap(second), flow.Whole)
	body := s.Get(first.ID).Response.Body
	expect(t, "its size", body.Len(), 100)
	row, _ := s.Row(first.ID)
	expect(t, "its row says so", row.BodyDropped, true)
	expect(t, "bytes", kept(s), 200)

	third := done("/3", 240)
	s.Put(third)
	expect(t, "gap of the second", gap(second), flow.Dropped)
	expect(t, "gap of the marked one, when nothing else is left", gap(third), flow.Dropped)
	expect(t, "bytes", kept(s), 100)
	s.Put(done("/4", 100))
	s.Put(done("/5", 151))
	expect(t, "bytes", kept(s), 100)
}

func TestMarkedBodiesGoLast(t *testing.T) {
	s := New(Config{BodyLimit: 100})
	marked := done("/marked", 100)
	s.Put(marked)
	s.SetMark(":default:", marked.ID)
	growing := after(get("/live"), func(f *flow.Flow) { f.Request.Body = flow.BodyOf(make([]byte, 50)) })
	s.Put(growing)
	expect(t, "gap", s.Get(marked.ID).Response.Body.Gap(), flow.Dropped)
	expect(t, "bytes of the live one", kept(s), 50)
}

func TestMessagesAreCountedAndDropped(t *testing.T) {
	s := New(Config{BodyLimit: 10})
	live := flow.New(flow.TCP, &flow.Client{}, &flow.Server{}, epoch)
	for range 5 {
		live.Messages = append(live.Messages, flow.Message{Content: make([]byte, 3)})
		s.Put(live.Snapshot())
	}
	expect(t, "bytes while it lives", kept(s), 15)
	live.Live = false
	s.Put(live.Snapshot())
	expect(t, "bytes", kept(s), 0)
	f := s.Get(live.ID)
	expect(t, "messages", len(f.Messages), 5)
	expect(t, "lost of one", f.Messages[4].Lost, 3)
	row, _ := s.Row(live.ID)
	expect(t, "size", row.Size, 15)
	expect(t, "the row says so", row.BodyDropped, true)
	expect(t, "the engine's message", len(live.Messages[0].Content), 3)
}

func TestVersionsAreCounted(t *testing.T) {
	s := New(Config{BodyLimit: 1000})
	f := done("/", 100)
	s.Put(f)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Request.Path = "/x" })
	expect(t, "bytes with an edited head", kept(s), 100)
	edit(t, s, f.ID, func(f *flow.Flow) { f.Response.Body = flow.BodyOf(make([]byte, 30)) })
	expect(t, "bytes with an edited body", kept(s), 130)
	s.Put(done("/", 900))
	expect(t, "bytes over the limit", kept(s), 900)
	for _, v := range versions(s, f.ID) {
		expect(t, "gap of "+v.name, v.flow.Response.Body.Gap(), flow.Dropped)
	}
	expect(t, "edited size", s.Get(f.ID).Response.Body.Len(), 30)
	expect(t, "edited path", s.Get(f.ID).Request.Path, "/x")
	s.Revert(f.ID)
	expect(t, "reverted size", s.Get(f.ID).Response.Body.Len(), 100)
}

// TestCutBodiesCountWhatIsKept: the limit is about what is here, a row about what has passed.
func TestCutBodiesCountWhatIsKept(t *testing.T) {
	s := New(Config{BodyLimit: 100})
	cut := after(done("/cut", 0), func(f *flow.Flow) {
		f.Response.Body = flow.Body{}
		f.Response.Body.RecordUpTo(60, make([]byte, 1000))
	})
	s.Put(cut)
	expect(t, "bytes", kept(s), 60)
	row, _ := s.Row(cut.ID)
	expect(t, "size in the row", row.Size, 1000)
	s.Put(done("/next", 50))
	body := s.Get(cut.ID).Response.Body
	expect(t, "gap over the limit", body.Gap(), flow.Dropped)
	expect(t, "its size", body.Len(), 1000)
	expect(t, "bytes", kept(s), 50)
}

// TestManySmallMessages: messages that say next to nothing count for what it takes to keep them, and their list is cut when they are let go.
func TestManySmallMessages(t *testing.T) {
	s := New(Config{BodyLimit: 1 << 20})
	var all []*flow.Flow
	for range 3 {
		f := flow.New(flow.TCP, &flow.Client{}, &flow.Server{}, epoch)
		f.Live = false
		for range 10_000 {
			f.Messages = append(f.Messages, flow.Message{Content: []byte("x")})
		}
		s.Put(f)
		all = append(all, f)
	}
	expect(t, "within the limit", kept(s) <= 1<<20, true)
	first, last := s.Get(all[0].ID), s.Get(all[2].ID)
	expect(t, "messages of the first", len(first.Messages), freeMessages)
	expect(t, "messages of the last", len(last.Messages), 10_000)
	lost := 0
	for _, m := range first.Messages {
		lost += m.Lost
	}
	expect(t, "bytes of the first that are told of", lost, 10_000)
}
