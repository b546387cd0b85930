package edit

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

func TestParts(t *testing.T) {
	f := newFlow()
	want := "cookies|urlencoded form|multipart form|path|method|query|reason|request-headers|response-headers|" +
		"request-body|response-body|status_code|set-cookies|url|comment"
	if got := strings.Join(Parts(f), "|"); got != want {
		t.Errorf("parts %s", got)
	}
	f.WebSocket = &flow.WebSocket{}
	if !slices.Contains(Parts(f), WebSocket) {
		t.Error("the messages of a WebSocket cannot be edited")
	}
	for _, part := range Parts(f) {
		if How(part) == NoWay {
			t.Errorf("there is no way to edit %s", part)
		}
	}
	if got := strings.Join(Parts(&flow.Flow{Kind: flow.UDP}), "|"); got != "udp-message|comment" {
		t.Errorf("parts of UDP %s", got)
	}
	if _, err := Grid(&flow.Flow{Kind: flow.DNS}, Comment); !errors.Is(err, ErrDNS) {
		t.Errorf("DNS: %v", err)
	}
	if _, err := Grid(nil, Comment); err == nil || err.Error() != "no flow selected" {
		t.Errorf("no flow: %v", err)
	}
	if _, err := Text(&flow.Flow{Kind: flow.TCP}, URL); err == nil {
		t.Error("a TCP flow has a url")
	}
	if _, err := Text(f, "shoe"); err == nil {
		t.Error("a shoe can be edited")
	}
}

func TestBodyKeepsItsCoding(t *testing.T) {
	for _, encoding := range []string{"", "gzip", "br", "zstd, gzip", "unknown"} {
		f := newFlow()
		plain, m := []byte("old"), &f.Response.HTTPMessage
		packed, err := coding.Encode(encoding, plain)
		if encoding == "unknown" {
			packed, err = plain, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		m.Headers = flow.Headers{{Name: "Content-Encoding", Value: encoding}, {Name: "content-length", Value: "1"}}
		m.Body = flow.BodyOf(packed)
		if got, err := Text(f, ResponseBody); err != nil || string(got) != "old" {
			t.Errorf("%s: text %q, %v", encoding, got, err)
		}
		if err := ApplyText(f, ResponseBody, []byte("new\n")); err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
		if got, err := Text(f, ResponseBody); err != nil || string(got) != "new\n" {
			t.Errorf("%s: text %q, %v", encoding, got, err)
		}
		if got := m.Headers.Get("Content-Length"); got != strconv.FormatInt(m.Body.Len(), 10) {
			t.Errorf("%s: Content-Length %s of %d", encoding, got, m.Body.Len())
		}
		if err := ApplyText(f, ResponseBody, nil); err != nil || m.Body.Len() != 0 {
			t.Errorf("%s: emptied to %d bytes, %v", encoding, m.Body.Len(), err)
		}
	}
}

func TestDamagedBodyIsEditedAsItIs(t *testing.T) {
	f := newFlow()
	m := &f.Request.HTTPMessage
	m.Headers = flow.Headers{{Name: "Content-Encoding", Value: "gzip"}}
	m.Body = flow.BodyOf([]byte("no gzip"))
	if err := ApplyText(f, RequestBody, []byte("still none")); err != nil || string(m.Body.Bytes()) != "still none" {
		t.Errorf("body %q, %v", m.Body.Bytes(), err)
	}
}

func TestChunkedBodyGetsNoLength(t *testing.T) {
	f := newFlow()
	m := &f.Request.HTTPMessage
	m.Headers = flow.Headers{{Name: "Transfer-Encoding", Value: "chunked"}}
	if err := ApplyText(f, RequestBody, []byte("x")); err != nil || m.Headers.Has("Content-Length") {
		t.Errorf("headers %q, %v", m.Headers, err)
	}
	m.Headers, m.Version = nil, "HTTP/2.0"
	if err := ApplyText(f, RequestBody, []byte("xy")); err != nil || m.Headers[0].Name != "content-length" {
		t.Errorf("headers %q, %v", m.Headers, err)
	}
}

func TestMissingBodyIsNotEdited(t *testing.T) {
	f := newFlow()
	for _, why := range []flow.Gap{flow.Unrecorded, flow.Dropped} {
		f.Response.Body = flow.BodyGap(10, why)
		if err := ApplyText(f, ResponseBody, []byte("x")); err == nil || f.Response.Body.Gap() != why {
			t.Errorf("gap %d was edited: %v", why, err)
		}
	}
}

func TestEditorsNewlineChangesNothing(t *testing.T) {
	f := newFlow()
	f.Request.Body = flow.BodyOf([]byte("{}"))
	before := dump(f)
	if err := ApplyText(f, RequestBody, []byte("{}\n")); err != nil || dump(f) != before {
		t.Errorf("flow %s, %v", dump(f), err)
	}
}

func TestURL(t *testing.T) {
	f := newFlow()
	if err := ApplyText(f, URL, []byte("https://other.org:8443/a?b\n\n")); err != nil {
		t.Fatal(err)
	}
	if got := f.Request.URL(); got != "https://other.org:8443/a?b" || f.Request.Headers.Get("Host") != "other.org:8443" {
		t.Errorf("url %s, headers %q", got, f.Request.Headers)
	}
	before := dump(f)
	for _, bad := range []string{"", "other.org", "http://", "ftp://x/", "http://a b/"} {
		if err := ApplyText(f, URL, []byte(bad)); err == nil || dump(f) != before {
			t.Errorf("%q: %v, %s", bad, err, dump(f))
		}
	}
}

func TestMessages(t *testing.T) {
	f := &flow.Flow{Kind: flow.TCP}
	if err := ApplyText(f, TCP, []byte("x")); !errors.Is(err, errNoMessage) {
		t.Errorf("no message: %v", err)
	}
	old := []flow.Message{{Content: []byte("one")}, {Content: []byte("two")}}
	f.Messages = old
	if err := ApplyText(f, TCP, []byte("2\n\n")); err != nil {
		t.Fatal(err)
	}
	if string(f.Messages[1].Content) != "2" || string(old[1].Content) != "two" {
		t.Errorf("messages %v, the old list %v", f.Messages, old)
	}
	f.Messages[1].Content = []byte("QUIT\r\n")
	if err := ApplyText(f, TCP, []byte("NOOP\r\n")); err != nil || string(f.Messages[1].Content) != "NOOP\r\n" {
		t.Errorf("a line lost its end: %q, %v", f.Messages[1].Content, err)
	}
	f.Messages = []flow.Message{{Lost: 4}}
	if err := ApplyText(f, TCP, []byte("x")); err == nil {
		t.Error("a message that was let go was edited")
	}
	ws := newFlow()
	shared := &flow.WebSocket{Messages: []flow.Message{{Content: []byte("hi"), Text: true}}}
	ws.WebSocket = shared
	if err := ApplyText(ws, WebSocket, []byte("\xff")); err == nil {
		t.Error("a text message took what is not UTF-8")
	}
	if err := ApplyText(ws, WebSocket, []byte("ho")); err != nil {
		t.Fatal(err)
	}
	if string(ws.WebSocket.Messages[0].Content) != "ho" || string(shared.Messages[0].Content) != "hi" {
		t.Error("the edit did not go into a copy")
	}
}
