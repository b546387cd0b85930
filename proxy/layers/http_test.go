package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// get is a request as a client sends it to its proxy, and sent as it goes on.
const (
	get  = `GET http://example.com/foo?hello=1 HTTP/1.1\r\nHost: example.com\r\n\r\n`
	sent = `GET /foo?hello=1 HTTP/1.1\r\nHost: example.com\r\n\r\n`
	ok12 = `HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n`
)

// play returns a playbook for an HTTP layer in regular mode. Options may be nil.
func play(t *testing.T, opts layer.Options) (*layertest.Playbook, *layer.Context) {
	ctx := layertest.Context(opts)
	return layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPRegular)), ctx
}

// quiet is play with hooks answered and hidden.
func quiet(t *testing.T, opts layer.Options, onHook func(layer.Hook)) *layertest.Playbook {
	p, _ := play(t, opts)
	p.AutoHooks, p.HideHooks, p.OnHook = true, true, onHook
	return p
}

// run plays a transcript in which $GET, $SENT and $OK12 stand for the messages above.
func run(t *testing.T, p *layertest.Playbook, transcript string) {
	t.Helper()
	p.Run(strings.NewReplacer("$GET", get, "$SENT", sent, "$OK12", ok12).Replace(transcript))
}

// hold asks for messages to be held.
func hold(h layer.Hook) {
	switch h := h.(type) {
	case *layer.RequestHeaders:
		h.Flow.Request.Hold = true
	case *layer.ResponseHeaders:
		h.Flow.Response.Hold = true
	}
}

func TestPlainGET(t *testing.T) {
	p, _ := play(t, layer.Options{})
	p.OnHook = hold
	run(t, p, `
		>> client "$GET"
		<< hook requestheaders
		>> answer requestheaders
		<< hook request
		>> answer request
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "$OK12hello world"
		<< hook responseheaders
		>> answer responseheaders
		>> server "!"
		<< hook response
		>> answer response
		<< send client "$OK12hello world!"
	`)
}

func TestTee(t *testing.T) {
	p, _ := play(t, layer.Options{})
	var f *flow.Flow
	p.OnHook = func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }
	run(t, p, `
		>> client "$GET"
		<< hook requestheaders
		>> answer
		<< hook request
		>> answer
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "$OK12hello world"
		<< hook responseheaders
		>> answer
		<< send client "$OK12hello world"
		>> server "!"
		<< send client "!"
		<< hook response
		>> answer
		# the connection is used again
		>> client "$GET"
		<< hook requestheaders
		>> answer
		<< hook request
		>> answer
		<< send server "$SENT"
	`)
	if f.Server != p.Server(1) {
		t.Error("the flow's server is not the one it used")
	}
}

// TestWholeResponseIsOneWrite: a response that is there when its headers hook lets go can still be changed, and leaves in one piece.
func TestWholeResponseIsOneWrite(t *testing.T) {
	p, ctx := play(t, layer.Options{})
	p.AutoHooks, p.HideHooks = true, true
	var got *flow.Flow
	p.OnHook = func(h layer.Hook) {
		if r, ok := h.(*layer.Response); ok {
			got = r.Flow
			r.Flow.Response.Headers = r.Flow.Response.Headers.Add("X-Seen", "1")
		}
	}
	run(t, p, `
		>> client "$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
		<< send client "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Seen: 1\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
	`)
	if b := got.Response.Body.Bytes(); string(b) != "hello" || got.Live || got.Client != ctx.Client {
		t.Errorf("body %q, live %v", b, got.Live)
	}
	if !got.Response.End.Equal(layertest.Epoch) || !got.Request.Start.Equal(layertest.Epoch) {
		t.Error("times are not set")
	}
}

func TestHookOrder(t *testing.T) {
	p, _ := play(t, layer.Options{})
	p.AutoHooks = true
	run(t, p, `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< hook responseheaders
		<< hook response
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
	`)
}

func TestAnswerFromAddon(t *testing.T) {
	p, _ := play(t, layer.Options{})
	p.AutoHooks = true
	p.OnHook = func(h layer.Hook) {
		if r, ok := h.(*layer.Request); ok {
			r.Flow.Response = &flow.Response{Status: 418, Reason: "I'm a teapot", HTTPMessage: flow.HTTPMessage{
				Version: "HTTP/1.1", Headers: flow.Headers{{Name: "content-length", Value: "0"}}}}
		}
	}
	run(t, p, `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< hook responseheaders
		<< hook response
		<< send client "HTTP/1.1 418 I'm a teapot\r\ncontent-length: 0\r\n\r\n"
	`)
}

