package layers_test

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
	"sluice/proxy/wire/h2"
)

// BenchmarkHTTP2Exchange is one GET with an answer of 1 KiB, 16 at once.
func BenchmarkHTTP2Exchange(b *testing.B) {
	ctx := layertest.Context(layer.Options{})
	ctx.Inline = func(layer.Hook) bool { return true }
	ctx.Client.TLS, ctx.Client.ALPN = true, "h2"
	ctx.Server.Address = flow.Addr{Host: "example.com", Port: 443}
	ctx.Server.State, ctx.Server.TLS, ctx.Server.TLSSetup, ctx.Server.ALPN = flow.Open, true, layertest.Epoch, "h2"
	r := &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPTransparent)}
	r.event(layer.Start{})
	r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: h2.AppendSettings([]byte(h2.Preface))})
	r.event(&layer.DataReceived{Conn: &ctx.Server.Conn, Data: h2.AppendSettings(nil)})
	get := headerBlock(":method", "GET", ":scheme", "https", ":path", "/foo?hello=1", ":authority", "example.com", "user-agent", "curl/8.5.0",
		"accept", "*/*", "accept-encoding", "gzip, br", "cookie", "session=0123456789abcdef")
	ok := headerBlock(":status", "200", "server", "nginx", "date", "Mon, 01 Aug 2026 12:00:00 GMT", "content-type", "text/html", "content-length", "1024", "etag", "\"abc\"")
	body := make([]byte, 1024)
	const batch = 16
	id := uint32(1)
	var in, out []byte
	b.ReportAllocs()
	for n := 0; n < b.N; n += batch {
		in, out = h2.AppendWindowUpdate(in[:0], 0, batch*1024), out[:0]
		for range batch {
			in = h2.AppendHeaders(in, id, true, get, h2.MaxFrame)
			out = h2.AppendHeaders(out, id, false, ok, h2.MaxFrame)
			out = h2.AppendData(out, id, true, body)
			id += 2
		}
		r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: in})
		r.event(&layer.DataReceived{Conn: &ctx.Server.Conn, Data: out})
		if r.sent < batch*len(body) {
			b.Fatal("sent", r.sent)
		}
		r.sent = 0
	}
}
