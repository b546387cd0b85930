package content

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	want(t, show(t, "json", Meta{}, `{"b":[1,2.50e+1,{}, []],"a":{"é\u00e9\ud83d\ude42\n\/":null},"c":"\u001b\u009b"}`), `
{
    "b": [
        1,
        2.50e+1,
        {},
        []
    ],
    "a": {
        "éé🙂\n/": null
    },
    "c": "\u001b\x9b"
}
`)
	want(t, show(t, "json", Meta{}, "{\"a\":1}\n{\"a\":2}\ntrue\n"), `
{
    "a": 1
}
{
    "a": 2
}
true
`)
	want(t, show(t, "json", Meta{}, ")]}',\n[1]"), `
)]}',
[
    1
]
`)
}

func TestJSONThatIsNone(t *testing.T) {
	const short = "the JSON ends here, unfinished\n"
	for in, lines := range map[string]string{
		`{"a": [1`:       "{\n    \"a\": [\n        1\n" + short,
		`{"a": "bc`:      "{\n    \"a\": \"bc\n" + short,
		`{"a`:            "{\n    \"a\n" + short,
		`{"a"`:           "{\n    \"a\"\n" + short,
		`{"a":`:          "{\n    \"a\": \n" + short,
		`"\ud83d"`:       "\"\\ud83d\"\n",
		`"\u12`:          "\"\\u12\n" + short,
		`"\`:             "\"\\\n" + short,
		"[1, oops]\nx\n": "[\n    1,\n    \nno JSON from byte 4 on: unexpected 'o'\noops]\nx\n",
		`{"a" 1}`:        "{\n    \"a\"\nno JSON from byte 5 on: unexpected '1'\n1}\n",
		`[1}`:            "[\n    1\nno JSON from byte 2 on: unexpected '}'\n}\n",
		`{1:2}`:          "{\n    \nno JSON from byte 1 on: unexpected '1'\n1:2}\n",
		`[01]`:           "[\n    \nno JSON from byte 1 on: unexpected '0'\n01]\n",
		`{} <html>`:      "{}\nno JSON from byte 3 on: unexpected '<'\n<html>\n",
	} {
		if got := show(t, "json", Meta{}, in); got != lines {
			t.Errorf("%q is shown as\n%swant\n%s", in, got, lines)
		}
	}
}

func TestJSONRoles(t *testing.T) {
	var roles []Role
	for line := range Format("json", Meta{}, []byte(`{"k":["s",-1,true]}`)).Lines {
		for _, s := range line {
			if strings.TrimSpace(s.Text) != "" {
				roles = append(roles, s.Role)
			}
		}
	}
	want := []Role{Punct, Key, Punct, String, Punct, Number, Punct, Keyword, Punct, Punct}
	if !bytes.Equal(asBytes(roles), asBytes(want)) {
		t.Errorf("roles %v, want %v", roles, want)
	}
}

func asBytes(roles []Role) []byte {
	b := make([]byte, len(roles))
	for i, r := range roles {
		b[i] = byte(r)
	}
	return b
}

// What is shown of valid JSON without control characters means the same and parses.
func FuzzJSONMeansTheSame(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b\u00e9\/",{"c":null}],"d":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after any
		if json.Unmarshal(data, &before) != nil || Clean(string(data)) != string(data) || bytes.Contains(data, []byte(`\u`)) {
			return
		}
		var b strings.Builder
		for line := range Format("json", Meta{}, data).Lines {
			b.WriteString(line.Text())
		}
		if err := json.Unmarshal([]byte(b.String()), &after); err != nil {
			t.Fatalf("%q is shown as %q: %v", data, b.String(), err)
		}
		x, _ := json.Marshal(before)
		y, _ := json.Marshal(after)
		if !bytes.Equal(x, y) {
			t.Fatalf("%s is shown as %s", x, y)
		}
	})
}

func take(lines iter.Seq[Line], n int) int {
	size := 0
	for line := range lines {
		size += len(line)
		if n--; n == 0 {
			break
		}
	}
	return size
}

// bigJSON is an array of records, about n bytes.
func bigJSON(n int) []byte {
	record := []byte(`{"id": 12345, "name": "some name", "tags": ["a", "b"], "ok": true},` + "\n")
	b := append([]byte("["), bytes.Repeat(record, n/len(record))...)
	return append(b, "null]"...)
}

// The first screen costs the same whatever the size of the body.
func TestFirstLinesAreLazy(t *testing.T) {
	for view, data := range map[string][]byte{
		"json":           bigJSON(20 << 20),
		"xml/html":       bytes.Repeat([]byte("<p class=a>text</p>\n"), 1<<20),
		"javascript":     bytes.Repeat([]byte("function f(a,b){return a/b}"), 1<<20),
		"css":            bytes.Repeat([]byte("a{color:red;b:c}"), 1<<20),
		"raw":            bytes.Repeat([]byte("a line of text\n"), 1<<20),
		"hex dump":       make([]byte, 20<<20),
		"hex stream":     make([]byte, 20<<20),
		"url-encoded":    bytes.Repeat([]byte("a=b&"), 5<<20),
		"multipart form": bytes.Repeat([]byte("--b\r\nContent-Disposition: form-data; name=n\r\n\r\nv\r\n"), 400<<10),
		"protobuf":       bytes.Repeat([]byte("\x08\x01\x12\x03abc"), 3<<20),
		"msgpack":        bytes.Repeat([]byte("\x81\xa1a\x01"), 5<<20),
		"yaml":           bytes.Repeat([]byte("key: value # c\n"), 1<<20),
	} {
		allocs := testing.AllocsPerRun(1, func() {
			if take(Format(view, Meta{}, data).Lines, 100) == 0 {
				t.Errorf("%s shows nothing", view)
			}
		})
		if allocs > 5000 {
			t.Errorf("%s: %v allocations for 100 lines of %d MB", view, allocs, len(data)>>20)
		}
	}
}

func BenchmarkJSONFirst100Lines(b *testing.B) {
	data := bigJSON(50 << 20)
	b.ReportAllocs()
	for b.Loop() {
		take(Format(Auto, typed("application/json"), data).Lines, 100)
	}
}

func BenchmarkJSONWhole(b *testing.B) {
	data := bigJSON(4 << 20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		take(Format("json", Meta{}, data).Lines, -1)
	}
}

func BenchmarkClean(b *testing.B) {
	s := strings.Repeat("some clean text ", 256)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Clean(s)
	}
}
