package content

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// show returns data in a view, its lines joined.
func show(t *testing.T, view string, m Meta, data string) string {
	t.Helper()
	var b strings.Builder
	for line := range Format(view, m, []byte(data)).Lines {
		b.WriteString(line.Text() + "\n")
	}
	return b.String()
}

// want compares lines; the first line break of the literal is not part of it.
func want(t *testing.T, got, want string) {
	t.Helper()
	if d := cmp.Diff(strings.TrimPrefix(want, "\n"), got); d != "" {
		t.Errorf("lines differ (-want +got):\n%s", d)
	}
}

func typed(contentType string) Meta { return Meta{ContentType: contentType} }

func TestDetect(t *testing.T) {
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\x00"
	for _, c := range []struct {
		m          Meta
		data, want string
	}{
		{typed("application/json"), `{}`, "json"},
		{typed("Application/Problem+JSON; charset=utf-8"), `{}`, "json"},
		{typed("application/json"), `{"query":"{\n a }"}`, "graphql"},
		{typed("application/json"), `{"query":"{ a }"}`, "json"},
		{typed("application/json"), "", "raw"},
		{Meta{}, " \n{ \"a\":1}", "json"},
		{Meta{}, "{a}", "raw"},
		{Meta{}, "[1]", "json"},
		{Meta{}, "[info] started", "raw"},
		{typed("text/html"), "hello", "xml/html"},
		{Meta{}, "  <a>", "xml/html"},
		{typed("image/svg+xml"), "<svg/>", "xml/html"},
		{typed("image/png"), "x", "image"},
		{typed("application/octet-stream"), png, "image"},
		{Meta{}, "\x00\x01\x02\x03", "hex dump"},
		{Meta{}, "plain", "raw"},
		{Meta{Path: "/a?b=c"}, "", "query"},
		{Meta{Path: "/a"}, "", "raw"},
		{typed("application/x-www-form-urlencoded"), "a=b", "url-encoded"},
		{typed("multipart/form-data; boundary=x"), "--x", "multipart form"},
		{typed("text/css"), "a{}", "css"},
		{typed("text/javascript"), "a", "javascript"},
		{typed("application/zip"), "PK", "zip archive"},
		{typed("application/grpc"), "\x00", "grpc"},
		{typed("application/x-protobuf"), "\x08\x01", "protobuf"},
	} {
		if got := Detect(c.m, []byte(c.data)); got != c.want {
			t.Errorf("Detect(%q, %q) = %s, want %s", c.m.ContentType, c.data, got, c.want)
		}
	}
}

func TestFormatFallsBack(t *testing.T) {
	m := typed("application/json")
	doc := Format(Auto, m, []byte("no json"))
	if doc.View != "Raw" || doc.Note != "[failed to parse as JSON]" {
		t.Errorf("auto shows %q %q", doc.View, doc.Note)
	}
	want(t, show(t, Auto, m, "no json"), "no json\n")
	want(t, show(t, "JSON", m, "no json"), "Couldn't parse as JSON: no JSON value at its beginning\n")
	if doc := Format("no such view", m, []byte("{}")); doc.View != "JSON" {
		t.Errorf("an unknown view shows %s, want auto's choice", doc.View)
	}
	if doc := Format(Auto, typed("application/zip"), []byte("PK\x00\x01\x02")); doc.View != "Hex Dump" {
		t.Errorf("a broken archive is shown as %s", doc.View)
	}
}

func TestNames(t *testing.T) {
	names := Names()
	if names[0] != Auto || !slices.IsSorted(names[1:]) {
		t.Errorf("names are out of order: %q", names)
	}
	for _, n := range names[1:] {
		if v, ok := Lookup(strings.ToUpper(n)); !ok || v.Name != n {
			t.Errorf("Lookup(%q) = %q, %v", n, v.Name, ok)
		}
	}
	for alias, n := range aliases {
		if v, ok := Lookup(alias); !ok || v.Name != n {
			t.Errorf("alias %q finds %q, %v", alias, v.Name, ok)
		}
	}
}