func TestUntilEOF(t *testing.T) {
	t.Run("tee", func(t *testing.T) {
		run(t, quiet(t, layer.Options{}, nil), `
			>> client "$GET"
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
			>> server "HTTP/1.1 200 OK\r\n\r\nfoo"
			<< send client "HTTP/1.1 200 OK\r\n\r\nfoo"
			>> server closed
			<< close server
			<< close client
		`)
	})
	t.Run("hold", func(t *testing.T) {
		run(t, quiet(t, layer.Options{}, hold), `
			>> client "$GET"
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
			>> server "HTTP/1.1 200 OK\r\n\r\nfoo"
			>> server closed
			<< close server
			<< send client "HTTP/1.1 200 OK\r\n\r\nfoo"
			<< close client
		`)
	})
}

func TestRedirect(t *testing.T) {
	n := 0
	p := quiet(t, layer.Options{}, func(h layer.Hook) {
		if r, ok := h.(*layer.Request); ok {
			n++
			if err := r.Flow.Request.SetURL([]string{"", "http://one.example:8000/a", "http://two.example/b"}[n]); err != nil {
				t.Error(err)
			}
		}
	})
	run(t, p, `
		>> client "$GET"
		<< open server one.example:8000
		>> opened
		<< send server "GET /a HTTP/1.1\r\nHost: one.example:8000\r\n\r\n"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		>> client "$GET"
		<< open server2 two.example:80
		>> opened
		<< send server2 "GET /b HTTP/1.1\r\nHost: two.example\r\n\r\n"
	`)
}

func TestConnectionClose(t *testing.T) {
	const closing = `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n`
	run(t, quiet(t, layer.Options{}, nil), `
		>> client "$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "`+closing+`"
		<< close server
		<< send client "`+closing+`"
		<< close client
		>> client closed
		>> server closed
	`)
}

func TestPool(t *testing.T) {
	t.Run("a closed connection is not used again", func(t *testing.T) {
		run(t, quiet(t, layer.Options{}, nil), `
			>> client "$GET"
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
			>> server "HTTP/1.1 204 No Content\r\n\r\n"
			<< send client "HTTP/1.1 204 No Content\r\n\r\n"
			>> server closed
			<< close server
			>> client "$GET"
			<< open server2 example.com:80
		`)
	})
	t.Run("a server that speaks unasked is closed", func(t *testing.T) {
		run(t, quiet(t, layer.Options{}, nil), `
			>> client "$GET"
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
			>> server "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
			<< close server
			<< send client "HTTP/1.1 204 No Content\r\n\r\n"
			>> client "$GET"
			<< open server2 example.com:80
		`)
	})
}

// TestInitialServer covers a server that was opened before its first request.
func TestInitialServer(t *testing.T) {
	start := func(t *testing.T, state flow.ConnState) (*layertest.Playbook, *layer.Context) {
		ctx := layertest.Context(layer.Options{})
		ctx.Server.Address = flow.Addr{Host: "example.com", Port: 80}
		ctx.Server.State = state
		p := layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPTransparent))
		p.AutoHooks, p.HideHooks = true, true
		return p, ctx
	}
	t.Run("used", func(t *testing.T) {
		p, _ := start(t, flow.Open)
		run(t, p, `
			>> client "$SENT"
			<< send server "$SENT"
		`)
	})
	t.Run("closed before use", func(t *testing.T) {
		p, ctx := start(t, flow.Open)
		p.AutoHooks = false
		p.HideHooks = false
		p.Start()
		run(t, p, `
			>> client "$SENT"
			<< hook requestheaders
			>> answer
			<< hook request
			>> server closed
			<< close server
			>> answer
			<< open server2 example.com:80
			>> opened
			<< send server2 "$SENT"
			>> server2 "HTTP/1.1 204 No Content\r\n\r\n"
			<< hook responseheaders
		`)
		if ctx.Server == p.Server(2) {
			t.Error("the closed server was opened again")
		}
	})
	t.Run("failed", func(t *testing.T) {
		p, ctx := start(t, flow.Closed)
		ctx.Server.Error = "no route"
		run(t, p, `
			>> client "$SENT"
			<< send client "HTTP/1.1 502 Bad Gateway\r\n…no route…"
			<< close client
		`)
	})
}

func TestPipelining(t *testing.T) {
	p := quiet(t, layer.Options{}, nil)
	run(t, p, `
		>> client "$GET$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		<< send server "$SENT"
		>> server "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"
		<< send client "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"
	`)
}

func TestPipeliningIsBounded(t *testing.T) {
	p, ctx := play(t, layer.Options{})
	p.AutoHooks, p.HideHooks = true, true
	run(t, p, `
		>> client "$GET"
		<< open server example.com:80
	`)
	p.Data(&ctx.Client.Conn, make([]byte, 64<<10))
	p.Expect()
	p.Data(&ctx.Client.Conn, []byte("x"))
	p.Expect("close client", "log warn …")
}
