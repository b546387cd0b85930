package filter

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// BenchmarkMatch matches 1,000 flows an iteration.
func BenchmarkMatch(b *testing.B) {
	flows := manyFlows(1000)
	for _, f := range flows {
		f.Response.Body = flow.BodyOf([]byte(strings.Repeat("Lorem ipsum dolor sit amet, ", 150)))
	}
	for _, expr := range []string{"~u items & ~m POST", "~u 'page=[35]$'", "~h nginx", "~h '^server: ng'", "~d example.com", "~c 4xx",
		"~bs nothing", "~bs 'noth[i]ng'", "~t json | ~u items/7"} {
		x := mustParse(b, expr)
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, f := range flows {
					x.Match(f)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("~u api & ~m POST & !(~c 4xx | ~hs ^server)"); err != nil {
			b.Fatal(err)
		}
	}
}
