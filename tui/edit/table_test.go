package edit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

func newFlow() *flow.Flow {
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.HTTP, Client: &flow.Client{}, Server: &flow.Server{}}
	f.Request = &flow.Request{Method: "POST", Scheme: "http", Host: "example.com", Port: 80, Path: "/"}
	f.Request.Version = "HTTP/1.1"
	f.Request.Headers = flow.Headers{{Name: "Host", Value: "example.com"}}
	f.Response = &flow.Response{Status: 200, Reason: "OK"}
	f.Response.Version = "HTTP/1.1"
	return f
}

func setBody(m *flow.HTTPMessage, contentType, body string) {
	m.Headers = m.Headers.Set("Content-Type", contentType)
	m.Body = flow.BodyOf([]byte(body))
}

// dump writes what can be edited of a flow.
func dump(f *flow.Flow) string {
	out := fmt.Sprintf("%s %s %s://%s:%d %q\n%q\n%q %v", f.Request.Method, f.Request.Path, f.Request.Scheme, f.Request.Host,
		f.Request.Port, f.Request.Headers, f.Request.Body.Bytes(), f.Comment, f.Messages)
	if f.Response != nil {
		out += fmt.Sprintf("\n%d %q\n%q", f.Response.Status, f.Response.Headers, f.Response.Body.Bytes())
	}
	return out
}

// rows reads the rows of a part.
func rows(t interface {
	Helper()
	Fatal(...any)
}, f *flow.Flow, part string) [][]string {
	t.Helper()
	spec, err := Grid(f, part)
	if err != nil {
		t.Fatal(part, err)
	}
	return spec.Rows
}

// set changes one value of a part.
func set(t *testing.T, f *flow.Flow, part string, row, col int, value string) {
	t.Helper()
	list := rows(t, f, part)
	list[row] = slices.Clone(list[row])
	list[row][col] = value
	if err := ApplyGrid(f, part, list); err != nil {
		t.Fatal(err)
	}
}

func TestQuery(t *testing.T) {
	f := newFlow()
	f.Request.Path = "/s;p?a=1&a=%7e2&&flag&b=x%20y&c=%zz#top"
	want := [][]string{{"a", "1"}, {"a", "~2"}, {"flag", ""}, {"b", "x y"}, {"c", "%zz"}}
	if d := cmp.Diff(want, rows(t, f, Query)); d != "" {
		t.Error(d)
	}
	set(t, f, Query, 0, 1, "é &")
	if want := "/s;p?a=%C3%A9%20%26&a=%7e2&flag&b=x%20y&c=%zz#top"; f.Request.Path != want {
		t.Errorf("path %s, want %s", f.Request.Path, want)
	}
	list := append(rows(t, f, Query)[1:], []string{"new", ""})
	list[0], list[2] = list[2], list[0]
	if err := ApplyGrid(f, Query, list); err != nil {
		t.Fatal(err)
	}
	if want := "/s;p?b=x%20y&flag&a=%7e2&c=%zz&new#top"; f.Request.Path != want {
		t.Errorf("path %s, want %s", f.Request.Path, want)
	}
	if err := ApplyGrid(f, Query, nil); err != nil || f.Request.Path != "/s;p#top" {
		t.Errorf("path %s, %v", f.Request.Path, err)
	}
	f.Request.Method, f.Request.Path = "CONNECT", ""
	if err := ApplyGrid(f, Query, [][]string{{"a", "b"}}); err == nil {
		t.Error("a query was added to no path")
	}
}

func TestPath(t *testing.T) {
	f := newFlow()
	f.Request.Path = "/api/a%2Fb/c%7e/?q=/x"
	if d := cmp.Diff([][]string{{"api"}, {"a/b"}, {"c~"}}, rows(t, f, Path)); d != "" {
		t.Error(d)
	}
	set(t, f, Path, 0, 0, "v 2?")
	if want := "/v%202%3F/a%2Fb/c%7e/?q=/x"; f.Request.Path != want {
		t.Errorf("path %s, want %s", f.Request.Path, want)
	}
}

