package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// inside chooses HTTP for what begins like it, TCP for the rest.
func inside(n *layer.NextLayer) {
	if b := n.ClientData(); len(b) > 0 && b[0] >= 'A' && b[0] <= 'Z' {
		n.Decide(layers.NewHTTP(n.Context.Fork(), layers.HTTPTransparent))
	} else {
		n.Decide(layers.NewTCP(n.Context, false))
	}
}

func tunnel(t *testing.T, opts layer.Options, mode layers.HTTPMode, via *flow.Via) (*layertest.Playbook, *layer.Context) {
	ctx := layertest.Context(opts)
	ctx.Upstream = via
	p := layertest.New(t, ctx, layers.NewHTTP(ctx, mode))
	p.AutoHooks, p.OnNext = true, inside
	return p, ctx
}

func TestCONNECT(t *testing.T) {
	t.Run("eager", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{}, layers.HTTPRegular, nil)
		run(t, p, `
			>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n"
			<< hook http_connect
			<< open server example.com:80
			>> opened
			<< hook http_connected
			<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
			>> client "$SENT"
			<< hook requestheaders
			<< hook request
			<< send server "$SENT"
			>> server "HTTP/1.1 204 No Content\r\n\r\n"
			<< hook responseheaders
			<< hook response
			<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		`)
	})
	t.Run("lazy, with data ahead behind blank lines", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{Lazy: true}, layers.HTTPRegular, nil)
		run(t, p, `
			>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n\r\n\r\n$SENT"
			<< hook http_connect
			<< hook http_connected
			<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
			<< hook requestheaders
			<< hook request
			<< open server example.com:80
			>> opened
			<< send server "$SENT"
		`)
	})
	t.Run("any 2xx is success", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{Lazy: true}, layers.HTTPRegular, nil)
		p.OnHook = func(h layer.Hook) {
			if c, ok := h.(*layer.HTTPConnect); ok {
				c.Flow.Response = &flow.Response{Status: 299, Reason: "Fine", HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1"}}
			}
		}
		run(t, p, `
			>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n"
			<< hook http_connect
			<< hook http_connected
			<< send client "HTTP/1.1 299 Fine\r\n\r\n"
			>> client "$SENT"
			<< hook requestheaders
			<< hook request
			<< open server example.com:80
		`)
	})
	t.Run("unreachable", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{}, layers.HTTPRegular, nil)
		run(t, p, `
			>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n"
			<< hook http_connect
			<< open server example.com:80
			>> refused "no route"
			<< hook http_connect_error
			<< send client "HTTP/1.1 502 Bad Gateway\r\n…example.com:80: no route…lazy…"
			>> client "CONNECT other.example:80 HTTP/1.1\r\n\r\n"
			<< hook http_connect
			<< open server2 other.example:80
		`)
	})
}

func TestCONNECTRefusedThenRetried(t *testing.T) {
	p, _ := tunnel(t, layer.Options{Lazy: true}, layers.HTTPRegular, nil)
	p.OnHook = func(h layer.Hook) {
		if c, ok := h.(*layer.HTTPConnect); ok && !c.Flow.Request.Headers.Has("Proxy-Authorization") {
			c.Flow.Response = &flow.Response{Status: 407, Reason: "Proxy Authentication Required", HTTPMessage: flow.HTTPMessage{
				Version: "HTTP/1.1", Headers: flow.Headers{{Name: "content-length", Value: "0"}}}}
		}
	}
	run(t, p, `
		>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n"
		<< hook http_connect
		<< hook http_connect_error
		<< send client "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
		>> client "CONNECT example.com:80 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\n"
		<< hook http_connect
		<< hook http_connected
		<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
	`)
}

func TestNestedCONNECT(t *testing.T) {
	p, _ := tunnel(t, layer.Options{Lazy: true}, layers.HTTPRegular, nil)
	run(t, p, `
		>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n"
		<< hook http_connect
		<< hook http_connected
		<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
		>> client "CONNECT inner.example:80 HTTP/1.1\r\n\r\n"
		<< send client "HTTP/1.1 400 Bad Request\r\n…regular mode…"
		<< close client
		<< hook requestheaders
		<< hook error
	`)
}

func TestTCPOverCONNECT(t *testing.T) {
	p, _ := tunnel(t, layer.Options{RawTCP: true}, layers.HTTPRegular, nil)
	run(t, p, `
		>> client "CONNECT example.com:22 HTTP/1.1\r\n\r\n"
		<< hook http_connect
		<< open server example.com:22
		>> opened
		<< hook http_connected
		<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
		>> server "greeting"
		<< hook tcp_start
		<< hook tcp_message
		<< send client "greeting"
		>> client "\x01\x02"
		<< hook tcp_message
		<< send server "\x01\x02"
	`)
}

