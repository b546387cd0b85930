package content

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// edited is what becomes of content whose text is changed in its view.
func edited(t *testing.T, view, before string, change func(string) string) (string, error) {
	t.Helper()
	_, e, ok := Editable(view, Meta{}, []byte(before))
	if !ok {
		t.Fatalf("%s cannot be edited", view)
	}
	text, err := e.Text(Meta{}, []byte(before))
	if err != nil {
		t.Fatal(err)
	}
	after, err := e.Encode([]byte(before), []byte(change(string(text))))
	return string(after), err
}

func replace(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

func TestEditedViews(t *testing.T) {
	for _, c := range []struct{ view, before, old, with, want string }{
		{"json", `{"a": 1.50,"b":[2,"<\u00e9"]}`, "2", "3", `{"a":1.50,"b":[3,"<\u00e9"]}`},
		{"json", "{\n  \"a\": 1\n}\n", "1", "2", "{\n    \"a\": 2\n}"},
		{"hex stream", "\x00\xffz", "ff", "0f 0F", "\x00\x0f\x0fz"},
		{"msgpack", "\x82\xa7compact\xc3\xa6schema\x00", "schema: 0", "schema: [1, -40, x, !!str 5, 2.5]",
			"\x82\xa7compact\xc3\xa6schema\x95\x01\xd0\xd8\xa1x\xa15\xcb\x40\x04\x00\x00\x00\x00\x00\x00"},
	} {
		got, err := edited(t, c.view, c.before, replace(c.old, c.with))
		if err != nil || got != c.want {
			t.Errorf("%s: %q became %q, %v; want %q", c.view, c.before, got, err, c.want)
		}
	}
}

func TestEditedViewsSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ view, before, old, with, want string }{
		{"json", "[\n1\n]", "1", "1,", "line 3"},
		{"hex stream", "ab", "61", "6x", "line 1"},
		{"hex stream", "ab", "61", "6", "two for each"},
		{"msgpack", "\x91\x01", "1", "&a 1\n- *a", "line 2"},
		{"msgpack", "\x91\x01", "1", "[", "line"},
		{"msgpack", "\x91\x01", "1", "!ext300 AA==", "-128 to 127"},
	} {
		if _, err := edited(t, c.view, c.before, replace(c.old, c.with)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q: %v, want %q", c.view, c.with, err, c.want)
		}
	}
	if _, err := msgpackText(Meta{}, []byte("\x92\x01")); err == nil {
		t.Error("unfinished MsgPack is edited")
	}
}

// What is read of YAML is written as the same YAML again.
func TestMsgPackSurvivesEditing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		data := appendRandom(r, nil, 3)
		text, err := msgpackText(Meta{}, data)
		if err != nil {
			r.Fatalf("%x: %v", data, err)
		}
		again, err := msgpackEncode(nil, text)
		if err != nil || !bytes.Equal(again, data) {
			r.Fatalf("%x became %x, %v, by way of\n%s", data, again, err, text)
		}
	})
}

// appendRandom writes a value in the form that takes the fewest bytes.
func appendRandom(r *rapid.T, b []byte, depth int) []byte {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "~", "1e3", "<<", "2001-01-01", " a", "a\nb\n", "!x", "- a", "\u0085", "true"}))
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(r, "kind") {
	case 0:
		return append(b, rapid.SampledFrom([]byte{0xc0, 0xc2, 0xc3, 0, 127, 0xe0, 0xff}).Draw(r, "byte"))
	case 1:
		return appendText(b, text.Draw(r, "text"))
	case 2:
		kept, _ := appendInt(b, rapid.SampledFrom([]string{"128", "-33", "65536", "-9223372036854775808", "18446744073709551615", "-40000"}).Draw(r, "int"))
		return kept
	case 3:
		return append(b, rapid.SampledFrom([]string{"\xca\x3f\x80\x00\x00", "\xcb\x40\x04\x00\x00\x00\x00\x00\x00", "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\xca\xff\x80\x00\x00"}).Draw(r, "float")...)
	case 4:
		tag := rapid.SampledFrom([]string{"!!binary", "!ext-1", "!ext127"}).Draw(r, "tag")
		kept, _ := appendBytes(b, tag, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(r, "bytes"))
		return kept
	case 5:
		kept, _ := appendBytes(b, tagBytes, append(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "raw"), 0xff))
		return kept
	case 6:
		n := rapid.IntRange(0, 20).Draw(r, "n")
		b = appendLength(b, n, 0x90, 15, 0xdc-1)
		for range n {
			b = appendRandom(r, b, depth-1)
		}
		return b
	}
	n := rapid.IntRange(0, 17).Draw(r, "pairs")
	b = appendLength(b, n, 0x80, 15, 0xde-1)
	for range n {
		b = appendRandom(r, appendRandom(r, b, depth-1), depth-1)
	}
	return b
}
