package dump

import (
	"bytes"
	"fmt"
	"testing"

	"sluice/proxy/flow"
)

func d(fields ...any) *dict {
	m := &dict{}
	for i := 0; i < len(fields); i += 2 {
		m.add(fields[i].(string), fields[i+1])
	}
	return m
}

// old is a request as version 0.13 had it.
func old() *dict {
	address := func(host string, port int) *dict { return d("address", []any{host, port}, "use_ipv6", false) }
	message := func(more ...any) *dict {
		return d(append([]any{"httpversion", []any{1, 1}, "headers", []any{[]any{[]byte("Host"), []byte("example.com")}},
			"content", []byte("body"), "timestamp_start", 1.5, "timestamp_end", 2.5}, more...)...)
	}
	conn := func(more ...any) *dict {
		return d(append([]any{"timestamp_start", 1.25, "timestamp_end", nil, "ssl_established", true, "timestamp_ssl_setup", 1.375}, more...)...)
	}
	return d("version", []any{0, 13}, "type", []byte("http"), "id", []byte("00010203-0405-0607-0809-0a0b0c0d0e0f"), "error", nil,
		"intercepted", false,
		"client_conn", conn("address", address("192.0.2.1", 4000), "clientcert", nil),
		"server_conn", conn("address", address("example.com", 443), "source_address", address("192.0.2.9", 5000), "state", []any{},
			"cert", nil, "sni", []byte("example.com"), "timestamp_tcp_setup", 1.3125),
		"request", message("form_in", []byte("relative"), "form_out", []byte("relative"), "method", []byte("POST"), "scheme", []byte("https"),
			"host", []byte("example.com"), "port", 443, "path", []byte("/x"), "is_replay", true, "stickycookie", false, "stickyauth", false),
		"response", message("code", 404, "msg", []byte("Not Found"), "is_replay", false))
}

func one(t *testing.T, file []byte) *flow.Flow {
	t.Helper()
	got, err := read(bytes.NewReader(file))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d flows, %v", len(got), err)
	}
	return got[0]
}

func TestOldest(t *testing.T) {
	for _, minor := range []int{11, 12, 13} {
		state := old()
		state.set("version", []any{0, minor})
		f := one(t, appendValue(nil, state))
		line := fmt.Sprint(f.ID, " ", f.Client.Peer, " ", f.Server.Address, " ", f.Server.Local, " ", f.Server.SNI, " ", f.Client.TLSSetup.UnixMilli(), " ",
			f.Request.Version, " ", f.Request.Method, " ", f.Request.URL(), " ", string(f.Request.Body.Bytes()), " ",
			f.Response.Status, " ", f.Response.Reason, " ", string(f.Response.Body.Bytes()), " ", f.Created.UnixMilli(), " ", f.Replay)
		want := "00010203-0405-0607-0809-0a0b0c0d0e0f 192.0.2.1:4000 example.com:443 192.0.2.9:5000 example.com 1375 " +
			"HTTP/1.1 POST https://example.com/x body 404 Not Found body 1500 1"
		if line != want {
			t.Errorf("0.%d: %s\nwant  %s", minor, line, want)
		}
		if f.Extra != nil {
			t.Errorf("0.%d leaves %v behind", minor, f.Extra.(*dict).fields)
		}
	}
}

// TestWebSocketsOfOld has messages of a WebSocket apart from its handshake, as they were up to version 11.
func TestWebSocketsOfOld(t *testing.T) {
	v, err := parse(appendValue(nil, encode(ended("/chat"))), 0)
	if err != nil {
		t.Fatal(err)
	}
	handshake := v.(*dict)
	for _, missing := range []bool{false, true} {
		m := newMigration()
		first := clone(handshake).(*dict)
		first.set("metadata", d("websocket", true))
		for _, f := range []*dict{first} {
			f.set("version", 11)
			f.set("marked", true)
			f.pop("websocket")
		}
		if !missing {
			if _, err := m.toNewest(first); err != nil {
				t.Fatal(err)
			}
		}
		second := clone(first).(*dict)
		second.set("version", 11)
		second.set("type", "websocket")
		second.set("metadata", d("websocket_handshake", handshake.get("id")))
		second.set("messages", []any{[]any{1, true, []byte("hello"), 3.5, false}})
		second.set("close_sender", "client")
		second.set("close_code", 1000)
		second.set("close_reason", "done")
		second.set("marked", true)
		f, err := m.flow(frame{b: appendValue(nil, second)})
		if err != nil {
			t.Fatal(err)
		}
		w := f.WebSocket
		if w == nil || len(w.Messages) != 1 || string(w.Messages[0].Content) != "hello" || !w.ClosedByClient || w.CloseCode != 1000 || w.CloseReason != "done" {
			t.Fatalf("missing %v: %+v", missing, w)
		}
		if want := map[bool]string{false: "/chat", true: "/"}[missing]; f.Request.Path != want || f.ID.String() != handshake.get("id") {
			t.Errorf("missing %v: the path is %s, want %s", missing, f.Request.Path, want)
		}
	}
}
