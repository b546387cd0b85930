package layers

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

func reverse(t *testing.T, scheme string, opts layer.Options) (*layertest.Playbook, *layer.Context) {
	ctx := layertest.Context(opts)
	ctx.Client.Mode = "reverse:" + scheme + "://backend:25"
	p := layertest.New(t, ctx, NewReverseProxy(ctx, &flow.Via{Scheme: scheme, Addr: flow.Addr{Host: "backend", Port: 25}}))
	p.AutoHooks, p.HideHooks = true, true
	return p, ctx
}

// A server that speaks first is heard before the client has said anything.
func TestReverseServerGreets(t *testing.T) {
	p, _ := reverse(t, "tcp", layer.Options{})
	p.OnNext = func(n *layer.NextLayer) {
		if string(n.ServerData()) != "220 hi" || len(n.ClientData()) != 0 {
			t.Errorf("%q, %q", n.ServerData(), n.ClientData())
		}
		n.Decide(NewTCP(n.Context, false))
	}
	p.Run(`
		<< open server backend:25
		>> opened
		>> server "220 hi"
		<< send client "220 hi"
		>> client "EHLO"
		<< send server "EHLO"
	`)
}

// A server that speaks first inside TLS is heard by a client that waits for it, and one that speaks TLS itself loses no time.
func TestReverseTLSServerGreets(t *testing.T) {
	for _, silent := range []bool{true, false} {
		p, _ := reverse(t, "tls", layer.Options{})
		p.OnNext = func(n *layer.NextLayer) {
			if n.Late() != silent {
				t.Errorf("silent %v, late %v", silent, n.Late())
			}
			n.Decide(NewTCP(n.Context, false))
		}
		if silent {
			p.Run("<< open server backend:25\n>> opened\n<< wakeup 2s\n>> wakeup\n>> server `220 hi`\n<< send client `220 hi`")
		} else {
			p.Run("<< open server backend:25\n>> opened\n<< wakeup 2s\n>> client `x`\n<< cancel wakeup 2s\n<< send server `x`")
		}
	}
}

func TestReverseHTTPRewritesHost(t *testing.T) {
	p, _ := reverse(t, "http", layer.Options{})
	p.OnNext = func(n *layer.NextLayer) { n.Decide(NewHTTP(n.Context, HTTPTransparent)) }
	p.Run(`
		<< open server backend:25
		>> client "GET /a HTTP/1.1\r\nHost: us\r\n\r\n"
		>> opened
		<< send server "GET /a HTTP/1.1\r\nHost: backend:25\r\n\r\n"
	`)
}

func TestReverseUnreachable(t *testing.T) {
	p, _ := reverse(t, "tcp", layer.Options{})
	p.Run(`
		<< open server backend:25
		>> refused "no route"
		<< close client
	`)
	p, _ = reverse(t, "http", layer.Options{})
	p.OnNext = func(n *layer.NextLayer) { n.Decide(NewHTTP(n.Context, HTTPTransparent)) }
	p.Run(`
		<< open server backend:25
		>> refused "no route"
		>> client "GET /a HTTP/1.1\r\nHost: us\r\n\r\n"
		<< send client "HTTP/1.1 502 Bad Gateway…no route…"
		<< close client
	`)
}

func TestReverseLazy(t *testing.T) {
	p, ctx := reverse(t, "https", layer.Options{Lazy: true})
	if ctx.Server.SNI != "backend" {
		t.Error(ctx.Server.SNI)
	}
	p.OnNext = func(n *layer.NextLayer) { n.Decide(NewTCP(n.Context, false)) }
	p.Run(`
		>> client "x"
		<< open server backend:25
		>> opened
		<< send server "x"
	`)
}

// Where the client was going is known, and TCP follows what the server says.
func TestTransparentServerGreets(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	ctx.Server.Address = flow.Addr{Host: "192.0.2.1", Port: 25}
	p := layertest.New(t, ctx, NewTransparentProxy(ctx))
	p.AutoHooks, p.HideHooks = true, true
	p.OnNext = func(n *layer.NextLayer) { n.Decide(NewTCP(n.Context, false)) }
	p.Run(`
		<< open server 192.0.2.1:25
		>> opened
		>> server "220 hi"
		<< send client "220 hi"
	`)
}