func TestDecode(t *testing.T) {
	text := strings.Repeat("some text ", 10000)
	packed, err := coding.Encode("gzip", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h := flow.Headers{{Name: "content-encoding", Value: "GZip"}}
	for _, c := range []struct {
		name       string
		h          flow.Headers
		in         []byte
		want, note string
	}{
		{"none", nil, []byte("a"), "a", ""},
		{"identity", flow.Headers{{Name: "Content-Encoding", Value: "identity"}}, []byte("a"), "a", ""},
		{"gzip", h, packed, text, "[decoded gzip]"},
		{"empty", h, nil, "", ""},
		{"not gzip", h, []byte("text"), "text", "[cannot decode]"},
		{"unknown", flow.Headers{{Name: "Content-Encoding", Value: "a\x1bb"}}, []byte("text"), "text", "[cannot decode]"},
	} {
		if got, note := Decode(c.h, c.in); string(got) != c.want || note != c.note {
			t.Errorf("%s: %d bytes, note %q; want %d, %q", c.name, len(got), note, len(c.want), c.note)
		}
	}
	got, note := Decode(h, packed[:len(packed)-9])
	if note != "[decoded gzip in part]" || len(got) == 0 || !strings.HasPrefix(text, string(got)) {
		t.Errorf("cut short: %d bytes, note %q", len(got), note)
	}
}

func TestCharset(t *testing.T) {
	want(t, show(t, "raw", typed("text/plain; charset=iso-8859-1"), "caf\xe9"), "café\n")
	want(t, show(t, "raw", typed("text/plain"), "caf\xe9"), "caf\\xe9\n")
	want(t, show(t, "raw", typed("text/plain; charset=nonsense"), "a\xe9"), "a\\xe9\n")
	want(t, show(t, "raw", Meta{}, "\xff\xfeh\x00i\x00"), "hi\n")
	want(t, show(t, "json", Meta{}, "\xef\xbb\xbf1"), "1\n")
	want(t, show(t, "url-encoded", typed("application/x-www-form-urlencoded; charset=latin1"), "a=%e9"), "a: é\n")
}

// everywhere calls f for every view with every content type that it may look at.
func everywhere(f func(v View, m Meta)) {
	types := []string{"", "text/html", "multipart/form-data; boundary=b", "text/plain; charset=utf-16", "application/json"}
	for _, v := range views {
		for _, ct := range types {
			f(v, Meta{ContentType: ct, Path: "/p?q=%1b&r", Headers: flow.Headers{{Name: "grpc-encoding", Value: "gzip"}}})
		}
	}
}

// checkLines ranges over lines, stops after so many, and fails on what no line may be.
func checkLines(t *testing.T, doc Doc, stop int) {
	t.Helper()
	n := 0
	for line := range doc.Lines {
		text := line.Text()
		if Clean(text) != text {
			t.Fatalf("%s: not clean: %q", doc.View, text)
		}
		if len(text) > 8*maxLine {
			t.Fatalf("%s: a line of %d bytes", doc.View, len(text))
		}
		if n++; n == stop {
			return
		}
	}
}

func FuzzViews(f *testing.F) {
	for _, s := range []string{
		"", "{\"a\": [1, \"\\u00e9\", {}", "<a b='c'>text</a><!-- x", "a=b&c=%", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nv\r\n--b--",
		"function a(){return /x/}/*", "\x08\x96\x01\x12\x03abc", "\x00\x00\x00\x00\x02\x08\x01", "\x82\xa1a\x01\xa1b\x92\x01\xc0",
		"a: b # c\n- d", "\x1b[31m\u202e\x9b", "<script>var a</script>", "[{\"query\":\"a\\nb\"}]", "\x00\x00\x01\x00\x01\x00",
	} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, stop uint8) {
		before := bytes.Clone(data)
		everywhere(func(v View, m Meta) {
			v.Priority(m, data)
			doc := Format(v.Name, m, data)
			checkLines(t, doc, -1)
			checkLines(t, doc, int(stop))
		})
		if !bytes.Equal(data, before) {
			t.Fatal("a view wrote to its data")
		}
	})
}

func TestLongLinesAreChopped(t *testing.T) {
	long := strings.Repeat("é<a \"\t", 20000)
	everywhere(func(v View, m Meta) { checkLines(t, Format(v.Name, m, []byte(long)), -1) })
	n := 0
	for range Format("raw", Meta{}, []byte(strings.Repeat("a", 3*maxLine))).Lines {
		n++
	}
	if n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
}

func TestDeepNestingIsLinear(t *testing.T) {
	for view, unit := range map[string]string{
		"json": "[", "xml/html": "<a>", "javascript": "({", "msgpack": "\x91", "protobuf": "\x0b",
	} {
		size := 0
		for line := range Format(view, Meta{}, []byte(strings.Repeat(unit, 50000))).Lines {
			size += len(line.Text())
		}
		if size > 50000*200 {
			t.Errorf("%s: %d bytes of output", view, size)
		}
	}
}
