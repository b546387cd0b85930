package layers

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// socks5 returns a playbook in which TCP follows, and everything but the messages is hidden.
func socks5(t *testing.T, opts layer.Options) (*layertest.Playbook, *layer.Context) {
	ctx := layertest.Context(opts)
	p := layertest.New(t, ctx, NewSocks5Proxy(ctx))
	p.AutoHooks, p.HideHooks, p.HideWakeups = true, true, true
	p.OnNext = func(n *layer.NextLayer) { n.Decide(NewTCP(n.Context, true)) }
	return p, ctx
}

func TestSocks5(t *testing.T) {
	p, ctx := socks5(t, layer.Options{})
	p.Run(`
		>> client "\x05\x01\x00"
		<< send client "\x05\x00"
		>> client "\x05\x01\x00\x03\x0bexample.com\x01\xbbhello"
		<< open server example.com:443
		>> opened
		<< send client "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
		<< send server "hello"
		>> client " there"
		<< send server " there"
		>> server "hi"
		<< send client "hi"
	`)
	if ctx.Server.Address != (flow.Addr{Host: "example.com", Port: 443}) {
		t.Error(ctx.Server.Address)
	}
}

func TestSocks5OneByteAtATime(t *testing.T) {
	p, _ := socks5(t, layer.Options{Lazy: true, SOCKSLogin: true})
	p.OnHook = func(h layer.Hook) {
		if a, ok := h.(*layer.SOCKS5Auth); ok {
			a.Valid = a.User == "user" && a.Password == "pass"
		}
	}
	for _, b := range layertest.Split("\x05\x02\x00\x02" + "\x01\x04user\x04pass" + "\x05\x01\x00\x04\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01\x00\x50" + "hello") {
		p.Data(p.Client(), b)
	}
	p.Run(`
		<< send client "\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
		<< open server [2001:db8::1]:80
		>> opened
		<< send server "hello"
	`)
}

func TestSocks5Refusals(t *testing.T) {
	const reply = `\x00\x01\x00\x00\x00\x00\x00\x00`
	for name, c := range map[string]struct {
		login    bool
		in, want string
	}{
		"HTTP":                 {false, "GET / HTTP/1.1\\r\\n", `<< log info "…HTTP…expected 0x05, got 0x47"`},
		"SOCKS 4":              {false, `\x04\x01`, `<< log info "invalid SOCKS version: expected 0x05, got 0x04"`},
		"no method":            {false, `\x05\x01\x02`, `<< send client "\x05\xff` + reply + `"|<< log info "the client does not support …"`},
		"no login":             {true, `\x05\x01\x00`, `<< send client "\x05\xff` + reply + `"|<< log info "…proxyauth…"`},
		"wrong login":          {true, `\x05\x01\x02\x01\x01a\x01b`, `<< send client "\x05\x02\x01\x01"|<< log info "authentication failed"`},
		"bind":                 {false, `\x05\x01\x00\x05\x02\x00\x01\x7f`, `<< send client "\x05\x00\x05\x07` + reply + `"|<< log info "unsupported SOCKS5 request: …"`},
		"unknown address type": {false, `\x05\x01\x00\x05\x01\x00\x02\x7f`, `<< send client "\x05\x00\x05\x08` + reply + `"|<< log info "unknown address type: 0x02"`},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := socks5(t, layer.Options{SOCKSLogin: c.login})
			p.ShowLogs = true
			send, log, two := strings.Cut(c.want, "|")
			if !two {
				send, log = "", c.want
			}
			p.Run(">> client \"" + c.in + "\"\n" + send + "\n<< close client\n" + log + "\n>> client `more`")
		})
	}
}

func TestSocks5Unreachable(t *testing.T) {
	p, _ := socks5(t, layer.Options{})
	p.ShowLogs = true
	p.Run(`
		>> client "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"
		<< send client "\x05\x00"
		<< open server 127.0.0.1:80
		>> refused "no route"
		<< send client "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"
		<< close client
		<< log info "no route"
	`)
}

func TestSocks5ClientLeaves(t *testing.T) {
	p, _ := socks5(t, layer.Options{})
	p.ShowLogs = true
	p.Run(`
		>> client "\x05\x02\x00"
		>> client closed
		<< close client
		<< log info "the client closed the connection in the middle of a SOCKS message: 05 02 00"
	`)
}