func TestUpgrade(t *testing.T) {
	const upgrade = `GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n`
	const switching = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n`
	begun := `
		>> client "` + upgrade + `"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "` + upgrade + `"
	`
	t.Run("raw", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{RawTCP: true}, layers.HTTPRegular, nil)
		run(t, p, begun+`
			>> server "`+switching+`\r\nhi"
			<< hook responseheaders
			<< hook response
			<< send client "`+switching+`"
			<< hook tcp_start
			<< hook tcp_message
			<< send client "\r\nhi"
			>> client "ho"
			<< hook tcp_message
			<< send server "ho"
			>> server "hum"
			<< hook tcp_message
			<< send client "hum"
		`)
	})
	t.Run("bytes and an end while the response is held", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{RawTCP: true}, layers.HTTPRegular, nil)
		run(t, p, begun)
		p.AutoHooks = false
		run(t, p, `
			>> server "`+switching+`"
			<< hook responseheaders
			>> server "hi"
			>> client "ho"
			>> server closed
			>> answer
			<< hook response
			>> answer
			<< send client "`+switching+`"
			<< hook tcp_start
			>> answer
			<< hook tcp_message
			>> answer
			<< send client "hi"
			<< half-close client
			<< hook tcp_message
			>> answer
			<< send server "ho"
		`)
	})
	t.Run("raw TCP is off", func(t *testing.T) {
		p, _ := tunnel(t, layer.Options{}, layers.HTTPRegular, nil)
		run(t, p, begun+`
			>> server "`+switching+`"
			<< hook responseheaders
			<< hook response
			<< close server
			<< send client "`+switching+`"
			<< close client
			<< log warn "…rawtcp…"
		`)
	})
}

var proxy = &flow.Via{Scheme: "http", Addr: flow.Addr{Host: "proxy", Port: 8080}}

func TestUpstreamPlain(t *testing.T) {
	p, _ := tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
	p.HideHooks = true
	run(t, p, `
		>> client "$GET"
		<< open server proxy:8080
		>> opened
		<< send server "$GET"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		>> client "$GET"
		<< send server "$GET"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		>> client "GET http://other.example/ HTTP/1.1\r\n\r\n"
		<< open server2 proxy:8080
		>> opened
		<< send server2 "GET http://other.example/ HTTP/1.1\r\n\r\n"
	`)
}

func TestUpstreamCONNECT(t *testing.T) {
	inner := func(host string) string {
		return `
			>> client "CONNECT ` + host + `:80 HTTP/1.1\r\n\r\n"
			<< hook http_connect
			<< hook http_connected
			<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
			>> client "$SENT"
			<< hook requestheaders
			<< hook request
			<< open server proxy:8080
			>> opened
			<< hook http_connect_upstream
			<< send server "CONNECT ` + host + `:80 HTTP/1.1\r\nHost: ` + host + `:80\r\n\r\n"
			<< wakeup 30s
		`
	}
	for _, host := range []string{"example.com", "[2001:db8::1]"} {
		p, _ := tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
		run(t, p, inner(host)+`
			>> server "HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 20"
			>> server "0 OK\r\n\r\n"
			<< cancel wakeup 30s
			<< send server "$SENT"
			>> server "HTTP/1.1 204 No Content\r\n\r\n"
			<< hook responseheaders
			<< hook response
			<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		`)
	}
	p, _ := tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
	run(t, p, inner("example.com")+`
		>> server "HTTP/1.1 403 Forbidden\r\n\r\n"
		<< close server
		<< cancel wakeup 30s
		<< hook error
		<< send client "HTTP/1.1 502 …Upstream proxy proxy:8080 refused HTTP CONNECT request: 403 Forbidden…"
		<< close client
	`)
	p, _ = tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
	run(t, p, inner("example.com")+`
		>> server "`+strings.Repeat(`HTTP/1.1 100 Wait\r\n\r\n`, 101)+`"
		<< close server
		<< cancel wakeup 30s
		<< hook error
		<< send client "HTTP/1.1 502 …more than 100 interim responses…"
		<< close client
	`)
	p, _ = tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
	run(t, p, inner("example.com")+`
		>> server closed
		<< close server
		<< cancel wakeup 30s
		<< hook error
		<< send client "HTTP/1.1 502 …closed the connection…"
		<< close client
	`)
	p, _ = tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
	run(t, p, inner("example.com")+`
		>> server "HTTP/1.1 200 O"
		>> wakeup
		<< close server
		<< hook error
		<< send client "HTTP/1.1 502 …upstream proxy proxy:8080 did not answer in 30s…"
		<< close client
	`)
}

func TestUpstreamTCP(t *testing.T) {
	p, _ := tunnel(t, layer.Options{}, layers.HTTPUpstream, proxy)
	run(t, p, `
		>> client "CONNECT example.com:22 HTTP/1.1\r\n\r\n"
		<< hook http_connect
		<< hook http_connected
		<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
		>> client "\x01"
		<< hook tcp_start
		<< open server proxy:8080
		>> opened
		<< hook http_connect_upstream
		<< send server "CONNECT example.com:22 HTTP/1.1\r\nHost: example.com:22\r\n\r\n"
		<< wakeup 30s
		>> server "HTTP/1.1 200 OK\r\n\r\nwelcome"
		<< cancel wakeup 30s
		<< hook tcp_message
		<< send server "\x01"
		<< hook tcp_message
		<< send client "welcome"
	`)
}