func TestForm(t *testing.T) {
	f := newFlow()
	setBody(&f.Request.HTTPMessage, "application/x-www-form-urlencoded; charset=utf-8", "a=1+2&b=%e9")
	set(t, f, URLEncodedForm, 0, 1, "3 4")
	if got := string(f.Request.Body.Bytes()); got != "a=3+4&b=%e9" || f.Request.Headers.Get("Content-Length") != "11" {
		t.Errorf("body %q, headers %q", got, f.Request.Headers)
	}
	f = newFlow()
	setBody(&f.Request.HTTPMessage, "application/json", "{}")
	if got := rows(t, f, URLEncodedForm); got != nil {
		t.Errorf("JSON is a form: %q", got)
	}
	if err := ApplyGrid(f, URLEncodedForm, [][]string{{"a", "&"}}); err != nil {
		t.Fatal(err)
	}
	if got := string(f.Request.Body.Bytes()); got != "a=%26" || f.Request.Headers.Get("Content-Type") != formType {
		t.Errorf("body %q, headers %q", got, f.Request.Headers)
	}
}

const upload = "before\r\n--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n" +
	"--X\r\ncontent-type: text/plain\r\nContent-Disposition: form-data; filename=\"f;name=\\\"x\"; name=\"file\"\r\n\r\n\x00--X\x01\r\n" +
	"--X  \r\n\r\nbare\r\n\r\n--X--after"

func TestMultipart(t *testing.T) {
	f := newFlow()
	setBody(&f.Request.HTTPMessage, "multipart/form-data; boundary=X", upload)
	want := [][]string{{"a", "one\r\ntwo"}, {"file", "\x00--X\x01"}, {"", "bare\r\n"}}
	if d := cmp.Diff(want, rows(t, f, MultipartForm)); d != "" {
		t.Error(d)
	}
	f = newFlow()
	body := strings.Replace(upload, "\x00--X\x01", "\x00\x01", 1)
	setBody(&f.Request.HTTPMessage, "multipart/form-data; boundary=X", body)
	set(t, f, MultipartForm, 1, 1, "new")
	set(t, f, MultipartForm, 0, 0, `n"m`)
	body = strings.NewReplacer("\x00\x01", "new", `name="a"`, `name="n\"m"`, "--X  ", "--X").Replace(body)
	if got := string(f.Request.Body.Bytes()); got != body {
		t.Errorf("body\n%q, want\n%q", got, body)
	}
	list := append(rows(t, f, MultipartForm), []string{"evil", "\r\n--X--"})
	if err := ApplyGrid(f, MultipartForm, list); err != nil {
		t.Fatal(err)
	}
	if boundary := boundaryOf(&f.Request.HTTPMessage); boundary == "X" || boundary == "" {
		t.Errorf("boundary %q", boundary)
	}
	if d := cmp.Diff(list, rows(t, f, MultipartForm)); d != "" {
		t.Error(d)
	}
}

func TestCookies(t *testing.T) {
	f := newFlow()
	f.Request.Headers = flow.Headers{{Name: "cookie", Value: `a=1; b="x; \"y"; flag; a=2;`}, {Name: "X", Value: "y"}, {Name: "Cookie", Value: "c = d=e"}}
	want := [][]string{{"a", "1"}, {"b", `x; "y`}, {"flag", ""}, {"a", "2"}, {"c", "d=e"}}
	if d := cmp.Diff(want, rows(t, f, Cookies)); d != "" {
		t.Error(d)
	}
	set(t, f, Cookies, 3, 1, "é")
	wantHeaders := flow.Headers{{Name: "cookie", Value: `a=1; b="x; \"y"; flag; a="é"; c = d=e`}, {Name: "X", Value: "y"}}
	if d := cmp.Diff(wantHeaders, f.Request.Headers); d != "" {
		t.Error(d)
	}
	if err := ApplyGrid(f, Cookies, nil); err != nil || f.Request.Headers.Has("Cookie") {
		t.Errorf("headers %q, %v", f.Request.Headers, err)
	}
}

