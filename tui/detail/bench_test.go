package detail

import (
	"bytes"
	"fmt"
	"testing"
)

// The first screen of a large JSON body, from the flow to the view.
func BenchmarkOpen50MB(b *testing.B) {
	var body bytes.Buffer
	body.WriteString("[")
	for i := 0; body.Len() < 50<<20; i++ {
		fmt.Fprintf(&body, `{"id":%d,"name":"somebody with a name","active":true},`, i)
	}
	body.WriteString("0]")
	f := respond(httpFlow("GET", "https://api.example.com/all", nil, ""), 200, "application/json", body.Bytes())
	b.ReportAllocs()
	for b.Loop() {
		m := newModel(Config{})
		m.SetSize(120, 40)
		m.index = 1
		m.Update(m.SetFlow(f)())
		if m.View() == "" {
			b.Fatal("nothing shows")
		}
		m.Close()
	}
}
