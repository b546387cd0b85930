package layers

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

func TestIsQUIC(t *testing.T) {
	initial := func(head string) []byte { return []byte(head + strings.Repeat("x", minInitial)) }
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"version 1", initial("\xc3\x00\x00\x00\x01"), true},
		{"version 2", initial("\xd3\x6b\x33\x43\xcf"), true},
		{"draft", initial("\xc3\xff\x00\x00\x1d"), true},
		{"to be refused", initial("\xc3\x1a\x2a\x3a\x4a"), true},
		{"other version", initial("\xc3\x00\x00\x00\x07"), false},
		{"short header", initial("\x43\x00\x00\x00\x01"), false},
		{"not the fixed bit", initial("\x83\x00\x00\x00\x01"), false},
		{"too short", initial("\xc3\x00\x00\x00\x01")[:minInitial-1], false},
		{"nothing", nil, false},
	} {
		if got := IsQUIC(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestRefusedQUIC(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	ctx.Client.Transport = "udp"
	ctx.Server.Address = flow.Addr{Host: "192.0.2.1", Port: 443}
	p := layertest.New(t, ctx, NewRefusedQUIC(ctx))
	p.Run("<< update\n>> client \"\\xc3\"\n>> client \"\\xc3\"\n>> client closed\n<< close client")
}