func TestSetCookies(t *testing.T) {
	f := newFlow()
	f.Response.Headers = flow.Headers{
		{Name: "set-cookie", Value: "id=\"1\";Path=/;expires=Wed, 21 Oct 2026 07:28:00 GMT"}, {Name: "X", Value: "y"}, {Name: "Set-Cookie", Value: "b=2"},
	}
	want := [][]string{{"id", "1", "Path=/;expires=Wed, 21 Oct 2026 07:28:00 GMT"}, {"b", "2", ""}}
	if d := cmp.Diff(want, rows(t, f, SetCookies)); d != "" {
		t.Error(d)
	}
	set(t, f, SetCookies, 0, 2, "HttpOnly")
	list := slices.Insert(rows(t, f, SetCookies), 1, []string{"n", "a b", "Secure"})
	if err := ApplyGrid(f, SetCookies, list); err != nil {
		t.Fatal(err)
	}
	wantHeaders := flow.Headers{
		{Name: "set-cookie", Value: `id="1"; HttpOnly`}, {Name: "X", Value: "y"},
		{Name: "Set-Cookie", Value: `n="a b"; Secure`}, {Name: "Set-Cookie", Value: "b=2"},
	}
	if d := cmp.Diff(wantHeaders, f.Response.Headers); d != "" {
		t.Error(d)
	}
}

func TestHeaders(t *testing.T) {
	f := newFlow()
	f.Request.Headers = flow.Headers{{Name: "A", Value: "1"}, {Name: "bad name", Value: "2"}, {Name: "a", Value: "3"}}
	set(t, f, RequestHeaders, 0, 1, "4")
	if d := cmp.Diff(flow.Headers{{Name: "A", Value: "4"}, {Name: "bad name", Value: "2"}, {Name: "a", Value: "3"}}, f.Request.Headers); d != "" {
		t.Error(d)
	}
	for _, bad := range [][]string{{"A", "x\r\nB: y"}, {"A:", "x"}, {"", "x"}, {"a b", "x"}} {
		if err := ApplyGrid(f, RequestHeaders, [][]string{bad}); err == nil {
			t.Errorf("header %q was taken", bad)
		}
	}
}

