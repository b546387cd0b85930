package text

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sluice/proxy/content"
)

func bigJSON(size int) content.Doc {
	var b strings.Builder
	b.WriteString("[")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"id":%d,"name":"somebody with a name","active":true,"score":%d.5},`, i, i%100)
	}
	b.WriteString("0]")
	return content.Format("json", content.Meta{}, []byte(b.String()))
}

// All the lines of a JSON body of 10 MB: compare with the size to see how fast the end of a body is reached.
func BenchmarkReadToEnd(b *testing.B) {
	doc := bigJSON(10 << 20)
	b.SetBytes(10 << 20)
	b.ReportAllocs()
	for b.Loop() {
		d := Load(context.Background(), Source{Lines: doc.Lines}, theEnd)
		d.Close()
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, pattern := range []string{"nowhere", "Nowhere", "now[a-z]+here"} {
		b.Run(pattern, func(b *testing.B) {
			doc := bigJSON(10 << 20)
			re := Compile(pattern)
			b.SetBytes(10 << 20)
			for b.Loop() {
				s := &search{pattern: pattern, from: pulling(doc.Lines)}
				for done := false; !done; {
					_, done = s.read(re, maxHits)
				}
			}
		})
	}
}

// One screen after scrolling by a row.
func BenchmarkScrollAndDraw(b *testing.B) {
	m := New(theme)
	defer m.Close()
	m.SetSize(120, 40)
	act(m, m.Open(Source{Lines: bigJSON(1 << 20).Lines}, Top))
	n := 1
	for b.Loop() {
		if m.top.line > 500 || m.top.line == 0 {
			n = -n
		}
		m.Scroll(-n)
		m.View()
	}
}
