package h2

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// TestEncoderRemembers: sections that are much alike are written as they would be if nothing were remembered.
func TestEncoderRemembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Encoder
		var plain bytes.Buffer
		enc := hpack.NewEncoder(&plain)
		for range rapid.IntRange(1, 20).Draw(t, "sections") {
			if rapid.IntRange(0, 9).Draw(t, "resize") == 0 {
				n := uint32(rapid.SampledFrom([]int{0, 100, 4096}).Draw(t, "size"))
				e.SetTableSize(n)
				enc.SetMaxDynamicTableSize(n)
			}
			plain.Reset()
			var h flow.Headers
			for range rapid.IntRange(0, 40).Draw(t, "fields") {
				f := flow.Header{Name: rapid.SampledFrom([]string{"accept", "x-a", "x-b", "authorization"}).Draw(t, "name"),
					Value: rapid.SampledFrom([]string{"", "1", "a rather long value of a field"}).Draw(t, "value")}
				h = append(h, f)
				enc.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value, Sensitive: f.Name == "authorization"})
			}
			if got := e.Trailers(h, nil); !bytes.Equal(got, plain.Bytes()) {
				t.Fatalf("%v\n%x\nwant\n%x", h, got, plain.Bytes())
			}
		}
	})
}

// TestParserRemembers: a section like the last one shares its list, and one that differs does not.
func TestParserRemembers(t *testing.T) {
	var p Parser
	parse := func(lines ...string) flow.Headers {
		r, err := p.Response(list(append([]string{":status: 200"}, lines...)...))
		if err != nil {
			t.Fatal(err)
		}
		return r.Headers
	}
	a, b, c, d := parse("a: b", "c: d"), parse("a: b", "c: d"), parse("a: b", "c: e"), parse("a: b")
	if &a[0] != &b[0] || c[1].Value != "e" || len(d) != 1 || a[1].Value != "d" {
		t.Error(a, b, c, d)
	}
	p.Lax = true
	parse("A: b")
	p.Lax = false
	if _, err := p.Response(list(":status: 200", "A: b")); err == nil {
		t.Error("what was let pass once is let pass again")
	}
}

// TestEncoderRests: a large section leaves no memory behind, and what follows is read as if nothing had happened.
func TestEncoderRests(t *testing.T) {
	var e Encoder
	d := NewDecoder(1 << 20)
	for _, size := range []int{10, 100_000, 10} {
		r := &flow.Response{Status: 200, HTTPMessage: flow.HTTPMessage{Headers: flow.Headers{{Name: "x", Value: strings.Repeat("y", size)}}}}
		fields, err := d.Decode(e.Response(r, nil))
		if err != nil || len(fields) != 2 || len(fields[1].Value) != size {
			t.Fatal(len(fields), err)
		}
		if e.Rest(); cap(e.buf) > largeSection {
			t.Errorf("%d bytes are kept", cap(e.buf))
		}
	}
}
