package h2

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// list makes fields of "name: value" lines; a pseudo-header field begins with its colon.
func list(lines ...string) (fs []hpack.HeaderField) {
	for _, l := range lines {
		i := strings.Index(l[1:], ": ") + 1
		fs = append(fs, hpack.HeaderField{Name: l[:i], Value: l[i+2:]})
	}
	return fs
}

func TestParseRequest(t *testing.T) {
	get := []string{":method: GET", ":scheme: https", ":authority: a.test:8443", ":path: /x?y"}
	with := func(more ...string) []string { return append(get[:4:4], more...) }
	for _, c := range []struct {
		name  string
		lines []string
		want  string // of the error, its front; "": none
		lax   bool   // and none if lax
	}{
		{"plain", with("a: b"), "", false},
		{"te", with("te: trailers"), "", false},
		{"host", with("host: A.test:8443"), "", false},
		{"asterisk", []string{":method: OPTIONS", ":scheme: https", ":authority: a.test", ":path: *"}, "", false},
		{"connect", []string{":method: CONNECT", ":authority: a.test:443"}, "", false},
		{"extended", []string{":method: CONNECT", ":protocol: websocket", ":scheme: https", ":authority: a.test", ":path: /"}, "", false},
		{"upper case", with("A: b"), "invalid field name", true},
		{"blank in name", with("a b: c"), "invalid field name", true},
		{"line break", with("a: b\r\nc: d"), "invalid field", false},
		{"NUL", with("a: \x00"), "invalid field", false},
		{"blank in front", with("a:  b"), "field \"a\" has blanks", true},
		{"tab behind", with("a: b\t"), "field \"a\" has blanks", true},
		{"connection", with("connection: x"), "connection-specific", true},
		{"coding", with("transfer-encoding: chunked"), "connection-specific", true},
		{"upgrade", with("upgrade: x"), "connection-specific", true},
		{"te otherwise", with("te: gzip"), "connection-specific", true},
		{"late pseudo", with("a: b", ":path: /"), "\":path\" is not in front", false},
		{"twice", with(":path: /"), "unexpected or repeated", false},
		{"unknown pseudo", with(":x: y"), "unexpected or repeated", false},
		{"status", with(":status: 200"), "unexpected or repeated", false},
		{"no method", get[1:], "missing or invalid :method", false},
		{"blank in method", append([]string{":method: GET /"}, get[1:]...), "missing or invalid :method", false},
		{"no path", get[:3], "missing or invalid :path", false},
		{"blank in path", append(get[:3:3], ":path: / HTTP/1.1"), "missing or invalid :path", false},
		{"absolute path", append(get[:3:3], ":path: http://b.test/"), "missing or invalid :path", false},
		{"no scheme", []string{":method: GET", ":authority: a.test", ":path: /"}, "no :scheme", false},
		{"userinfo", []string{":method: GET", ":scheme: https", ":authority: u@a.test", ":path: /"}, "invalid :authority", false},
		{"connect with path", []string{":method: CONNECT", ":authority: a.test:443", ":path: /"}, "CONNECT with", false},
		{"connect without port", []string{":method: CONNECT", ":authority: a.test"}, "invalid :authority", false},
		{"protocol", with(":protocol: websocket"), ":protocol without CONNECT", false},
		{"no host", []string{":method: GET", ":scheme: https", ":path: /"}, "neither", true},
		{"other host", with("host: b.test"), "host \"b.test\" is not", true},
		{"two hosts", with("host: a.test:8443", "host: a.test:8443"), "several host", true},
	} {
		r, _, err := (&Parser{Lax: false}).Request(list(c.lines...))
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && (r.Host != "a.test" || r.Port == 0) {
			t.Errorf("%s: destination %s:%d", c.name, r.Host, r.Port)
		}
		if _, _, err := (&Parser{Lax: true}).Request(list(c.lines...)); (err == nil) != (c.want == "" || c.lax) {
			t.Errorf("%s, lax: %v", c.name, err)
		}
	}
}

func TestParseResponse(t *testing.T) {
	for status, ok := range map[string]bool{"200": true, "103": true, "999": true, "101": false, "99": false, "0200": false, "+20": false, "abc": false, "": false} {
		_, err := (&Parser{Lax: false}).Response(list(":status: "+status, "a: b"))
		if (err == nil) != ok {
			t.Errorf("%q: %v", status, err)
		}
	}
	for _, lines := range [][]string{{"a: b"}, {":status: 200", ":status: 200"}, {":path: /"}, {":status: 200", "connection: x"}} {
		if r, err := (&Parser{Lax: false}).Response(list(lines...)); err == nil {
			t.Errorf("%q: %v", lines, r)
		}
	}
}

