package detail

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

func eventFlow(stream string, live bool) *flow.Flow {
	f := respond(httpFlow("GET", "https://api.example.com/events", nil, ""), 200, "text/event-stream; charset=utf-8", []byte(stream))
	f.Live = live
	if live {
		f.Response.End = time.Time{}
	}
	return f
}

const someEvents = ": hello\n\nevent: price\nid: 41\ndata: {\"symbol\":\"ABC\",\"price\":12.5}\n\ndata: plain text\n\nevent: long\ndata: one\ndata: two\n\ndata: not whole"

func grpcMessage(flags byte, data string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(data)))) + data
}

func grpcFlow() *flow.Flow {
	f := httpFlow("POST", "https://api.example.com/shop.Cart/Add", []byte(grpcMessage(0, "\x0a\x03ada")+grpcMessage(0, "\x10\x2a")), "application/grpc")
	respond(f, 200, "application/grpc+proto", []byte(grpcMessage(1, string(gzipped("\x0a\x05shirt")))+grpcMessage(0, "")+grpcMessage(0, "\x0a\x05abc")[:8]))
	f.Response.Headers = f.Response.Headers.Add("grpc-encoding", "gzip")
	f.Response.Trailers = flow.Headers{{Name: "grpc-status", Value: "0"}}
	return f
}

func TestEventsGrow(t *testing.T) {
	f := eventFlow("", true)
	m := show(t, f, 80, 14)
	run(m, m.SelectTab(2))
	wantScreen(t, m, "‹Events›")
	for i := range 40 {
		f = grow(f, fmt.Sprintf("event: tick\ndata: event %d\n\ndata: half of", i))
		run(m, m.SetFlow(f))
		wantScreen(t, m, fmt.Sprintf("tick event %d", i))
		f = grow(f, fmt.Sprintf(" the next, %d\n\n", i))
		run(m, m.SetFlow(f))
		wantScreen(t, m, fmt.Sprintf("half of the next, %d", i))
	}
	run(m, m.Scroll(-30))
	below := func() string { return strings.Join(strings.SplitAfter(screen(m), "\n")[3:], "") } // the tabs, which say the place
	before := below()
	f = grow(f, "data: the last one\n\ndata: unfinished")
	run(m, m.SetFlow(f))
	if below() != before {
		t.Errorf("the text has moved:\n%s", screen(m))
	}
	over := *f
	over.Live, over.Rev = false, f.Rev+1
	run(m, m.SetFlow(&over))
	run(m, m.End())
	wantScreen(t, m, "the last one", "the body ends here, this is unfinished")
	if strings.Count(screen(m), "the last one") != 1 {
		t.Errorf("shown twice:\n%s", screen(m))
	}
}

// However a body grows, its entries are in the end those of the whole.
func TestGrowingEntriesAreTheSameAsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var body, kind string
		if rapid.Bool().Draw(t, "grpc") {
			kind = "application/grpc"
			for range rapid.IntRange(1, 12).Draw(t, "messages") {
				body += grpcMessage(0, rapid.StringMatching("[\x08]a{0,200}").Draw(t, "message"))
			}
		} else {
			kind = "text/event-stream"
			body = rapid.StringMatching("((data|event|id): [a-z]{0,9}(\n|\r\n|\n\n)){1,30}").Draw(t, "stream")
		}
		show := func(f *flow.Flow) *Model {
			m := newModel(Config{})
			m.SetSize(100, 400)
			m.index = 2
			run(m, m.SetFlow(f))
			return m
		}
		live := respond(httpFlow("GET", "https://api.example.com/", nil, ""), 200, kind, nil)
		live.Live, live.Response.End = true, time.Time{}
		m := show(live)
		defer m.Close()
		for rest := body; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			live = grow(live, rest[:n])
			rest = rest[n:]
			run(m, m.SetFlow(live))
		}
		over := *live
		over.Live = false
		run(m, m.SetFlow(&over))
		whole := show(&over)
		defer whole.Close()
		if a, b := screen(m), screen(whole); a != b {
			t.Fatalf("grown:\n%swhole:\n%s", strings.TrimSpace(a), strings.TrimSpace(b))
		}
	})
}

func TestCompressedEvents(t *testing.T) {
	f := eventFlow("", false)
	f.Response.Headers = f.Response.Headers.Add("content-encoding", "gzip")
	f.Response.Body = flow.BodyOf(gzipped(someEvents))
	m := show(t, f, 80, 24)
	run(m, m.SelectTab(2))
	wantScreen(t, m, "price [id 41]", "plain text")
}

func TestEntriesThatAreNoneSaySo(t *testing.T) {
	f := respond(httpFlow("GET", "https://api.example.com/", nil, ""), 200, "application/grpc", []byte("<html>"))
	m := show(t, f, 80, 24)
	run(m, m.SelectTab(2))
	wantScreen(t, m, "flags that gRPC does not know", "see the body")
	f = eventFlow(someEvents, false)
	f.Response.Body = flow.BodyGap(100, flow.Unrecorded)
	run(m, m.SetFlow(f))
	wantScreen(t, m, "[content missing]", "store_streamed_bodies")
}

// TestCutBodySaysSo: the front of a body that was cut shows, with how much of it that is.
func TestCutBodySaysSo(t *testing.T) {
	f := eventFlow("", false)
	f.Response.Body.RecordUpTo(int64(len(someEvents)), []byte(someEvents+strings.Repeat("x", 3000)))
	m := show(t, f, 120, 24)
	run(m, m.SelectTab(1))
	wantScreen(t, m, "first ", " kept", "price")
	run(m, m.SelectTab(2))
	wantScreen(t, m, "price [id 41]", "kept; raise body_record_limit")
	f.Response.Body.Crowded = true
	m = show(t, f, 120, 24)
	run(m, m.SelectTab(2))
	wantScreen(t, m, "price [id 41]", "kept; raise body_record_budget")
}

func TestEntriesInHeader(t *testing.T) {
	f := eventFlow(someEvents, true)
	m := newModel(Config{Entries: func(id flow.ID) int {
		if id != f.ID {
			t.Errorf("asked for %v", id)
		}
		return 2
	}})
	defer m.Close()
	m.SetSize(100, 24)
	run(m, m.SetFlow(f))
	wantLines(t, screen(m), "2 events streaming")
	over := *f
	over.Live = false
	run(m, m.SetFlow(&over))
	if s := screen(m); !strings.Contains(s, "2 events") || strings.Contains(s, "streaming") {
		t.Error(s)
	}
}
