package layers

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// distrusted makes the rig's server one that we do not trust.
func (r *rig) distrusted() {
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		addons(h)
		if h, ok := h.(*layer.TLSStart); ok && !h.Client {
			h.Config.RootCAs = x509.NewCertPool()
			h.Explain = func(error) (string, string) { return "unknown authority", "trust it" }
		}
	}
}

// onlyRow returns the one flow that was shown without a hook.
func (r *rig) onlyRow() *flow.Flow {
	r.t.Helper()
	if len(r.rows) != 1 {
		r.t.Fatalf("%d rows, want one:\n%s", len(r.rows), strings.Join(r.log, "\n"))
	}
	return r.rows[0]
}

func TestRowOfFailedClient(t *testing.T) {
	only := func(suite uint16) func(c *tls.Config) {
		return func(c *tls.Config) { c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{suite} }
	}
	const ecdsa = tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	for _, c := range []struct {
		name                string
		client              func(*tls.Config)
		ours                func(*tls.Config)
		note, cause, remedy string
	}{
		{"distrust", func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, nil,
			"CA not trusted", "does not trust the proxy's certificate for x.test", "install ca.pem"},
		{"too old", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 }, nil,
			"no common version", "it offers TLS 1.0, sluice takes TLS 1.2 to TLS 1.3", "tls_version_client_min=TLS1"},
		{"too new", func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
			"no common version", "it offers TLS 1.3, sluice takes TLS 1.2", "tls_version_client_max=TLS1_3"},
		{"cipher", only(ecdsa), func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		}, "no common cipher", "it offers TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "add TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 to ciphers_client"},
		{"RSA only", only(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), nil,
			"no common cipher", "it offers TLS_ECDHE_RSA", "ciphers_client=ALL"},
		{"RSA not allowed", only(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), func(c *tls.Config) {
			c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		}, "no common cipher", "it offers TLS_ECDHE_RSA", "RSA key"},
		{"curve", func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521} },
			func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} },
			"no common cipher", "leaves only one curve", "tls_ecdh_curve_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := clientConfig()
			c.client(cfg)
			r := newRig(t, cfg, serverConfig())
			addons := r.hooks
			r.hooks = func(h layer.Hook) {
				addons(h)
				if h, ok := h.(*layer.TLSStart); ok && h.Client && c.ours != nil {
					c.ours(h.Config)
				}
			}
			r.start()
			f := r.onlyRow()
			if f.Kind != flow.TCP || f.Live || f.Error == nil || f.TLSNote() != "TLS failed: "+c.note ||
				!strings.Contains(f.Error.Message, c.cause) || !strings.Contains(f.Metadata[flow.MetaRemedy], c.remedy) {
				t.Errorf("%+v\n%+v", f.Metadata, f.Error)
			}
			if f.Client != r.ctx.Client || f.Server != r.ctx.Server {
				t.Error("the row is about other connections")
			}
		})
	}
}

// TestRowOfLateDistrust has a client that looks at the certificate when the handshake is over.
func TestRowOfLateDistrust(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.start()
	c := &r.ctx.Client.Conn
	r.root.(*ServerTLS).Child.(*ClientTLS).session.err = alertOf(t, alertUnknownCA)
	r.post(&layer.ConnectionClosed{Conn: c})
	if f := r.onlyRow(); f.TLSNote() != "TLS failed: CA not trusted" || c.Error == "" {
		t.Error(f.Metadata, c.Error)
	}
}

// alertOf returns the error of a TLS connection whose peer has sent an alert.
func alertOf(t *testing.T, code uint8) error {
	t.Helper()
	s := newPeer(t, tls.Server, serverConfig())
	s.feed([]byte{21, 3, 3, 0, 2, 2, code})
	if s.err == nil {
		t.Fatal("the alert was not read")
	}
	return s.err
}

// TestRowOfFailedServer has a client that says nothing inside TLS, so that nothing else tells of the server.
func TestRowOfFailedServer(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.distrusted()
	inner := r.root.(*ServerTLS).Child.(*ClientTLS)
	inner.Child = layer.NewNextLayer(r.ctx)
	r.start()
	if len(r.rows) != 0 {
		t.Fatal("the row came before the client had a chance to ask")
	}
	r.client.tls.CloseWrite()
	r.settle()
	f := r.onlyRow()
	if f.TLSNote() != "TLS failed: server certificate" || f.Error.Message != "Certificate verify failed: unknown authority" || f.Metadata[flow.MetaRemedy] != "trust it" {
		t.Errorf("%+v %+v", f.Metadata, f.Error)
	}
	r.post(&layer.ConnectionClosed{Conn: &r.ctx.Client.Conn})
	r.onlyRow()
}

// TestNoRowBesideFlow has a client that asks: the flow of its request tells of the server.
func TestNoRowBesideFlow(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.distrusted()
	inner := r.root.(*ServerTLS).Child.(*ClientTLS)
	inner.Child = NewHTTP(r.ctx, HTTPTransparent)
	var failed *flow.Flow
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		addons(h)
		if e, ok := h.(*layer.Error); ok {
			failed = e.Flow
		}
	}
	r.start()
	r.client.tls.Write([]byte("GET / HTTP/1.1\r\nHost: x.test\r\n\r\n"))
	r.settle()
	if failed == nil || !strings.Contains(failed.Error.Message, "unknown authority") {
		t.Fatalf("the request does not tell of the server: %+v", failed)
	}
	r.ctx.Client.State &^= flow.CanRead
	r.post(&layer.ConnectionClosed{Conn: &r.ctx.Client.Conn})
	if len(r.rows) != 0 {
		t.Error("a second row for the same failure")
	}
}

