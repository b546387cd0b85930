package edit

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

func TestBodiesAreEditedInTheirViews(t *testing.T) {
	f := newFlow()
	m := &f.Response.HTTPMessage
	packed, err := coding.Encode("gzip", []byte(`{"a":1,"b":[true]}`))
	if err != nil {
		t.Fatal(err)
	}
	m.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: "9"}}
	m.Body = flow.BodyOf(packed)
	if got := strings.Join(InViews(f, "auto"), "|"); got != "response-body (json)" {
		t.Fatalf("offered %q", got)
	}
	part := ResponseBody + " (json)"
	if How(part) != ByEditor || How("cookies (json)") != NoWay || How(RequestBody+" (moon)") != NoWay {
		t.Error("the ways of parts in views are wrong")
	}
	text, err := Text(f, part)
	if want := "{\n    \"a\": 1,\n    \"b\": [\n        true\n    ]\n}\n"; err != nil || string(text) != want {
		t.Fatalf("text %q, %v", text, err)
	}
	if err := ApplyText(f, part, text); err != nil || string(m.Body.Bytes()) != string(packed) {
		t.Errorf("the text as it was changed the body: %v", err)
	}
	if err := ApplyText(f, part, []byte("{")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("broken JSON: %v", err)
	}
	if err := ApplyText(f, part, []byte("{\n\"a\": 2\n}")); err != nil {
		t.Fatal(err)
	}
	if plain, _, _ := decoded(m); string(plain) != `{"a":2}` || m.Headers.Get("Content-Encoding") != "gzip" {
		t.Errorf("the body is %q with %v", plain, m.Headers)
	}
	if _, err := Text(f, ResponseBody+" (raw)"); err == nil || !strings.Contains(err.Error(), "itself") {
		t.Errorf("raw: %v", err)
	}
}

// TestMessagesAreEditedInTheirViews takes the last message of every kind there and back.
func TestMessagesAreEditedInTheirViews(t *testing.T) {
	for _, c := range []struct {
		kind                              flow.Kind
		message, view                     string
		offered, text, edited, want, fail string
	}{
		{flow.TCP, "{\"a\":1}\r\n", "auto", "tcp-message|tcp-message (json)|comment", "{\n    \"a\": 1\n}\n", "{\n \"a\": 2}\n", "{\"a\":2}\r\n", "{"},
		{flow.TCP, "\x00\xff", "auto", "tcp-message|tcp-message (hex stream)|comment", "00ff\n", "0a 0d\n", "\n\r", "0"},
		{flow.TCP, "hello", "auto", "tcp-message|comment", "", "", "", ""},
		{flow.TCP, "hello", "hex stream", "tcp-message|tcp-message (hex stream)|comment", "68656c6c6f\n", "6869", "hi", "xx"},
		{flow.TCP, "", "auto", "tcp-message|comment", "", "", "", ""},
		{flow.UDP, "[1]", "auto", "udp-message|udp-message (json)|comment", "[\n    1\n]\n", "[2]\n", "[2]", "[2"},
		{flow.UDP, "\x81\xa1a\x01", "msgpack", "udp-message|udp-message (msgpack)|comment", "a: 1\n", "a: 2\n", "\x81\xa1a\x02", "{"},
	} {
		f := &flow.Flow{Kind: c.kind, Messages: []flow.Message{{Content: []byte("{}")}, {Content: []byte(c.message)}}}
		if got := strings.Join(WithViews(f, c.view), "|"); got != c.offered {
			t.Errorf("%q in %s: offered %s, want %s", c.message, c.view, got, c.offered)
		}
		if c.text == "" {
			continue
		}
		part := strings.Split(c.offered, "|")[1]
		text, err := Text(f, part)
		if err != nil || string(text) != c.text {
			t.Errorf("%s of %q: %q, %v", part, c.message, text, err)
		}
		if err := ApplyText(f, part, text); err != nil || string(f.Messages[1].Content) != c.message {
			t.Errorf("%s as it was makes of %q %q, %v", part, c.message, f.Messages[1].Content, err)
		}
		if err := ApplyText(f, part, []byte(c.fail)); err == nil {
			t.Errorf("%s takes %q", part, c.fail)
		}
		if err := ApplyText(f, part, []byte(c.edited)); err != nil || string(f.Messages[1].Content) != c.want || string(f.Messages[0].Content) != "{}" {
			t.Errorf("%s of %q makes %q, want %q: %v", part, c.edited, f.Messages[1].Content, c.want, err)
		}
	}
}

// TestHeldMessageIsOfferedFirst has what a WebSocket is held for at the front of the list.
func TestHeldMessageIsOfferedFirst(t *testing.T) {
	f := newFlow()
	f.WebSocket = &flow.WebSocket{Messages: []flow.Message{{Text: true, Content: []byte(`{"a":1}`)}}}
	parts := WithViews(f, "auto")
	if n := len(parts); parts[n-3] != "websocket-message" || parts[n-2] != "websocket-message (json)" || parts[n-1] != "comment" {
		t.Error(parts)
	}
	f.Intercepted = true
	if parts = WithViews(f, "auto"); parts[0] != "websocket-message" || parts[1] != "websocket-message (json)" {
		t.Error(parts)
	}
	if err := ApplyText(f, parts[1], []byte(`{"b":2}`)); err != nil || string(f.WebSocket.Messages[0].Content) != `{"b":2}` {
		t.Error(err, f.WebSocket.Messages)
	}
}
