package flowstore

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/proxy/content/grpc"
	"sluice/proxy/content/sse"
	"sluice/proxy/flow"
)

// listFlow is a flow under way with a body of a kind.
func listFlow(kind string) *flow.Flow {
	f := flow.New(flow.HTTP, &flow.Client{}, flow.NewServer(flow.Addr{}), time.Unix(1, 0))
	f.Request, f.Response = &flow.Request{Method: "GET"}, &flow.Response{Status: 200}
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: kind}}
	return f
}

// growTo puts a snapshot of f with more of its body, and returns the row.
func growTo(t interface{ Fatal(...any) }, s *Store, f *flow.Flow, more []byte) Row {
	f.Response.Body.Append(more)
	snapshot, response := *f, *f.Response
	snapshot.Response = &response
	f.Rev++
	snapshot.Rev = f.Rev
	s.Put(&snapshot)
	r, ok := s.Row(f.ID)
	if !ok {
		t.Fatal("no row")
	}
	return r
}

func TestEventCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, f := New(Config{}), listFlow("text/event-stream")
		var p sse.Parser
		want := 0
		pieces := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("dta:\r\n\uFEFF ")), 1, 12, -1), 1, 20).Draw(t, "pieces")
		for _, piece := range append(pieces, "\n\ndata: x\n", "\n") {
			for b := []byte(piece); len(b) > 0; {
				_, n, ok := p.Next(b)
				if b = b[n:]; ok {
					want++
				}
			}
			if got := growTo(t, s, f, []byte(piece)).Entries; got != want {
				t.Fatalf("%d events behind %q, want %d", got, f.Response.Body.Front(), want)
			}
		}
	})
}

func TestGRPCCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, f := New(Config{}), listFlow("application/grpc-web+proto")
		var p grpc.Parser
		want := 0
		for _, piece := range rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 0, 1, 3, 0x80, 0x40}), 1, 12), 1, 20).Draw(t, "pieces") {
			for b := piece; len(b) > 0; {
				m, n, ok, err := p.Next(b)
				if err != nil {
					break
				}
				if b = b[n:]; ok && !m.Trailers {
					want++
				}
			}
			if got := growTo(t, s, f, piece).Entries; got != want {
				t.Fatalf("%d messages in %q, want %d", got, f.Response.Body.Front(), want)
			}
		}
	})
}

func TestEntriesOfOtherBodies(t *testing.T) {
	s, f := New(Config{}), listFlow("text/event-stream")
	growTo(t, s, f, []byte("data: 1\n\ndata: 2\n\n"))
	other := *f
	other.Response = &flow.Response{HTTPMessage: flow.HTTPMessage{Headers: f.Response.Headers, Body: flow.BodyOf([]byte("data: another body\n\n"))}}
	other.Rev = f.Rev + 1
	s.Put(&other)
	if r, _ := s.Row(f.ID); r.Entries != 1 {
		t.Errorf("%d events in a body that took the place of another, want 1", r.Entries)
	}
	packed := listFlow("text/event-stream")
	packed.Response.Headers = packed.Response.Headers.Add("Content-Encoding", "gzip")
	if r := growTo(t, s, packed, []byte("data: 1\n\n")); r.Entries != 0 {
		t.Errorf("%d events in a body that cannot be read", r.Entries)
	}
	if r := growTo(t, s, listFlow("text/plain"), []byte("data: 1\n\n")); r.Entries != 0 {
		t.Errorf("%d events in a plain text", r.Entries)
	}
}

// TestEntriesOfLostBodies: the count stays when the body is let go.
func TestEntriesOfLostBodies(t *testing.T) {
	s, f := New(Config{BodyLimit: 1}), listFlow("text/event-stream")
	growTo(t, s, f, []byte("data: 1\n\ndata: 2\n\n"))
	f.Live = false
	if r := growTo(t, s, f, []byte("data: 3\n\n")); r.Entries != 3 || !r.BodyDropped {
		t.Errorf("%+v", r)
	}
}
