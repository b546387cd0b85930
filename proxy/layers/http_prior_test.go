package layers

import (
	"slices"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/wire/h2"
)

// A server that begins with SETTINGS is of use for a client that speaks HTTP/2 too, and for no other.
func TestServerGreetsWithSettings(t *testing.T) {
	const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	for _, c := range []struct {
		name, client string
		kept         bool
	}{
		{"HTTP/2", h2.Preface + settings, true},
		{"HTTP/1", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := layertest.Context(layer.Options{})
			ctx.Server.Address = flow.Addr{Host: "example.com", Port: 80}
			ctx.Server.State = flow.Open
			p := layertest.New(t, ctx, NewHTTP(ctx, HTTPTransparent))
			p.AutoHooks, p.HideHooks = true, true
			p.Start()
			for _, b := range layertest.Split(settings) {
				p.Data(&ctx.Server.Conn, b)
			}
			if out := p.TakeAll(); len(out) > 0 {
				t.Errorf("before the client has said anything: %q", out)
			}
			p.Data(p.Client(), []byte(c.client))
			out := p.TakeAll()
			greeted := slices.ContainsFunc(out, func(l string) bool { return strings.HasPrefix(l, `send server "PRI * HTTP/2.0`) })
			if closed := slices.Contains(out, "close server"); greeted != c.kept || closed == c.kept {
				t.Errorf("%q", out)
			}
		})
	}
}
