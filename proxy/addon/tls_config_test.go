package addon

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crypto/x509/pkix"

	"sluice/proxy/cert"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
	"sluice/proxy/option"
)

func newTLS(t testing.TB, set ...string) (*TLSConfig, *option.Options, *cert.Authority) {
	t.Helper()
	t.Setenv("SSLKEYLOGFILE", "")
	ca, err := cert.Load(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	opts := option.New()
	if err := opts.Set(set...); err != nil {
		t.Fatal(err)
	}
	a, err := NewTLSConfig(opts, ca, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a, opts, ca
}

func tlsContext() *layer.Context {
	ctx := layertest.Context(layer.Options{})
	ctx.Client.TLS = true
	ctx.Client.SNI = "a.test"
	ctx.Server.Address = flow.Addr{Host: "a.test", Port: 443}
	return ctx
}

func startClient(a *TLSConfig, ctx *layer.Context, alpn ...string) *layer.TLSStart {
	return startClientHello(a, ctx, &layer.ClientHello{ALPN: alpn})
}

func startClientHello(a *TLSConfig, ctx *layer.Context, hello *layer.ClientHello) *layer.TLSStart {
	h := &layer.TLSStart{Context: ctx, Conn: &ctx.Client.Conn, Client: true, Hello: hello}
	ctx.Client.ALPNOffers = hello.ALPN
	a.Handle(h)
	return h
}

func startServer(a *TLSConfig, ctx *layer.Context) *layer.TLSStart {
	h := &layer.TLSStart{Context: ctx, Conn: &ctx.Server.Conn}
	a.Handle(h)
	return h
}

// shake runs a handshake between two configurations, and one byte from the server so that tickets arrive.
func shake(t testing.TB, client, server *tls.Config) (c, s tls.ConnectionState, err error) {
	t.Helper()
	x, y := sockets(t)
	defer x.Close()
	done := make(chan tls.ConnectionState)
	go func() {
		defer y.Close()
		sc := tls.Server(y, server)
		if sc.Handshake() == nil {
			sc.Write([]byte{1})
		}
		done <- sc.ConnectionState()
	}()
	cc := tls.Client(x, client)
	if err = cc.Handshake(); err == nil {
		var b [1]byte
		_, err = cc.Read(b[:])
	}
	c = cc.ConnectionState()
	x.Close()
	return c, <-done, err
}

// sockets returns the two ends of a connection that has room for what nobody has read yet.
func sockets(t testing.TB) (x, y net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if x, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if y, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return x, y
}

func explained(h *layer.TLSStart, err error) string {
	cause, remedy := h.Explain(err)
	return cause + ": " + remedy
}

func pool(ca *cert.Authority) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(ca.Certificate())
	return p
}

func TestClientSide(t *testing.T) {
	a, _, ca := newTLS(t)
	ctx := tlsContext()
	ctx.Server.Certificates = []*x509.Certificate{{Subject: pkix.Name{CommonName: "cn.test", Organization: []string{"Org"}}, DNSNames: []string{"alt.test"}}}
	h := startClient(a, ctx, "h2", "http/1.1")
	for _, name := range []string{"a.test", "alt.test", "cn.test"} {
		c, _, err := shake(t, &tls.Config{ServerName: name, RootCAs: pool(ca), NextProtos: []string{"h2", "http/1.1"}}, h.Config)
		if err != nil || c.NegotiatedProtocol != "h2" {
			t.Errorf("%s: %v, ALPN %q", name, err, c.NegotiatedProtocol)
		}
	}
	if l := ctx.Client.Leaf; l == nil || l.Subject.Organization[0] != "Org" {
		t.Error("leaf", l)
	}
}

func TestClientWithoutSNI(t *testing.T) {
	a, _, ca := newTLS(t)
	ctx := tlsContext()
	ctx.Client.SNI, ctx.Server.Address = "", flow.Addr{}
	ctx.Client.Local = netip.MustParseAddrPort("192.0.2.7:8080")
	h := startClient(a, ctx)
	if _, _, err := shake(t, &tls.Config{ServerName: "192.0.2.7", RootCAs: pool(ca)}, h.Config); err != nil {
		t.Error(err)
	}
}

func TestClientALPN(t *testing.T) {
	a, _, _ := newTLS(t)
	for _, c := range []struct {
		name   string
		offers []string
		change func(*layer.Context)
		want   string
	}{
		{"first that we speak", []string{"h3", "http/1.0", "http/1.1"}, nil, "http/1.0"},
		{"h2 only", []string{"h2"}, nil, "h2"},
		{"as the server that does not speak h2", []string{"h2", "http/1.1"}, func(c *layer.Context) { c.Server.TLSSetup, c.Server.ALPN = layertest.Epoch, "http/1.1" }, "http/1.1"},
		{"as the server", []string{"http/1.0", "http/1.1"}, func(c *layer.Context) { c.Server.TLSSetup, c.Server.ALPN = layertest.Epoch, "http/1.1" }, "http/1.1"},
		{"h2 only, of a server that does not speak it", []string{"h2"}, func(c *layer.Context) { c.Server.TLSSetup, c.Server.ALPN = layertest.Epoch, "http/1.1" }, "h2"},
		{"h2 only, of a server that has none", []string{"h2"}, func(c *layer.Context) { c.Server.TLSSetup = layertest.Epoch }, "h2"},
		{"the server has none", []string{"http/1.1"}, func(c *layer.Context) { c.Server.TLSSetup = layertest.Epoch }, ""},
		{"proxy over TLS", []string{"http/1.0", "http/1.1"}, func(c *layer.Context) { layers.NewHTTPProxy(c); layers.NewClientTLS(c) }, "http/1.1"},
	} {
		ctx := tlsContext()
		if c.change != nil {
			c.change(ctx)
		}
		if got := strings.Join(startClient(a, ctx, c.offers...).Config.NextProtos, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestResumption resumes the session of one connection on another, for another host.
func TestResumption(t *testing.T) {
	a, opts, ca := newTLS(t)
	cfg := &tls.Config{ServerName: "a.test", RootCAs: pool(ca), ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for i := range 3 {
		c, _, err := shake(t, cfg, startClient(a, tlsContext()).Config)
		if err != nil || c.DidResume != (i > 0) {
			t.Errorf("connection %d: resumed %v, %v", i, c.DidResume, err)
		}
		if err := opts.Set("upstream_cert=true"); err != nil { // a change of options keeps the ticket key
			t.Fatal(err)
		}
	}
}

func TestServerVerification(t *testing.T) {
	a, opts, ca := newTLS(t)
	leaf, err := ca.LeafForHost("a.test")
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{*leaf}, NextProtos: []string{"http/1.1"}}
	h := startServer(a, tlsContext())
	if _, _, err := shake(t, h.Config, server); err == nil || !strings.Contains(explained(h, err), "ssl_insecure") {
		t.Errorf("an unknown authority was trusted: %v", err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"ssl_verify_upstream_trusted_ca=" + file, "ssl_verify_upstream_trusted_confdir=" + filepath.Dir(file)} {
		if err := opts.Set(set); err != nil {
			t.Fatal(err)
		}
		if _, _, err := shake(t, startServer(a, tlsContext()).Config, server); err != nil {
			t.Errorf("%s: %v", set, err)
		}
	}
	other := tlsContext()
	other.Client.SNI = "b.test"
	h = startServer(a, other)
	if _, _, err := shake(t, h.Config, server); err == nil || !strings.Contains(explained(h, err), "wrong host") {
		t.Errorf("a wrong host was trusted: %v", err)
	}
	if err := opts.Set("ssl_insecure=true"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := shake(t, startServer(a, other).Config, server); err != nil {
		t.Error("ssl_insecure:", err)
	}
}

func TestServerNamesAndOffers(t *testing.T) {
	a, _, _ := newTLS(t)
	for _, c := range []struct {
		name                string
		change              func(*layer.Context)
		wantName, wantProto string
	}{
		{"the client's", func(c *layer.Context) { c.Client.ALPNOffers = []string{"h3", "h2", "http/1.1"} }, "a.test", "h2 http/1.1"},
		{"translated", func(c *layer.Context) { c.Client.ALPNOffers, c.Client.ALPN = []string{"h2"}, "h2" }, "a.test", "h2 http/1.1"},
		{"to be translated", func(c *layer.Context) { c.Client.ALPNOffers = []string{"h2"} }, "a.test", "h2 http/1.1"},
		{"no ALPN", func(*layer.Context) {}, "a.test", ""},
		{"preset", func(c *layer.Context) { c.Server.SNI = "b.test." }, "b.test", ""},
		{"address", func(c *layer.Context) { c.Client.SNI = ""; c.Server.Address.Host = "bücher.test" }, "xn--bcher-kva.test", ""},
		{"IP", func(c *layer.Context) { c.Client.SNI = ""; c.Server.Address.Host = "192.0.2.1" }, "192.0.2.1", ""},
		{"client without TLS", func(c *layer.Context) { c.Client.TLS = false }, "a.test", "http/1.1"},
	} {
		ctx := tlsContext()
		c.change(ctx)
		cfg := startServer(a, ctx).Config
		if got := strings.Join(cfg.NextProtos, " "); cfg.ServerName != c.wantName || got != c.wantProto {
			t.Errorf("%s: name %q, offers %q", c.name, cfg.ServerName, got)
		}
		if want := c.wantName != "192.0.2.1"; (ctx.Server.SNI != "") != want {
			t.Errorf("%s: SNI %q", c.name, ctx.Server.SNI)
		}
	}
}

func TestClientCerts(t *testing.T) {
	a, opts, ca := newTLS(t, "ssl_insecure=true")
	leaf, err := ca.LeafForHost("me.test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "a.test.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{*leaf}, ClientAuth: tls.RequestClientCert}
	for _, set := range []string{"client_certs=" + file, "client_certs=" + dir} {
		if err := opts.Set(set); err != nil {
			t.Fatal(err)
		}
		if _, s, err := shake(t, startServer(a, tlsContext()).Config, server); err != nil || len(s.PeerCertificates) != 1 {
			t.Errorf("%s: %d certificates, %v", set, len(s.PeerCertificates), err)
		}
	}
	stranger, err := cert.Load(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	picky := &tls.Config{Certificates: server.Certificates, ClientAuth: tls.RequestClientCert, ClientCAs: pool(stranger)}
	if _, s, err := shake(t, startServer(a, tlsContext()).Config, picky); err != nil || len(s.PeerCertificates) != 1 {
		t.Errorf("a server that wants another authority's was shown %d certificates, %v", len(s.PeerCertificates), err)
	}
	other := tlsContext()
	other.Client.SNI = "b.test"
	if _, s, err := shake(t, startServer(a, other).Config, server); err != nil || len(s.PeerCertificates) != 0 {
		t.Errorf("b.test was shown the certificate for a.test: %v", err)
	}
	if err := opts.Set("client_certs=" + filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing file was accepted")
	}
	if opts.Str("client_certs") == filepath.Join(dir, "missing") {
		t.Error("the refused value stayed")
	}
}

func TestVersions(t *testing.T) {
	a, opts, _ := newTLS(t)
	if err := opts.Set("tls_version_client_min=TLS1_3", "tls_version_server_min=TLS1", "tls_version_server_max=TLS1_1"); err != nil {
		t.Fatal(err)
	}
	if c := startClient(a, tlsContext()).Config; c.MinVersion != tls.VersionTLS13 || c.MaxVersion != 0 {
		t.Errorf("client %x-%x", c.MinVersion, c.MaxVersion)
	}
	if c := startServer(a, tlsContext()).Config; c.MinVersion != tls.VersionTLS10 || c.MaxVersion != tls.VersionTLS11 || len(c.CipherSuites) == 0 {
		t.Errorf("server %x-%x", c.MinVersion, c.MaxVersion)
	}
}

func TestServerGroups(t *testing.T) {
	a, _, _ := newTLS(t)
	for _, c := range []struct {
		client  []uint16
		classic bool
	}{
		{nil, false}, // a client without TLS
		{[]uint16{29, 23}, true},
		{[]uint16{0x2a2a, uint16(tls.X25519MLKEM768), 29}, false},
	} {
		ctx := tlsContext()
		ctx.Groups = c.client
		if got := startServer(a, ctx).Config.CurvePreferences; (got != nil) != c.classic || slices.Contains(got, tls.X25519MLKEM768) {
			t.Errorf("for a client with %v the server is offered %v", c.client, got)
		}
	}
}

func TestServerFirst(t *testing.T) {
	a, _, _ := newTLS(t)
	for _, c := range []struct{ tls, lazy, want bool }{{true, false, true}, {true, true, false}, {false, false, false}} {
		ctx := layertest.Context(layer.Options{Lazy: c.lazy})
		ctx.Server.TLS = c.tls
		h := &layer.TLSClientHello{Context: ctx, Hello: &layer.ClientHello{}}
		if a.Handle(h); h.ServerFirst != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func TestKeyLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	w, err := openKeyLog(func(name string) string { return map[string]string{"SSLKEYLOGFILE": path}[name] })
	if err != nil {
		t.Fatal(err)
	}
	defer w.(*os.File).Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if w, err := openKeyLog(func(string) string { return "" }); w != nil || err != nil {
		t.Error(w, err)
	}
}

func BenchmarkHandshake(b *testing.B) {
	a, _, ca := newTLS(b)
	client := &tls.Config{ServerName: "a.test", RootCAs: pool(ca)}
	b.Run("addon", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := shake(b, client, startClient(a, tlsContext()).Config); err != nil {
				b.Fatal(err)
			}
		}
	})
	leaf, _ := ca.LeafForHost("a.test")
	bare := &tls.Config{Certificates: []tls.Certificate{*leaf}}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := shake(b, client, bare); err != nil {
				b.Fatal(err)
			}
		}
	})
}
