package layers_test

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

func TestRefusedRequests(t *testing.T) {
	for name, c := range map[string]struct{ request, want string }{
		"length and coding": {`POST http://x/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, "400"},
		"space in name":     {`POST http://x/ HTTP/1.1\r\nContent-Length : 42\r\n\r\n`, "400"},
		"kelvin sign":       {`POST http://x/ HTTP/1.1\r\nTransfer-Encoding: chun\u212aed\r\n\r\n`, "400"},
		"length NaN":        {`POST http://x/ HTTP/1.1\r\nContent-Length: NaN\r\n\r\n`, "400"},
		"length negative":   {`POST http://x/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n`, "400"},
		"no host":           {`GET / HTTP/1.1\r\n\r\n`, "destination unknown"},
		"blank in host":     {`GET / HTTP/1.1\r\nHost: a b\r\n\r\n`, "destination unknown"},
		"scheme":            {`GET ftp://x:21/ HTTP/1.1\r\n\r\n`, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := play(t, layer.Options{})
			p.AutoHooks = true
			var f *flow.Flow
			p.OnHook = func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }
			run(t, p, `
				>> client "`+c.request+`"
				<< send client "HTTP/1.1 400 Bad Request\r\n…`+c.want+`…"
				<< close client
				<< hook requestheaders
				<< hook error
			`)
			if f.Live || f.Error == nil || f.Request.Method == "" {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestUnreadableRequest(t *testing.T) {
	run(t, quiet(t, layer.Options{}, nil), `
		>> client "\x00\x01 nonsense\r\n\r\n"
		<< send client "HTTP/1.1 400 Bad Request\r\n…"
		<< close client
		>> client "GET http://example.com/ HTTP/1.1\r\n\r\n"
	`)
}

func TestHeadIsBounded(t *testing.T) {
	p, ctx := play(t, layer.Options{HeadLimit: 100})
	p.AutoHooks, p.HideHooks = true, true
	for _, b := range layertest.Split(`GET http://example.com/ HTTP/1.1` + "\r\nA: " + string(make([]byte, 0)) + "0123456789012345678901234567890123456789012345678901234567890123") {
		p.Data(&ctx.Client.Conn, b)
	}
	p.Data(&ctx.Client.Conn, []byte("xxxxxxxxxxxxxxxx"))
	run(t, p, `
		<< send client "HTTP/1.1 400 …"
		<< close client
	`)
}

func TestRefusedResponses(t *testing.T) {
	for name, response := range map[string]string{
		"length and coding": `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
		"no status line":    `hello\r\n\r\n`,
		"coding of a 204":   `HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n`,
		"bad chunk":         `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, quiet(t, layer.Options{}, hold), `
				>> client "$GET"
				<< open server example.com:80
				>> opened
				<< send server "$SENT"
				>> server "`+response+`"
				<< close server
				<< send client "HTTP/1.1 502 Bad Gateway\r\n…"
				<< close client
			`)
		})
	}
}

func TestUnreachable(t *testing.T) {
	p, _ := play(t, layer.Options{})
	p.AutoHooks = true
	run(t, p, `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> refused "no <b>route</b>"
		<< hook error
		<< send client "HTTP/1.1 502 Bad Gateway\r\n…no &lt;b&gt;route…"
		<< close client
	`)
}

func TestClientGone(t *testing.T) {
	t.Run("in the body", func(t *testing.T) {
		runPost(t, layer.Options{}, nil, `
			>> client "$POST"
			<< hook requestheaders
			>> client closed
			<< close client
			<< hook error
		`)
	})
	t.Run("in a hook", func(t *testing.T) {
		p, _ := play(t, layer.Options{})
		run(t, p, `
			>> client "$GET"
			<< hook requestheaders
			>> client closed
			<< close client
			>> answer
			<< hook error
			>> answer
		`)
	})
	t.Run("waiting for the response", func(t *testing.T) {
		run(t, quiet(t, layer.Options{}, nil), `
			>> client "$GET"
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
			>> client closed
			<< close server
			<< close client
		`)
	})
	t.Run("idle", func(t *testing.T) {
		run(t, quiet(t, layer.Options{}, nil), `
			>> client closed
			<< close client
		`)
	})
}

// killIn kills the flow in the hook of that name.
func killIn(name string) func(layer.Hook) {
	return func(h layer.Hook) {
		if h.Name() == name {
			h.(layer.FlowHook).Subject().Kill(layertest.Epoch)
		}
	}
}

func TestKill(t *testing.T) {
	play := func(hook string) *layertest.Playbook {
		p, _ := play(t, layer.Options{Lazy: true})
		p.AutoHooks, p.OnHook = true, killIn(hook)
		return p
	}
	run(t, play("http_connect"), `
		>> client "CONNECT example.com:443 HTTP/1.1\r\n\r\n"
		<< hook http_connect
		<< close client
	`)
	run(t, play("requestheaders"), `
		>> client "$GET"
		<< hook requestheaders
		<< hook error
		<< close client
	`)
	run(t, play("request"), `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< hook error
		<< close client
	`)
	run(t, play("responseheaders"), `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "$OK12hel"
		<< hook responseheaders
		<< hook error
		<< close server
		<< close client
	`)
	run(t, play("response"), `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< hook responseheaders
		<< hook response
		<< close client
	`)
}

// TestKillEvent kills flows that wait for something other than a hook.
func TestKillEvent(t *testing.T) {
	var f *flow.Flow
	start := func() *layertest.Playbook {
		p, _ := play(t, layer.Options{})
		p.AutoHooks = true
		p.OnHook = func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }
		run(t, p, `
			>> client "$GET"
			<< hook requestheaders
			<< hook request
			<< open server example.com:80
		`)
		return p
	}
	p := start()
	p.Event(&layer.Kill{Flow: flow.NewID()})
	p.Expect()
	p.Event(&layer.Kill{Flow: f.ID})
	p.Expect("hook error", "close client")

	p = start()
	run(t, p, `
		>> opened
		<< send server "$SENT"
	`)
	p.Event(&layer.Kill{Flow: f.ID})
	p.Expect("hook error", "close server", "close client")
	if !f.Killed() || f.Live {
		t.Error(f.Error, f.Live)
	}
}

func TestReverseHost(t *testing.T) {
	ctx := layertest.Context(layer.Options{Lazy: true})
	ctx.Client.Mode = "reverse:http://backend:8000"
	ctx.Server.Address = flow.Addr{Host: "backend", Port: 8000}
	p := layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPTransparent))
	p.AutoHooks, p.HideHooks = true, true
	run(t, p, `
		>> client "GET / HTTP/1.1\r\nHost: front\r\n\r\n"
		<< open server backend:8000
		>> opened
		<< send server "GET / HTTP/1.1\r\nHost: backend:8000\r\n\r\n"
	`)
}
