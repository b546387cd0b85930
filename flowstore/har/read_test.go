package har

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html/charset"

	"sluice/proxy/flow"
)

// readAll returns the flows of an archive and what was wrong with it, a line each.
func readAll(r io.Reader) (flows []*flow.Flow, errs []string) {
	for f, err := range Read(r) {
		if err != nil {
			errs = append(errs, err.Error())
		} else {
			flows = append(flows, f)
		}
	}
	return flows, errs
}

func readFile(t *testing.T, name string) []*flow.Flow {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if !Is(data[:24]) {
		t.Errorf("%s is not taken for an archive", name)
	}
	flows, errs := readAll(iotest.OneByteReader(bytes.NewReader(data)))
	if errs != nil {
		t.Fatal(errs)
	}
	return flows
}

func TestFirefox(t *testing.T) {
	flows := readFile(t, "firefox.har")
	if len(flows) != 14 {
		t.Fatalf("%d flows", len(flows))
	}
	f := flows[0]
	if got := fmt.Sprint(f.Request.Method, " ", f.Request.URL(), " ", f.Request.Version, " ", f.Response.Status, " ", f.Response.Reason); got !=
		"GET https://mitmproxy.org/ HTTP/3 304 Not Modified" {
		t.Error(got)
	}
	if f.Server.Peer.String() != "13.35.121.55:443" || f.Client.Peer.String() != "127.0.0.1:0" || f.Server.Address.String() != "mitmproxy.org:443" {
		t.Error(f.Server.Peer, f.Client.Peer, f.Server.Address)
	}
	if want := time.Date(2023, 3, 29, 23, 58, 59, 303e6, time.UTC); !f.Request.Start.Equal(want) || f.Response.End.Sub(f.Request.Start) != 23*time.Millisecond ||
		f.Response.Start.Sub(f.Request.End) != 6*time.Millisecond {
		t.Error(f.Request.Start, f.Request.End, f.Response.Start, f.Response.End)
	}
	if f.Response.Body.Len() != 23866 {
		t.Errorf("a body of %d bytes", f.Response.Body.Len())
	}
	polyfills := flows[6].Response
	if polyfills.Headers.Has("Content-Encoding") || polyfills.Body.Len() != 11800 {
		t.Errorf("a decoded body of %d bytes with %v", polyfills.Body.Len(), polyfills.Headers)
	}
	icon := flows[13].Response.Body.Bytes()
	if len(icon) != 98065 || !bytes.HasPrefix(icon, []byte("\x00\x00\x01\x00")) {
		t.Errorf("an icon of %d bytes: % x", len(icon), icon[:8])
	}
	if cached := flows[1].Response; cached.Status != 200 || cached.Version != "HTTP/1.1" || cached.Body.Len() != 0 {
		t.Error(cached.Status, cached.Version, cached.Body.Len())
	}
}

func TestInsomnia(t *testing.T) {
	f := readFile(t, "insomnia.har")[0]
	if got := f.Request.URL() + " " + f.Server.Address.String() + " " + f.Comment; got != "http://mitm.it/ mitm.it:80 mitmproxy" {
		t.Error(got)
	}
	if len(f.Response.Headers) != 15 || f.Response.Headers[14].Name != "X-Amz-Cf-Id" || f.Response.Body.Len() != 250 || f.Request.Body.Len() != 0 {
		t.Error(f.Response.Headers, f.Response.Body.Len())
	}
}

func TestChrome(t *testing.T) {
	f := readFile(t, "postdata.har")[0]
	q := f.Request
	if q.Version != "HTTP/2.0" || q.Authority != "signal-metrics-collector-beta.s-onetag.com" || q.Headers[0].Name != "accept" {
		t.Error(q.Version, q.Authority, q.Headers)
	}
	if q.Body.Len() != 1310 || !bytes.HasPrefix(q.Body.Bytes(), []byte(`{"metadata":{"pageViewId"`)) || f.Error != nil {
		t.Errorf("%d bytes: %s, %v", q.Body.Len(), q.Body.Bytes(), f.Error)
	}
}

// entryJSON is an entry with changes made to it: old, new, old, new...
func entryJSON(changes ...string) string {
	const good = `{"startedDateTime": "2024-01-02T03:04:05.678Z", "time": 10, "request": {"method": "GET", "url": "http://a.test/x",
		"httpVersion": "HTTP/1.1", "headers": [], "bodySize": 0}, "response": {"status": 200, "headers": [], "content": {"text": "hi"}}}`
	return strings.NewReplacer(changes...).Replace(good)
}

