package addon

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
	"sluice/proxy/option"
)

// hello is a ClientHello for a.test as crypto/tls writes it.
func hello(t *testing.T) []byte {
	t.Helper()
	c, s := net.Pipe()
	go func() {
		tls.Client(c, &tls.Config{ServerName: "a.test"}).Handshake() // the test reads its first flight only
		c.Close()
	}()
	defer s.Close()
	b := make([]byte, 4096)
	n, err := s.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

// kind names the layer that was chosen, its child after a slash.
func kind(l layer.Layer) string {
	switch l := l.(type) {
	case nil:
		return "wait"
	case *layers.TCP:
		return "tcp"
	case *layers.HTTP:
		return "http"
	case *layers.ClientTLS:
		return "client-tls/" + kind(l.Child)
	case *layers.ServerTLS:
		return "server-tls/" + kind(l.Child)
	case *layer.NextLayer:
		return "?"
	}
	return "unknown"
}

// decide asks the addon about a connection, inside a CONNECT to a.test:443 or at the outermost layer.
func decide(t *testing.T, opts *option.Options, inner bool, client, server string, change func(*layer.Context)) string {
	t.Helper()
	n, err := NewNextLayer(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx := layertest.Context(layer.Options{RawTCP: true})
	layers.NewHTTPProxy(ctx)
	if inner {
		ctx.Push(nil)
		ctx.Server.Address = flow.Addr{Host: "a.test", Port: 443}
		ctx.Server.Peer = netip.MustParseAddrPort("192.0.2.1:443")
	}
	if change != nil {
		change(ctx)
	}
	next := layer.NewNextLayer(ctx)
	var hook layer.Hook
	for _, d := range []layer.DataReceived{{Conn: &ctx.Server.Conn, Data: []byte(server)}, {Conn: &ctx.Client.Conn, Data: []byte(client)}} {
		if len(d.Data) == 0 {
			continue
		}
		for _, c := range next.Handle(&d, nil) {
			hook = c.(layer.Hook)
		}
		if d.Conn == &ctx.Server.Conn && client != "" {
			next.Handle(&layer.HookCompleted{Hook: hook}, nil)
		}
	}
	had := len(ctx.Layers)
	n.Handle(hook)
	if !next.Decided() {
		return "wait"
	}
	return kindOf(ctx.Layers[had:])
}

func kindOf(ls []layer.Layer) string {
	var names []string
	for _, l := range ls {
		k, _, _ := strings.Cut(kind(l), "/")
		names = append(names, k)
	}
	return strings.Join(names, " ")
}

func TestNextLayer(t *testing.T) {
	tlsHello := string(hello(t))
	for _, c := range []struct {
		name           string
		inner          bool
		client, server string
		change         func(*layer.Context)
		want           string
	}{
		{"proxy request", false, "GET http://a.test/ HTTP/1.1\r\n", "", nil, "http"},
		{"proxy request, first byte", false, "G", "", nil, "http"},
		{"TLS to the proxy", false, tlsHello, "", nil, "client-tls http"},
		{"TLS to the proxy, first byte", false, tlsHello[:1], "", nil, "wait"},
		{"TLS", true, tlsHello[:3], "", nil, "server-tls client-tls"},
		{"TLS, two bytes", true, tlsHello[:2], "", nil, "wait"},
		{"HTTP", true, "GET / HTTP/1.1\r\n", "", nil, "http"},
		{"not letters", true, "G@T / HTTP/1.1\r\n", "", nil, "tcp"},
		{"blank on the second line", true, "EHLO\r\nfoo bar", "", nil, "tcp"},
		{"no blank", true, "hello", "", nil, "tcp"},
		{"SSH", true, "SSH-2.0-x foo", "", nil, "tcp"},
		{"HTTP/2", true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", nil, "http"},
		{"server speaks first", true, "", "220 hello", nil, "tcp"},
		{"server spoke first", true, "GET / HTTP/1.1\r\n", "220 hello", nil, "tcp"},
		{"HTTP/2 server speaks first", true, "", "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", nil, "wait"},
		{"HTTP/2 server spoke first", true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00\x00\x00\x04\x00\x00\x00\x00\x00", nil, "http"},
		{"ALPN", true, "x", "", func(c *layer.Context) { c.Client.ALPN = "http/1.1" }, "http"},
		{"other ALPN", true, "x", "", func(c *layer.Context) { c.Client.ALPN = "ftp" }, "tcp"},
	} {
		if got := decide(t, option.New(), c.inner, c.client, c.server, c.change); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNextLayerHosts(t *testing.T) {
	tlsHello := string(hello(t))
	const get = "GET / HTTP/1.1\r\nHost: claimed.test\r\n"
	for _, c := range []struct {
		set    string
		inner  bool
		client string
		want   string
	}{
		{set: "ignore_hosts=^A\\.TEST:443$", inner: true, client: "GET / HTTP/1.1\r\n\r\n", want: "ignored"},
		{set: "ignore_hosts=^192\\.0\\.2\\.1:443$", inner: true, client: "GET / HTTP/1.1\r\n\r\n", want: "ignored"},
		{set: "ignore_hosts=claimed", inner: true, client: get, want: "ignored"},
		{set: "ignore_hosts=claimed", inner: true, client: "GET / HTTP/1.1\r\nAcc", want: "wait"},
		{set: "ignore_hosts=claimed", inner: true, client: "GET / HTTP/1.1\r\n\r\n", want: "http"},
		{set: "ignore_hosts=other", inner: true, client: tlsHello[:40], want: "wait"},
		{set: "ignore_hosts=other", inner: true, client: tlsHello, want: "server-tls client-tls"},
		{set: "ignore_hosts=a.test", inner: true, client: tlsHello, want: "ignored"},
		{set: "ignore_hosts=192.0.2.1", inner: true, client: tlsHello[:40], want: "ignored"},
		{set: "ignore_hosts=claimed", inner: true, client: "GET / HTTP/1.1\r\n" + strings.Repeat("x", maxClaim), want: "http"},
		{set: "allow_hosts=a.test", inner: true, client: tlsHello, want: "server-tls client-tls"},
		{set: "allow_hosts=b.test", inner: true, client: tlsHello, want: "ignored"},
		{set: "ignore_hosts=.", inner: false, client: "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n", want: "http"},
		{set: "tcp_hosts=a.test", inner: true, client: get, want: "tcp"},
		{set: "tcp_hosts=a.test", inner: true, client: tlsHello, want: "server-tls client-tls"},
	} {
		opts := option.New()
		if err := opts.Set(c.set); err != nil {
			t.Fatal(err)
		}
		var ctx *layer.Context
		got := decide(t, opts, c.inner, c.client, "", func(x *layer.Context) { ctx = x })
		if got == "tcp" && !shows(ctx) {
			got = "ignored"
		}
		if got != c.want {
			t.Errorf("%s with %.20q: %s, want %s", c.set, c.client, got, c.want)
		}
	}
}

// shows reports whether the relay that was chosen makes a flow.
func shows(ctx *layer.Context) bool {
	defer ctx.Stop()
	for _, c := range ctx.Layers[len(ctx.Layers)-1].Handle(layer.Start{}, nil) {
		if _, ok := c.(*layer.TCPStart); ok {
			return true
		}
	}
	return false
}

func TestNextLayerFollowsOptions(t *testing.T) {
	opts := option.New()
	n, err := NewNextLayer(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := opts.Set("tcp_hosts=x"); err != nil {
		t.Fatal(err)
	}
	if !n.hosts.Load().tcp.match("XYZ") {
		t.Error("the new pattern is not used")
	}
	if _, err := compilePatterns("tcp_hosts", []string{"("}); err == nil || errors.Unwrap(err) == nil {
		t.Error("no error:", err)
	}
}

// TestClaimIsSearchedWithinBounds: a head that does not end is not looked through again and again.
func TestClaimIsSearchedWithinBounds(t *testing.T) {
	const line = "GET / HTTP/1.1\r\n"
	for _, c := range []struct {
		head string
		more bool
	}{
		{line + "Ho", true},
		{line + "A: " + strings.Repeat("x", maxClaim/2), true},
		{line + "A: " + strings.Repeat("x", maxClaim), false},
		{line + strings.Repeat("A: b\r\n", maxClaim/2), false},
		{line + "A: b\r\n\r\n", false},
	} {
		if name, more := claimedHost([]byte(c.head), nil, 443); name != "" || more != c.more {
			t.Errorf("%.30q, %d bytes: %q, more %v", c.head, len(c.head), name, more)
		}
	}
}

func FuzzNextLayer(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
	f.Add([]byte{0x16, 3, 1, 0, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if name, more := claimedHost(b, nil, 443); more && name != "" {
			t.Error("both a name and a wish for more")
		}
		looksLikeHTTP(b, nil)
	})
}

// TestIgnoredTLSIsShownAsSuch ignores a host whose connections the options show.
func TestIgnoredTLSIsShownAsSuch(t *testing.T) {
	opts := option.New()
	if err := opts.Set("ignore_hosts=bank"); err != nil {
		t.Fatal(err)
	}
	a, err := NewNextLayer(opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []bool{false, true} {
		ctx := layertest.Context(layer.Options{ShowIgnored: shown})
		ctx.Server.Address = flow.Addr{Host: "bank.example", Port: 443}
		var rows []*flow.Flow
		p := layertest.New(t, ctx, layer.NewNextLayer(ctx))
		p.AutoHooks, p.HideHooks = true, true
		p.OnNext = func(n *layer.NextLayer) { a.Handle(&layer.Next{Layer: n}) }
		p.OnHook = func(h layer.Hook) {
			if s, ok := h.(*layer.TCPStart); ok {
				rows = append(rows, s.Flow)
			}
		}
		p.Start()
		p.Event(&layer.DataReceived{Conn: p.Client(), Data: hello(t)})
		p.TakeAll()
		if (len(rows) == 1) != shown || shown && (rows[0].TLSNote() != flow.TLSPassed || !strings.Contains(rows[0].Metadata[flow.MetaRemedy], "ignore_hosts")) {
			t.Errorf("shown %v: %+v", shown, rows)
		}
	}
}

// TestSlowHello waits for the name in a hello, but not for ever.
func TestSlowHello(t *testing.T) {
	opts := option.New()
	if err := opts.Set("ignore_hosts=bank"); err != nil {
		t.Fatal(err)
	}
	a, err := NewNextLayer(opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 40} {
		ctx := layertest.Context(layer.Options{})
		ctx.Server.Address = flow.Addr{Host: "a.test", Port: 443}
		p := layertest.New(t, ctx, layer.NewNextLayer(ctx))
		p.AutoHooks, p.HideHooks = true, true
		p.OnNext = func(n *layer.NextLayer) { a.Handle(&layer.Next{Layer: n}) }
		p.Start()
		p.Data(p.Client(), hello(t)[:n])
		p.Run(`
			<< wakeup 30s
			>> wakeup
			<< log warn "…only a part of its ClientHello in 30s…"
			<< update
			<< close client
		`)
	}
}

// TestSilentClientOfTLS begins TLS to the server of a client that waits for what that server says first.
func TestSilentClientOfTLS(t *testing.T) {
	a, err := NewNextLayer(option.New())
	if err != nil {
		t.Fatal(err)
	}
	ctx := layertest.Context(layer.Options{})
	p := layertest.New(t, ctx, layers.NewReverseProxy(ctx, &flow.Via{Scheme: "tls", Addr: flow.Addr{Host: "a.test", Port: 993}}))
	p.AutoHooks = true
	p.OnNext = func(n *layer.NextLayer) { a.Handle(&layer.Next{Layer: n}) }
	p.Run("<< open server a.test:993\n>> opened\n<< wakeup 2s")
	p.Wake()
	if out := p.TakeAll(); len(out) == 0 || out[0] != "hook tls_start_server" {
		t.Errorf("%q", out)
	}
}
