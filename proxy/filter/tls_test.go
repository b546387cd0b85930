package filter

import (
	"testing"
	"time"

	"sluice/proxy/flow"
)

func TestTLSRows(t *testing.T) {
	f := flow.New(flow.TCP, &flow.Client{}, flow.NewServer(flow.Addr{Host: "192.0.2.7", Port: 443}), time.Time{})
	f.Client.SNI = "bank.example"
	for i, want := range []map[string]bool{
		{"~d bank": false, "~d 192.0.2.7": false, "~e": false, "~tcp": true},
		{"~d bank": true, "~d 192.0.2.7": true, "~d other": false, "~e": true, "~tcp": true, "~meta 'not trusted'": true, "~dst :443": true},
	} {
		if i == 1 {
			f.Error = &flow.Error{Message: "refused"}
			f.Metadata = map[string]string{flow.MetaTLS: "TLS failed: CA not trusted"}
		}
		for expr, want := range want {
			p, err := Parse(expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match(f); got != want {
				t.Errorf("%d: %s: %v", i, expr, got)
			}
		}
	}
}