func archiveOf(entries ...string) string {
	return `{"log": {"pages": [{"id": [1, {"entries": []}]}], "entries": [` + strings.Join(entries, ",") + `], "comment": ""}}`
}

func TestBadEntries(t *testing.T) {
	flows, errs := readAll(strings.NewReader(archiveOf(
		entryJSON(),
		entryJSON(`"GET"`, `7`),
		entryJSON(`"GET"`, `""`),
		entryJSON(`http://a.test/x`, `ftp://a.test/x`),
		entryJSON(`http://a.test/x`, `http:///x`),
		entryJSON(`http://a.test/x`, ``),
		entryJSON(`2024-01-02T03:04:05.678Z`, `yesterday`),
		entryJSON(`"startedDateTime"`, `"started"`),
		entryJSON(`200`, `{}`),
		entryJSON(`200`, `2000`),
		entryJSON(`"text": "hi"`, `"text": "hi", "encoding": "base64"`, `"hi"`, `"**"`),
		`null`, `3`,
		entryJSON(`http://a.test/x`, `http://a.test/last`),
	)))
	want := []string{
		"entry 2 of the HTTP archive: request.method must be a text, not a number",
		"entry 3 of the HTTP archive (http://a.test/x): request.method is missing",
		"entry 4 of the HTTP archive (ftp://a.test/x): request.url is of the scheme ftp, only http and https can be flows",
		"entry 5 of the HTTP archive (http:///x): request.url has no host and port that make sense",
		"entry 6 of the HTTP archive: request.url is missing",
		`entry 7 of the HTTP archive (http://a.test/x): startedDateTime is "yesterday": want a time like 2006-01-02T15:04:05.000Z`,
		"entry 8 of the HTTP archive (http://a.test/x): startedDateTime is missing",
		"entry 9 of the HTTP archive (http://a.test/x): response.status must be a number, not an object",
		"entry 10 of the HTTP archive (http://a.test/x): response.status is 2000: want 100 to 999, or 0 where there is none",
		"entry 11 of the HTTP archive (http://a.test/x): response.content.text: it is said to be base64, which it is not",
		"entry 12 of the HTTP archive: it is null",
		"entry 13 of the HTTP archive: it must be an object, not a number",
	}
	if d := cmp.Diff(want, errs); d != "" {
		t.Error(d)
	}
	if len(flows) != 2 || flows[1].Request.Path != "/last" {
		t.Errorf("%d flows are kept", len(flows))
	}
}

func TestBrokenArchives(t *testing.T) {
	whole := archiveOf(entryJSON(), entryJSON())
	for text, want := range map[string]string{
		"":                       "damaged HTTP archive, at byte 0: it ends too early: save it again where it comes from",
		"[]":                     "this is no HTTP archive: there is no log in it",
		`{"a": 1}`:               "this is no HTTP archive: there is no log in it",
		`{"log": {}}`:            "this is no HTTP archive: there is no entries in it",
		`{"log": {"entries":{}}`: "damaged HTTP archive, at byte 19: want a list, which log.entries is, here: mend it, or save it again where it comes from",
		whole[:len(whole)-20]:    fmt.Sprintf("damaged HTTP archive, at byte %d: in entry 2: it ends too early: save it again where it comes from", len(whole)-20),
	} {
		flows, errs := readAll(strings.NewReader(text))
		if len(errs) != 1 || errs[0] != want {
			t.Errorf("%.30q: %q, want %q", text, errs, want)
		}
		if strings.Contains(text, "a.test") && len(flows) != 1 {
			t.Errorf("%d flows of a file that was cut off", len(flows))
		}
	}
	_, errs := readAll(io.MultiReader(strings.NewReader(whole[:40]), iotest.ErrReader(errors.New("the disk is on fire"))))
	if len(errs) != 1 || !strings.HasSuffix(errs[0], "the disk is on fire") {
		t.Error(errs)
	}
}

// A reader that never ends is asked for no more than the flows that are taken need.
func TestReadStreams(t *testing.T) {
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, `{"log": {"entries": [`+entryJSON())
		for err == nil {
			_, err = io.WriteString(w, ","+entryJSON())
		}
	}()
	n := 0
	for _, err := range Read(r) {
		if n++; err != nil || n == 1000 {
			break
		}
	}
	r.Close()
	if n != 1000 {
		t.Errorf("%d flows", n)
	}
}

