package layers_test

import (
	"bytes"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// TestTeedBodyIsShown: a body that grows is shown from time to time, without a hook.
func TestTeedBodyIsShown(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	now := layertest.Epoch
	ctx.Now = func() time.Time { return now }
	r := &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPRegular)}
	r.event(layer.Start{})
	r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: []byte("GET http://example.com/ HTTP/1.1\r\n\r\n")})
	r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")})
	var seen []int64
	for range 5 {
		r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("3\r\nabc\r\n")})
		for _, c := range r.cmds {
			if u, ok := c.(*layer.Update); ok {
				seen = append(seen, u.Flow.Response.Body.Len())
			}
		}
		now = now.Add(60 * time.Millisecond)
	}
	if len(seen) != 2 || seen[0] >= seen[1] {
		t.Error("shown at sizes", seen)
	}
	ctx.Stop()
}

// TestLargePiecesPassUnchanged: what is lent instead of copied arrives, whatever else leaves with it.
func TestLargePiecesPassUnchanged(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 2<<10)
	for name, onHook := range map[string]func(layer.Hook){"tee": nil, "stream": stream, "hold": hold} {
		var f *flow.Flow
		p := quiet(t, layer.Options{}, func(h layer.Hook) {
			f = h.(layer.FlowHook).Subject()
			if onHook != nil {
				onHook(h)
			}
		})
		run(t, p, `
			>> client "$GET"
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
		`)
		s, got := &p.Server(1).Conn, []byte(nil)
		for _, piece := range [][]byte{[]byte("HTTP/1.1 200 OK\r\nContent-Length: 65538\r\n\r\n"), []byte("<"), big, big, []byte(">")} {
			p.Data(s, piece)
			got = append(got, p.TakeSent(p.Client())...)
		}
		_, body, _ := bytes.Cut(got, []byte("\r\n\r\n"))
		want := "<" + string(big) + string(big) + ">"
		if string(body) != want {
			t.Errorf("%s: %d bytes arrived, not the %d that were sent", name, len(body), len(want))
		}
		if kept := f.Response.Body.Bytes(); name != "stream" && string(kept) != want || name == "stream" && kept != nil {
			t.Errorf("%s: %d bytes kept", name, len(kept))
		}
	}
}

// TestMissingBody: a message whose body is not here ends with an error instead of a head that promises one.
func TestMissingBody(t *testing.T) {
	p := quiet(t, layer.Options{}, func(h layer.Hook) {
		if r, ok := h.(*layer.Request); ok {
			r.Flow.Request.Body = flow.BodyGap(6, flow.Dropped)
		}
	})
	run(t, p, `
		>> client "$GET"
		<< send client "HTTP/1.1 502 …body of the request was not kept…"
		<< close client
	`)
}