func TestResponseIsMadeWhenItIsEdited(t *testing.T) {
	f := newFlow()
	f.Response = nil
	for _, part := range []string{ResponseHeaders, SetCookies} {
		if err := ApplyGrid(f, part, rows(t, f, part)); err != nil || f.Response != nil {
			t.Errorf("%s: editing nothing made %v, %v", part, f.Response, err)
		}
	}
	if err := ApplyText(f, ResponseBody, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if f.Response.Status != 200 || f.Response.Headers.Get("Content-Length") != "5" || f.Response.Version != "HTTP/1.1" {
		t.Errorf("response %+v", f.Response)
	}
}

// arbitrary draws bytes that are often special.
func arbitrary() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		pieces := rapid.SampledFrom([]string{"a", "=", "&", ";", "%", "%4", "%41", "+", " ", "/", "?", "#", `"`, `\`, "--X", "\r\n", "\n", "--",
			"é", "\xff", "\x00", ",", "name=", "Content-Disposition: form-data; name=\"n\"", ":"})
		return strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(t, "pieces"), "")
	})
}

func drawFlow(t *rapid.T) *flow.Flow {
	f := newFlow()
	f.Request.Path = "/" + arbitrary().Draw(t, "path")
	f.Comment = arbitrary().Draw(t, "comment")
	kind := rapid.SampledFrom([]string{formType, "multipart/form-data; boundary=X", "text/plain"}).Draw(t, "type")
	setBody(&f.Request.HTTPMessage, kind, arbitrary().Draw(t, "body"))
	for range rapid.IntRange(0, 3).Draw(t, "cookies") {
		f.Request.Headers = f.Request.Headers.Add("Cookie", arbitrary().Draw(t, "cookie"))
		f.Response.Headers = f.Response.Headers.Add("Set-Cookie", arbitrary().Draw(t, "set-cookie"))
	}
	if encoding := rapid.SampledFrom([]string{"", "gzip", "br", "unknown"}).Draw(t, "encoding"); encoding != "" {
		m := &f.Request.HTTPMessage
		m.Headers = m.Headers.Add("Content-Encoding", encoding)
		if packed, err := coding.Encode(encoding, m.Body.Bytes()); err == nil && rapid.Bool().Draw(t, "valid") {
			m.Body = flow.BodyOf(packed)
		}
	}
	return f
}

func TestEditingNothingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFlow(t)
		before := dump(f)
		for _, part := range Parts(f) {
			switch How(part) {
			case ByGrid:
				if err := ApplyGrid(f, part, rows(t, f, part)); err != nil {
					t.Fatal(part, err)
				}
			case ByEditor:
				data, err := Text(f, part)
				if err != nil {
					t.Fatal(part, err)
				}
				if err := ApplyText(f, part, bytes.Clone(data)); err != nil {
					t.Fatal(part, err)
				}
			}
			if after := dump(f); after != before {
				t.Fatalf("%s:\n%s, was\n%s", part, after, before)
			}
		}
	})
}

// A quote that ends nowhere in a header of its own must not take in what comes behind it in the one header for all.
func TestOpenQuotesOfCookies(t *testing.T) {
	f := newFlow()
	f.Request.Headers = f.Request.Headers.Add("Cookie", `="`).Add("Cookie", `"`)
	want := append([][]string{{"", "a"}}, rows(t, f, Cookies)...)
	if err := ApplyGrid(f, Cookies, want); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, f, Cookies); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("read %q, wrote %q: %s", got, want, dump(f))
	}
}

// What is written is read again, whatever was there before.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFlow(t)
		for _, part := range Parts(f) {
			if How(part) != ByGrid || part == Comment {
				continue
			}
			columns := len(tables[part].spec.Columns)
			value := arbitrary()
			list := rapid.SliceOfN(rapid.SliceOfN(value, columns, columns), 0, 4).Draw(t, part)
			list = append(list, rows(t, f, part)...)
			list = slices.DeleteFunc(list, func(row []string) bool { return !writable(part, row) })
			if err := ApplyGrid(f, part, list); err != nil {
				t.Fatal(part, err)
			}
			if got := rows(t, f, part); !slices.EqualFunc(got, list, slices.Equal[[]string]) {
				t.Fatalf("%s: read %q, wrote %q:\n%s", part, got, list, dump(f))
			}
		}
	})
}

// writable says whether a row can be told from none and from one with other blanks.
func writable(part string, row []string) bool {
	tab := tables[part]
	if strings.Join(row, "") == "" || tab.validate(row) != nil {
		return false
	}
	for _, v := range row {
		if (part == Cookies || part == SetCookies) && strings.TrimSpace(v) != v {
			return false
		}
	}
	return true
}

func FuzzMultipart(f *testing.F) {
	f.Add(upload, "X")
	f.Fuzz(func(t *testing.T, body, boundary string) {
		if boundary == "" || strings.ContainsAny(boundary, "\r\n") {
			t.Skip()
		}
		form := parseForm(boundary, body)
		raws := make([]string, len(form.pieces))
		for i, p := range form.pieces {
			raws[i] = p.raw
		}
		again := parseForm(boundary, form.join(raws))
		if !slices.EqualFunc(again.pieces, form.pieces, func(a, b piece) bool { return a.raw == b.raw }) {
			t.Errorf("%q became %q", form.pieces, again.pieces)
		}
	})
}