func TestContentLength(t *testing.T) {
	for v, want := range map[string]int64{"0": 0, "5": 5, "-1": -2, "+5": -2, "05": -2, "": -2, "5, 5": -2, "9223372036854775808": -2} {
		n, err := ContentLength(flow.Headers{{Name: "content-length", Value: v}})
		if err != nil {
			n = -2
		}
		if n != want {
			t.Errorf("%q: %d, want %d", v, n, want)
		}
	}
	two := flow.Headers{{Name: "content-length", Value: "5"}, {Name: "content-length", Value: "5"}}
	if _, err := ContentLength(two); err == nil {
		t.Error("two lengths")
	}
}

// TestRoundTrip: what is parsed from what was compressed is what there was.
func TestRoundTrip(t *testing.T) {
	var e Encoder
	d := NewDecoder(1 << 20)
	name := rapid.StringMatching(`[a-z][a-z0-9-]{0,10}`).Filter(func(s string) bool {
		return !connectionSpecific(s) && s != "te" && s != "host"
	})
	value := rapid.StringMatching(`[!-~]([ -~\x80-\xff]{0,30}[!-~])?`)
	rapid.Check(t, func(t *rapid.T) {
		want := &flow.Request{Method: "POST", Scheme: "https", Authority: "a.test", Path: "/" + rapid.StringMatching(`[!-~]{0,20}`).Draw(t, "path"),
			Host: "a.test", Port: 443, HTTPMessage: flow.HTTPMessage{Version: Version}}
		for range rapid.IntRange(0, 8).Draw(t, "fields") {
			want.Headers = append(want.Headers, flow.Header{Name: name.Draw(t, "name"), Value: value.Draw(t, "value")})
		}
		fields, err := d.Decode(bytes.Clone(e.Request(want, "", nil)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := (&Parser{Lax: false}).Request(fields)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(flow.Body{})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSecretsStayOutOfTables(t *testing.T) {
	var e Encoder
	d := NewDecoder(1 << 20)
	r := &flow.Request{Method: "GET", Scheme: "https", Authority: "a.test", Path: "/", HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1",
		Headers: flow.Headers{{Name: "Authorization", Value: "x"}, {Name: "cookie", Value: "short"}, {Name: "cookie", Value: strings.Repeat("long", 20)}, {Name: "x-key", Value: "k"}, {Name: "x-other", Value: "o"}}}}
	fields, err := d.Decode(e.Request(r, "", []string{"x-key"}))
	if err != nil {
		t.Fatal(err)
	}
	var secret []string
	for _, f := range fields {
		if f.Sensitive {
			secret = append(secret, f.Name+"="+f.Value)
		}
	}
	if got := strings.Join(secret, " "); got != "authorization=x cookie=short x-key=k" {
		t.Error(got)
	}
}

func TestDecoderLimits(t *testing.T) {
	var long bytes.Buffer
	enc := hpack.NewEncoder(&long)
	enc.WriteField(hpack.HeaderField{Name: "a", Value: strings.Repeat("b", 5000)})
	many := bytes.Repeat([]byte{0x82}, maxFields+1)
	for name, block := range map[string][]byte{"long": long.Bytes(), "many": many} {
		_, err := NewDecoder(4096).Decode(block)
		var conn *ConnError
		if !errors.As(err, &conn) || conn.Code != http2.ErrCodeEnhanceYourCalm {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := NewDecoder(4096).Decode([]byte{0xff})
	var conn *ConnError
	if !errors.As(err, &conn) || conn.Code != http2.ErrCodeCompression {
		t.Errorf("garbage: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	var e Encoder
	f.Add(bytes.Clone(e.Request(&flow.Request{Method: "GET", Scheme: "https", Authority: "a.test", Path: "/"}, "", nil)), false)
	f.Add(bytes.Clone(e.Response(&flow.Response{Status: 200, HTTPMessage: flow.HTTPMessage{Headers: flow.Headers{{Name: "a", Value: "b"}}}}, nil)), true)
	f.Fuzz(func(t *testing.T, block []byte, lax bool) {
		fields, err := NewDecoder(16 << 10).Decode(block)
		if err != nil {
			return
		}
		r, _, err := (&Parser{Lax: lax}).Request(fields)
		if err == nil && (breaksLine(r.Method+r.Path+r.Authority) || r.Host == "" && r.Authority != "") {
			t.Errorf("%+v", r)
		}
		if resp, err := (&Parser{Lax: lax}).Response(fields); err == nil && (resp.Status < 100 || resp.Status > 999) {
			t.Errorf("%+v", resp)
		}
	})
}