// TestRowOfPassed lets TLS through for a reason that the row gives. Its bytes are not recorded.
func TestRowOfPassed(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	var f *flow.Flow
	r.hooks = func(h layer.Hook) {
		switch h := h.(type) {
		case *layer.TLSClientHello:
			h.Ignore, h.Reason, h.Remedy = true, "it was refused", "trust the CA"
		case *layer.TCPStart:
			f = h.Flow
		}
	}
	r.start()
	r.wantLog("tls_clienthello", "tcp_start")
	echo(t, r)
	if f == nil || f.TLSNote() != flow.TLSPassed || f.Metadata[flow.MetaReason] != "it was refused" || f.Metadata[flow.MetaRemedy] != "trust the CA" {
		t.Fatalf("%+v", f)
	}
	if len(f.Messages) != 0 || f.Error != nil || !f.Live {
		t.Errorf("%d messages, error %v, live %v", len(f.Messages), f.Error, f.Live)
	}
}

// TestAlertInTheClear has a client that refuses the certificate before it has begun to encrypt, as OpenSSL's do in TLS 1.3.
func TestAlertInTheClear(t *testing.T) {
	for _, chunk := range []int{1, 3, 0} {
		r := newRig(t, clientConfig(), serverConfig())
		r.chunk = chunk
		r.post(layer.Start{})
		r.client.feed(nil)
		hello := r.client.out
		r.client.out = nil
		r.pieces(hello, func(b []byte) { r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: b}) })
		for range 4 {
			r.server.feed(r.toS)
			r.toS = nil
			out := r.server.out
			r.server.out = nil
			r.pieces(out, func(b []byte) { r.post(&layer.DataReceived{Conn: &r.ctx.Server.Conn, Data: b}) })
		}
		if len(r.toC) == 0 {
			t.Fatal("the client got no certificate")
		}
		refused := false
		addons := r.hooks
		r.hooks = func(h layer.Hook) {
			addons(h)
			if h, ok := h.(*layer.TLSFailed); ok {
				refused = h.Client && h.Refused
			}
		}
		alert := []byte{20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, alertUnknownCA}
		r.pieces(alert, func(b []byte) { r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: b}) })
		if f := r.onlyRow(); f.TLSNote() != "TLS failed: CA not trusted" || !strings.Contains(f.Error.Message, "unknown certificate authority") || !refused {
			t.Error(f.Metadata, f.Error, refused)
		}
	}
}

// TestServerWantsCertificate asks a server that wants a certificate of its client, which in TLS 1.3 it says after the handshake.
func TestServerWantsCertificate(t *testing.T) {
	for _, max := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := serverConfig()
		cfg.ClientAuth, cfg.MaxVersion = tls.RequireAnyClientCert, max
		r := newRig(t, clientConfig(), cfg)
		r.root.(*ServerTLS).Child.(*ClientTLS).Child = NewHTTP(r.ctx, HTTPTransparent)
		var failed *flow.Flow
		addons := r.hooks
		r.hooks = func(h layer.Hook) {
			addons(h)
			if e, ok := h.(*layer.Error); ok {
				failed = e.Flow
			}
		}
		r.post(layer.Start{})
		r.client.feed(nil)
		r.settle()
		if r.client.open {
			r.client.tls.Write([]byte("GET / HTTP/1.1\r\nHost: x.test\r\n\r\n"))
		}
		r.settle()
		if failed == nil || !strings.Contains(failed.Error.Message, "client_certs") {
			t.Errorf("%x: %+v\n%s", max, failed, strings.Join(r.log, "\n"))
		}
	}
}

// TestRowOfTLSToTheProxy fails a handshake with the proxy itself, which cannot be passed through.
func TestRowOfTLSToTheProxy(t *testing.T) {
	cfg := clientConfig()
	cfg.RootCAs = x509.NewCertPool()
	r := newRig(t, cfg, serverConfig())
	r.ctx.Server = flow.NewServer(flow.Addr{})
	inner := NewClientTLS(r.ctx)
	inner.Child = NewTCP(r.ctx, true)
	r.root = inner
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		if addons(h); h.Name() == "tls_clienthello" {
			h.(*layer.TLSClientHello).ServerFirst = false
		}
	}
	r.start()
	if f := r.onlyRow(); !strings.Contains(f.Metadata[flow.MetaRemedy], "install ca.pem") || strings.Contains(f.Metadata[flow.MetaRemedy], "ignore_hosts") {
		t.Error(f.Metadata)
	}
}

// TestRowOfBrokenClient sends garbage inside TLS before anything else.
func TestRowOfBrokenClient(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.start()
	r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: []byte("\x17\x03\x03\x00\x20garbage garbage garbage garbage.")})
	if f := r.onlyRow(); f.TLSNote() != "TLS failed: broken" || !strings.Contains(f.Error.Message, "bad record MAC") {
		t.Error(f.Metadata, f.Error)
	}
}
