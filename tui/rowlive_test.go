package tui

import (
	"strings"
	"testing"

	"sluice/flowstore"
	"sluice/proxy/flow"
	"sluice/tui/style"
)

func TestLiveRows(t *testing.T) {
	stream := flowstore.Row{Kind: flow.HTTP, Scheme: "https", Method: "GET", Host: "x.test", Path: "/events", HasResponse: true, Status: 200,
		ContentType: "text/event-stream", Start: noon, Live: true, Size: 42}
	told, over, calls, socket := stream, stream, stream, stream
	told.Entries = 1
	over.Entries, over.Live, over.End = 12, false, noon.Add(1e9)
	calls.ContentType, calls.Entries = "application/grpc+proto", 3
	socket.WebSocket, socket.Messages, socket.Status, socket.End = true, 2, 101, noon.Add(1e9)
	held := socket
	held.Intercepted = true
	waiting := stream
	waiting.HasResponse, waiting.Status, waiting.ContentType = false, 0, ""
	for _, table := range []bool{true, false} {
		v := rowView{theme: style.New("solarized_dark", true, true, false), width: 160, table: table}
		for name, c := range map[string]struct {
			row        flowstore.Row
			want, miss string
		}{
			"begun": {stream, "event-stream", "event-stream events"}, "live": {told, "1 event 42b live", "stream"},
			"over": {over, "12 events 42b 1.00s", "live"}, "grpc": {calls, "3 messages 42b live", "grpc"},
			"websocket": {socket, "2 messages 42b live", "1.00s"}, "held": {held, "held message", "live"}, "waiting": {waiting, "/events", "live"},
		} {
			got := strings.Join(strings.Fields(plain(strings.Join(v.render(c.row, nil, false), " "))), " ")
			if !strings.Contains(got, c.want) || strings.Contains(got, c.miss) {
				t.Errorf("%s: want %q and no %q in\n%s", name, c.want, c.miss, got)
			}
		}
	}
}

// A conversation that an error ends keeps its numbers; one that never began has none.
func TestBrokenConversation(t *testing.T) {
	broken := flowstore.Row{Kind: flow.TCP, Client: "192.0.2.1:1234", Host: "x.test", Port: 25, Start: noon, End: noon.Add(2e9),
		Messages: 4, Size: 44, Error: "Client disconnected."}
	never := broken
	never.Messages, never.Size, never.Error = 0, 0, "connect to x.test:25: connection refused"
	for _, table := range []bool{true, false} {
		v := rowView{theme: style.New("solarized_dark", true, true, false), width: 120, table: table}
		got := plain(strings.Join(v.render(broken, nil, false), " "))
		for _, want := range []string{"Client disconnected.", "err", "44b 2.00s"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
		got = plain(strings.Join(v.render(never, nil, false), " "))
		if !strings.Contains(got, "connect to x.test:25: ") {
			t.Errorf("no reason in\n%s", got)
		}
	}
}
