package har

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// A reporter is what tests and those of rapid have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func write(t reporter, compress bool, flows ...*flow.Flow) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, compress)
	for _, f := range flows {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 5000, time.UTC)

func after(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

func testFlow() *flow.Flow {
	f := flow.New(flow.HTTP, &flow.Client{}, flow.NewServer(flow.Addr{Host: "a.test", Port: 443}), noon)
	f.Server.Peer = netip.MustParseAddrPort("[2001:db8::1]:443")
	f.Server.Start, f.Server.TCPSetup, f.Server.TLSSetup = noon, after(2), after(5)
	f.Request = &flow.Request{Method: "POST", Scheme: "https", Host: "a.test", Port: 443, Path: "/p?q=a%20b&r"}
	f.Request.Version, f.Request.Start, f.Request.End = "HTTP/1.1", noon, after(1)
	f.Request.Headers = flow.Headers{{Name: "cOOKIE", Value: "a=1; b"}, {Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	f.Request.Body = flow.BodyOf([]byte("x=1&y=%26"))
	f.Response = &flow.Response{Status: 302, Reason: "Gone There"}
	f.Response.Version, f.Response.Start, f.Response.End = "HTTP/1.1", after(8), after(12)
	f.Response.Headers = flow.Headers{{Name: "Location", Value: "/z"}, {Name: "Set-Cookie", Value: "c=d; HttpOnly; SAMESITE=Lax"}}
	f.Live = false
	return f
}

// field returns what is at a path of an archive.
func field(t *testing.T, data []byte, path ...any) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v
}

func TestFields(t *testing.T) {
	second := testFlow()
	first := testFlow()
	second.Server = first.Server
	data := write(t, false, first, second)
	e := func(n int, path ...any) any { return field(t, data, append([]any{"log", "entries", n}, path...)...) }
	for _, c := range []struct{ got, want any }{
		{field(t, data, "log", "version"), "1.2"}, {field(t, data, "log", "creator", "name"), "sluice"}, {field(t, data, "log", "pages"), []any{}},
		{e(0, "startedDateTime"), "2026-01-02T12:00:00.000005Z"}, {e(0, "time"), 12.0}, {e(1, "time"), 7.0},
		{e(0, "timings"), map[string]any{"blocked": -1.0, "dns": -1.0, "connect": 5.0, "ssl": 3.0, "send": 0.0, "wait": 3.0, "receive": 4.0}},
		{e(1, "timings", "connect"), -1.0}, {e(1, "timings", "ssl"), -1.0}, {e(0, "serverIPAddress"), "2001:db8::1"},
		{e(0, "request", "url"), "https://a.test/p?q=a%20b&r"}, {e(0, "request", "headers", 0, "name"), "cOOKIE"},
		{e(0, "request", "queryString"), []any{map[string]any{"name": "q", "value": "a b"}, map[string]any{"name": "r", "value": ""}}},
		{e(0, "request", "cookies"), []any{map[string]any{"name": "a", "value": "1"}, map[string]any{"name": "b", "value": ""}}},
		{e(0, "request", "postData", "text"), "x=1&y=%26"}, {e(0, "request", "postData", "params", 1, "value"), "&"},
		{e(0, "request", "bodySize"), 9.0}, {e(0, "response", "redirectURL"), "/z"}, {e(0, "response", "statusText"), "Gone There"},
		{e(0, "response", "cookies", 0), map[string]any{"name": "c", "value": "d", "path": "/", "domain": "", "httpOnly": true, "secure": false, "sameSite": "Lax"}},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Error(d)
		}
	}
}

func TestBodies(t *testing.T) {
	packed, err := coding.Encode("gzip", []byte("hello hello hello hello hello hello hello"))
	if err != nil {
		t.Fatal(err)
	}
	f := testFlow()
	f.Response.Headers = flow.Headers{{Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: "9"}, {Name: "X", Value: "y"}}
	f.Response.Body = flow.BodyOf(packed)
	data := write(t, false, f)
	content := field(t, data, "log", "entries", 0, "response", "content").(map[string]any)
	if content["text"] != "hello hello hello hello hello hello hello" || content["size"] != float64(len(packed)) || content["compression"] != float64(41-len(packed)) {
		t.Error(content)
	}
	flows, _ := readAll(bytes.NewReader(data))
	if got := fmt.Sprint(flows[0].Response.Headers); got != "[{Content-Length 41} {X y}]" {
		t.Error(got)
	}
	f.Response.Body = flow.BodyGap(77, flow.Dropped)
	data = write(t, false, f)
	if content = field(t, data, "log", "entries", 0, "response", "content").(map[string]any); content["text"] != nil || content["comment"] == nil {
		t.Error(content)
	}
	if flows, _ = readAll(bytes.NewReader(data)); flows[0].Response.Body.Gap() != flow.Unrecorded || flows[0].Response.Body.Len() != 77 {
		t.Error("the missing body is not missing any more")
	}
}

// A coding that nobody knows leaves the text as it is, and a request whose body is not here has no data at all.
func TestOddBodies(t *testing.T) {
	f := testFlow()
	f.Request.Body = flow.BodyGap(77, flow.Unrecorded)
	f.Response.Headers = flow.Headers{{Name: "content-encoding", Value: "UTF-8"}, {Name: "Content-Length", Value: "5"}}
	f.Response.Body = flow.BodyOf([]byte("hello"))
	data := write(t, false, f)
	q := field(t, data, "log", "entries", 0, "request").(map[string]any)
	if _, is := q["postData"]; is || q["comment"] != "The body was not recorded." || q["bodySize"] != 77.0 {
		t.Error(q)
	}
	if content := field(t, data, "log", "entries", 0, "response", "content").(map[string]any); content["text"] != "hello" || content["encoding"] != nil {
		t.Error(content)
	}
	flows, errs := readAll(bytes.NewReader(data))
	if errs != nil || !flows[0].Request.Body.Equal(&f.Request.Body) || !flows[0].Response.Body.Equal(&f.Response.Body) {
		t.Error(flows, errs)
	}
	if got := fmt.Sprint(flows[0].Response.Headers); got != fmt.Sprint(f.Response.Headers) {
		t.Error(got)
	}
}

func TestNoResponse(t *testing.T) {
	f := testFlow()
	f.Response, f.Error = nil, &flow.Error{Message: "no route"}
	data := write(t, false, f, &flow.Flow{Kind: flow.TCP})
	r := field(t, data, "log", "entries", 0, "response").(map[string]any)
	if r["status"] != 0.0 || r["_error"] != "no route" || r["_transferSize"] != 0.0 || r["bodySize"] != -1.0 || r["headersSize"] != -1.0 {
		t.Error(r)
	}
	flows, errs := readAll(bytes.NewReader(data))
	if errs != nil || len(flows) != 1 || flows[0].Error.Message != "no route" || flows[0].Response != nil {
		t.Error(flows, errs)
	}
}

func TestConnect(t *testing.T) {
	f := testFlow()
	f.Request.Method, f.Request.Path, f.Request.Scheme = "CONNECT", "", ""
	data := write(t, false, f)
	if got := field(t, data, "log", "entries", 0, "request", "url"); got != "https://a.test:443/" {
		t.Error(got)
	}
	flows, _ := readAll(bytes.NewReader(data))
	if q := flows[0].Request; q.URL() != "a.test:443" || q.Scheme != "" || q.Path != "" {
		t.Error(q)
	}
}

// A host that the client claims and that makes no URL is not taken into one.
func TestClaimedHost(t *testing.T) {
	f := testFlow()
	f.Request.Headers = flow.Headers{{Name: "Host", Value: "evil/../#"}}
	if got := field(t, write(t, false, f), "log", "entries", 0, "request", "url"); got != "https://a.test/p?q=a%20b&r" {
		t.Error(got)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.har", "b.zhar"} {
		path := filepath.Join(dir, name)
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Add(testFlow()); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("a.test")) == Compressed(name) || !Is(data[:32]) {
			t.Errorf("%s begins with %q", name, data[:32])
		}
		if flows, errs := readAll(bytes.NewReader(data)); len(flows) != 1 || errs != nil {
			t.Error(flows, errs)
		}
	}
	if _, err := Create(filepath.Join(dir, "no/such")); err == nil || !strings.Contains(err.Error(), "cannot write the HTTP archive") {
		t.Error(err)
	}
}

