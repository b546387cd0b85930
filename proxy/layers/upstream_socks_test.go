package layers

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// throughSocks returns an HTTP proxy whose upstream proxy speaks SOCKS.
func throughSocks(t *testing.T, opts layer.Options) *layertest.Playbook {
	ctx := layertest.Context(opts)
	ctx.Upstream = &flow.Via{Scheme: "socks5", Addr: flow.Addr{Host: "proxy", Port: 1080}}
	p := layertest.New(t, ctx, NewHTTP(ctx, HTTPUpstream))
	p.AutoHooks, p.HideHooks, p.HideWakeups = true, true, true
	p.OnNext = func(n *layer.NextLayer) { n.Decide(NewTCP(n.Context, false)) }
	return p
}

const (
	socksRequest = `\x05\x01\x00\x03\x0bexample.com\x00\x50`
	socksReply   = `\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00`
)

// The request goes through the tunnel as a server reads it, not as a proxy does.
func TestUpstreamSocks(t *testing.T) {
	throughSocks(t, layer.Options{}).Run(`
		>> client "GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n"
		<< open server proxy:1080
		>> opened
		<< send server "\x05\x01\x00"
		>> server "\x05"
		>> server "\x00"
		<< send server "` + socksRequest + `"
		>> server "` + socksReply + `"
		<< send server "GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
	`)
}

func TestUpstreamSocksLogin(t *testing.T) {
	p := throughSocks(t, layer.Options{UpstreamAuth: "me:pa:ss"})
	p.Run(`
		>> client "CONNECT example.com:80 HTTP/1.1\r\n\r\n"
		<< send client "HTTP/1.1 200 Connection established\r\n\r\n"
		>> client "x"
		<< open server proxy:1080
		>> opened
		<< send server "\x05\x02\x00\x02"
	`)
	for _, b := range layertest.Split("\x05\x02\x01\x00" + "\x05\x00\x00\x03\x01a\x00\x50" + "hi") {
		p.Data(&p.Server(1).Conn, b)
	}
	p.Run(`
		<< send server "\x01\x02me\x05pa:ss` + socksRequest + `"
		<< send server "x"
		<< send client "hi"
	`)
}

func TestUpstreamSocksRefuses(t *testing.T) {
	for name, c := range map[string]struct{ dialogue, why string }{
		"version":  {`>> server "\x04"`, "invalid SOCKS version"},
		"method":   {`>> server "\x05\xff"`, "set upstream_auth to user:pass"},
		"login":    {`>> server "\x05\x02"`, "set upstream_auth to user:pass"},
		"request":  {">> server \"\\x05\\x00\"\n<< send server …\n>> server \"\\x05\\x05\"", "upstream proxy proxy:1080: connection refused"},
		"silence":  {">> wakeup", "upstream proxy proxy:1080: it did not answer in 30s"},
		"closed":   {">> server closed", "closed the connection while it was asked for a tunnel"},
		"no route": {"", "no route"},
	} {
		t.Run(name, func(t *testing.T) {
			p := throughSocks(t, layer.Options{})
			p.Run(`>> client "GET http://example.com/a HTTP/1.1\r\n\r\n"` + "\n<< open server proxy:1080")
			if name == "no route" {
				p.Run(">> refused `no route`\n<< send client \"…502…no route…\"\n<< close client")
				return
			}
			p.Run(">> opened\n<< send server …\n" + c.dialogue + "\n<< close server\n<< send client \"…502…" + c.why + "…\"\n<< close client")
		})
	}
}

// A route goes before the proxy that is meant for all, and its requests are tunneled.
func TestRoutes(t *testing.T) {
	route := func(to flow.Addr) (*flow.Via, bool) {
		switch to.Host {
		case "inside.test":
			return nil, true
		case "office.test":
			return &flow.Via{Scheme: "http", Addr: flow.Addr{Host: "office-proxy", Port: 3128}}, true
		}
		return nil, false
	}
	p := throughSocks(t, layer.Options{Route: route})
	p.Run(`
		>> client "GET http://inside.test/ HTTP/1.1\r\n\r\n"
		<< open server inside.test:80
		>> opened
		<< send server "GET / HTTP/1.1\r\n\r\n"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		>> client "GET http://office.test/ HTTP/1.1\r\n\r\n"
		<< open server2 office-proxy:3128
		>> opened
		<< send server2 "CONNECT office.test:80 HTTP/1.1\r\nHost: office.test:80\r\n\r\n"
		>> server2 "HTTP/1.1 200 OK\r\n\r\n"
		<< send server2 "GET / HTTP/1.1\r\n\r\n"
	`)
}

// What comes by SOCKS goes through a route as well, and is told how that went.
func TestSocks5Route(t *testing.T) {
	route := func(flow.Addr) (*flow.Via, bool) {
		return &flow.Via{Scheme: "http", Addr: flow.Addr{Host: "proxy", Port: 3128}}, true
	}
	p, ctx := socks5(t, layer.Options{Route: route})
	p.Run(`
		>> client "\x05\x01\x00"
		<< send client "\x05\x00"
		>> client "` + socksRequest + `early"
		<< open server proxy:3128
		>> opened
		<< send server "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n"
		>> client " bird"
		>> server "HTTP/1.1 200 OK\r\n\r\n220 hi"
		<< send client "` + socksReply + `"
		<< send server "early"
		<< send server " bird"
		<< send client "220 hi"
	`)
	if ctx.Server.Via == nil || ctx.Server.Address.Host != "example.com" {
		t.Error(ctx.Server.Via, ctx.Server.Address)
	}
	p, _ = socks5(t, layer.Options{Route: route})
	p.Run(`
		>> client "\x05\x01\x00"
		<< send client "\x05\x00"
		>> client "` + socksRequest + `"
		<< open server proxy:3128
		>> opened
		<< send server …
		>> server "HTTP/1.1 403 No\r\n\r\n"
		<< close server
		<< send client "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"
		<< close client
	`)
}
