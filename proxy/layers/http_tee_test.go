package layers_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// TestTeedBodyIsShown: a body that grows is shown from time to time, without a hook, and never left unshown for good.
func TestTeedBodyIsShown(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	now := layertest.Epoch
	ctx.Now = func() time.Time { return now }
	r := &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPRegular)}
	r.event(layer.Start{})
	r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: []byte("GET http://example.com/ HTTP/1.1\r\n\r\n")})
	r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")})
	var seen, later []int64
	for range 5 {
		r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("3\r\nabc\r\n")})
		for _, c := range r.cmds {
			if u, ok := c.(*layer.Update); ok && u.Later {
				later = append(later, u.Flow.Response.Body.Len())
			} else if ok {
				seen = append(seen, u.Flow.Response.Body.Len())
			}
		}
		now = now.Add(60 * time.Millisecond)
	}
	if !slices.Equal(seen, []int64{9, 15}) || !slices.Equal(later, []int64{3, 12}) {
		t.Error("shown at sizes", seen, "and a little later than at", later)
	}
	ctx.Stop()
}

// TestTeedBodyIsShownAfterItWasLate: a piece that comes right after what was to be shown later has been shown is not left behind.
func TestTeedBodyIsShownAfterItWasLate(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	r := &relay{ctx: ctx, root: layers.NewHTTP(ctx, layers.HTTPRegular)}
	r.event(layer.Start{})
	r.event(&layer.DataReceived{Conn: &ctx.Client.Conn, Data: []byte("GET http://example.com/ HTTP/1.1\r\n\r\n")})
	r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")})
	asks := func() (later *layer.Update) {
		r.event(&layer.DataReceived{Conn: &r.srv.Conn, Data: []byte("3\r\nabc\r\n")})
		for _, c := range r.cmds {
			if u, ok := c.(*layer.Update); ok && u.Later {
				later = u
			}
		}
		return later
	}
	u := asks()
	if u == nil || asks() != nil {
		t.Fatal("not asked once")
	}
	u.Flow.Snapshot()
	if asks() == nil || asks() != nil {
		t.Error("not asked once more after it had been shown")
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

const teed = `
	>> client "$GET"
	<< open server example.com:80
	>> opened
	<< send server "$SENT"
	>> server "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n"
	<< send client "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n"
`

func TestTeeKeepsTheLimit(t *testing.T) {
	run(t, quiet(t, layer.Options{BodySizeLimit: 3}, nil), teed+`
		>> server "1\r\nb\r\n"
		<< close server
		<< close client
	`)
}

// TestTeeBecomesStream: a teed body over stream_large_bodies passes on without being recorded.
func TestTeeBecomesStream(t *testing.T) {
	var f *flow.Flow
	p := quiet(t, layer.Options{StreamLargeBodies: 3}, func(h layer.Hook) { f = h.(layer.FlowHook).Subject() })
	run(t, p, teed+`
		>> server "1\r\nb\r\n"
		<< send client "1\r\nb\r\n"
		>> server "2\r\nar\r\n0\r\n\r\n"
		<< send client "2\r\nar\r\n0\r\n\r\n"
	`)
	if b := f.Response.Body; b.Len() != 6 || b.Gap() != flow.Unrecorded {
		t.Error(b.Len(), b.Gap())
	}
}

// TestHugeBodyIsNotHeld: one that nobody would want in memory goes on, whoever wants to hold it.
func TestHugeBodyIsNotHeld(t *testing.T) {
	var f *flow.Flow
	p := quiet(t, layer.Options{HeldLimit: 5}, func(h layer.Hook) {
		f = h.(layer.FlowHook).Subject()
		if h, ok := h.(*layer.ResponseHeaders); ok {
			h.Flow.Response.Hold = true
		}
	})
	run(t, p, `
		>> client "$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabc"
		>> server "def"
		<< send client "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabcdef"
		<< log warn "A body of over 5 bytes is not held any more: it goes on as it is."
		>> server "gh"
		<< send client "gh"
	`)
	if b := f.Response.Body; b.Len() != 8 || b.Gap() != flow.Unrecorded {
		t.Error(b.Len(), b.Gap())
	}
}

func TestSNI(t *testing.T) {
	for preset, want := range map[string]string{"": "example.com", "other.example": "other.example"} {
		ctx := layertest.Context(layer.Options{Lazy: true})
		ctx.Client.SNI = "example.com"
		ctx.Server.Address, ctx.Server.TLS, ctx.Server.SNI = flow.Addr{Host: "192.0.2.42", Port: 443}, true, preset
		p := layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPTransparent))
		p.AutoHooks, p.HideHooks = true, true
		run(t, p, `
			>> client "$SENT"
			<< open server 192.0.2.42:443
		`)
		if s := p.Server(1); s.SNI != want || !s.TLS {
			t.Errorf("SNI %q, want %q", s.SNI, want)
		}
	}
}

// TestServerAheadIsBounded: what follows a 101 is kept only up to a limit while the 101 is held.
func TestServerAheadIsBounded(t *testing.T) {
	p, _ := play(t, layer.Options{RawTCP: true})
	p.HideHooks = true
	run(t, p, `
		>> client "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nUpgrade: x\r\n\r\n"
		>> answer
		>> answer
		<< open server example.com:80
		>> opened
		<< send server "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: x\r\n\r\n"
		>> server "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	`)
	p.Data(&p.Server(1).Conn, make([]byte, 64<<10))
	p.Expect()
	p.Data(&p.Server(1).Conn, []byte("x"))
	p.Expect("close server")
}
