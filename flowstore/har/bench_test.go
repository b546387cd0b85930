package har

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// benchFlow is a flow like most: a dozen headers on both sides and a body of 2 kB.
func benchFlow() *flow.Flow {
	f := testFlow()
	for range 10 {
		h := flow.Header{Name: "X-Header-Name", Value: "some value of a header"}
		f.Request.Headers, f.Response.Headers = append(f.Request.Headers, h), append(f.Response.Headers, h)
	}
	f.Response.Body = flow.BodyOf([]byte(strings.Repeat("{\"a\": \"some text\"},\n", 100)))
	return f
}

func BenchmarkRead(b *testing.B) {
	const entries = 1000
	f := benchFlow()
	var all []*flow.Flow
	for range entries {
		all = append(all, f)
	}
	data := write(b, false, all...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if flows, errs := readAll(bytes.NewReader(data)); len(flows) != entries || errs != nil {
			b.Fatal(len(flows), errs)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	f := benchFlow()
	b.SetBytes(int64(len(write(b, false, f))))
	b.ReportAllocs()
	w := NewWriter(io.Discard, false)
	for b.Loop() {
		if err := w.Write(f); err != nil {
			b.Fatal(err)
		}
	}
}
