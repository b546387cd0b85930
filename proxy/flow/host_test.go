package flow_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
)

func TestASCIIHost(t *testing.T) {
	long := strings.Repeat("ü", 30_000)
	for host, want := range map[string]string{
		"example.com": "example.com", "bücher.example": "xn--bcher-kva.example", "BÜCHER.example": "xn--bcher-kva.example",
		"127.0.0.1": "127.0.0.1", "::1": "::1", "a b": "a b", "": "", long: long,
	} {
		if got := flow.ASCIIHost(host); got != want {
			t.Errorf("%.40q became %.40q, want %.40q", host, got, want)
		}
	}
}