type failing struct{ room int }

func (w *failing) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, os.ErrPermission
	}
	return len(p), nil
}

func TestWriteFails(t *testing.T) {
	for _, compress := range []bool{false, true} {
		w := NewWriter(&failing{}, compress)
		for range 100 {
			_ = w.Write(testFlow())
		}
		if err := w.Close(); err == nil {
			t.Error("a disk that is full is not noticed")
		}
	}
}

// What is read from anything at all can be written, and is read again as it was.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"insomnia.har", "postdata.har"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(write(f, true, testFlow()))
	f.Add([]byte(archiveOf(entryJSON(), entryJSON(`"GET"`, `"CONNECT"`), `{"a": "\udc80\ud800"}`, `null`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		flows, _ := readAll(bytes.NewReader(data))
		first := write(t, false, flows...)
		again, errs := readAll(bytes.NewReader(first))
		if errs != nil || len(again) != len(flows) {
			t.Fatalf("%d flows have become %d: %q", len(flows), len(again), errs)
		}
		for i, f := range flows {
			g := again[i]
			if g.Request.Method != f.Request.Method || g.Request.Path != f.Request.Path || !g.Request.Body.Equal(&f.Request.Body) ||
				(g.Response == nil) != (f.Response == nil) || f.Response != nil && !g.Response.Body.Equal(&f.Response.Body) {
				t.Errorf("%+v\nhas become %+v", f.Request, g.Request)
			}
		}
		if second := write(t, false, again...); !bytes.Equal(first, second) {
			t.Errorf("what was read is written in another way the second time: %s", cmp.Diff(string(first), string(second)))
		}
	})
}
