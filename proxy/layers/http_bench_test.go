package layers_test

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// A relay answers hooks and connects at once and counts what is sent to the client.
type relay struct {
	ctx  *layer.Context
	root layer.Layer
	cmds []layer.Command
	todo []layer.Event
	hook layer.HookCompleted
	sent int
	srv  *flow.Server
}

func (r *relay) event(ev layer.Event) {
	r.todo = append(r.todo[:0], ev)
	for i := 0; i < len(r.todo); i++ {
		r.cmds = r.root.Handle(r.todo[i], r.cmds[:0])
		for _, c := range r.cmds {
			switch c := c.(type) {
			case *layer.SendData:
				if c.Conn == &r.ctx.Client.Conn {
					r.sent += len(c.Data)
				}
			case *layer.OpenConnection:
				r.srv = c.Server
				c.Server.State = flow.Open
				r.todo = append(r.todo, &layer.OpenCompleted{Cmd: c})
			case layer.Hook:
				r.hook.Hook = c
				r.todo = append(r.todo, &r.hook)
			}
		}
		r.ctx.Release()
	}
}

// BenchmarkHTTP1Exchange is one GET with an answer of 1 KiB over connections that are kept alive.
func BenchmarkHTTP1Exchange(b *testing.B) {
	ctx := layertest.Context(layer.Options{})
	ctx.Inline = func(layer.Hook) bool { return true }
	r := &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPRegular)}
	request := []byte("GET http://example.com/foo?hello=1 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8.5.0\r\n" +
		"Accept: */*\r\nAccept-Encoding: gzip, br\r\nCookie: session=0123456789abcdef\r\n\r\n")
	response := append([]byte("HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Aug 2026 12:00:00 GMT\r\nContent-Type: text/html\r\n"+
		"Content-Length: 1024\r\nConnection: keep-alive\r\nETag: \"abc\"\r\n\r\n"), make([]byte, 1024)...)
	r.event(layer.Start{})
	in, out := &layer.DataReceived{Conn: &ctx.Client.Conn}, &layer.DataReceived{}
	b.ReportAllocs()
	for b.Loop() {
		in.Data = request
		r.event(in)
		out.Conn, out.Data = &r.srv.Conn, response
		r.event(out)
		if r.sent != len(response) {
			b.Fatal("sent", r.sent)
		}
		r.sent = 0
	}
}

// BenchmarkDownload is 64 KiB of a response that is teed.
func BenchmarkDownload(b *testing.B) {
	ctx := layertest.Context(layer.Options{})
	r := &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPRegular)}
	r.event(layer.Start{})
	r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: []byte("GET http://example.com/ HTTP/1.1\r\n\r\n")})
	r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\n")})
	piece := make([]byte, 64<<10)
	b.SetBytes(int64(len(piece)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: piece})
		if n++; n == 1000 { // let the record go
			b.StopTimer()
			ctx = layertest.Context(layer.Options{})
			r = &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPRegular)}
			r.event(layer.Start{})
			r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: []byte("GET http://example.com/ HTTP/1.1\r\n\r\n")})
			r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\n")})
			n = 0
			b.StartTimer()
		}
	}
}