func TestForms(t *testing.T) {
	post := func(data string) string {
		return entryJSON(`"GET"`, `"POST"`, `"bodySize": 0`, `"bodySize": 9, "postData": `+data)
	}
	for _, c := range [][2]string{
		{post(`{"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a b", "value": "ü"}, {"name": "c"}]}`), "a+b=%C3%BC&c="},
		{post(`{"mimeType": "text/plain; charset=iso-8859-1", "text": "ü"}`), "\xfc"},
		{post(`{"mimeType": "text/plain; charset=iso-8859-1", "text": "日"}`), "日"},
		{post(`{"mimeType": "text/plain", "text": "ü"}`), "ü"},
		{post(`{"mimeType": "x/y", "text": "/w==", "encoding": "base64"}`), "\xff"},
		{post(`{"text": "a\udcff\ud83d\udca9\\udc80"}`), "a\xff💩\\udc80"},
	} {
		flows, errs := readAll(strings.NewReader(archiveOf(c[0])))
		if errs != nil {
			t.Fatal(errs)
		}
		if got := string(flows[0].Request.Body.Bytes()); got != c[1] {
			t.Errorf("%s\nis %q, want %q", c[0], got, c[1])
		}
	}
	flows, _ := readAll(strings.NewReader(archiveOf(entryJSON(`"bodySize": 0`, `"bodySize": 9`))))
	if b := flows[0].Request.Body; b.Gap() != flow.Unrecorded || b.Len() != 9 {
		t.Error("a body that is not there is not said to be missing")
	}
}

// What browsers and tools write that the format does not know.
func TestOddities(t *testing.T) {
	flows, errs := readAll(strings.NewReader("\xef\xbb\xbf \n" + archiveOf(
		entryJSON(`"http://a.test/x"`, `"wss://[::1]:8443/chat#top"`, `"headers": []`, `"headers": [["X-A", "1"], {"name": "x-b", "value": "2"}]`),
		entryJSON(`200`, `0`, `"content"`, `"_error": "net::ERR_FAILED", "content"`),
		entryJSON(`.678Z`, `+0200`, `"HTTP/1.1"`, `"h2"`, `a.test/x`, `me:pass@a.test:81?q=1`),
	)))
	if errs != nil {
		t.Fatal(errs)
	}
	q := flows[0].Request
	if q.URL() != "https://[::1]:8443/chat" || len(q.Headers) != 2 || q.Headers[0] != (flow.Header{Name: "X-A", Value: "1"}) {
		t.Error(q.URL(), q.Headers)
	}
	if f := flows[1]; f.Response != nil || f.Error == nil || f.Error.Message != "net::ERR_FAILED" {
		t.Error(f.Response, f.Error)
	}
	if q := flows[2].Request; q.URL() != "http://a.test:81/?q=1" || q.Authority != "a.test:81" || q.Start.UTC().Hour() != 1 {
		t.Error(q.URL(), q.Authority, q.Start)
	}
}

// An archive that a shell on Windows has written is in UTF-16.
func TestUTF16(t *testing.T) {
	for _, name := range []string{"utf-16le", "utf-16be"} {
		enc, _ := charset.Lookup(name)
		data, err := enc.NewEncoder().Bytes([]byte("\ufeff" + archiveOf(entryJSON("hi", "grüße 💩"))))
		if err != nil {
			t.Fatal(err)
		}
		if !Is(data[:31]) {
			t.Errorf("%s is not taken for an archive", name)
		}
		flows, errs := readAll(bytes.NewReader(data))
		if len(flows) != 1 || errs != nil || string(flows[0].Response.Body.Bytes()) != "grüße 💩" {
			t.Error(flows, errs)
		}
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"{": true, " {\n \"log\"": true, "\xef\xbb\xbf{\"": true, "": false, "{x": false, "[": false, "4:abc": false, "\x78": false, "\x78\x9c": true, "\x78\x9cno": false, "1234:{": false, "\xff\xfe": false, "\xff\xfe{": false, "\xff\xfe{\x00": true, "\xfe\xff\x00x": false,
	} {
		if Is([]byte(text)) != want {
			t.Errorf("%q", text)
		}
	}
}
