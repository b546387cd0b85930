package addon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// TestCiphersAndCurves makes handshakes in which only what the options name can be negotiated.
func TestCiphersAndCurves(t *testing.T) {
	a, opts, ca := newTLS(t, "ssl_insecure=true")
	leaf, err := ca.LeafForHost("a.test")
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{*leaf}}
	client := &tls.Config{ServerName: "a.test", RootCAs: pool(ca)}
	old := func(c *tls.Config) *tls.Config {
		c = c.Clone()
		c.MaxVersion = tls.VersionTLS12
		return c
	}
	for _, c := range []struct {
		set  string
		want func(cs tls.ConnectionState) bool
	}{
		{"ciphers_SIDE=ECDHE-ECDSA-AES256-GCM-SHA384", func(cs tls.ConnectionState) bool {
			return cs.CipherSuite == tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
		}},
		{"ciphers_SIDE=ECDHE-ECDSA-AES128-SHA", func(cs tls.ConnectionState) bool { return cs.CipherSuite == tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA }},
		{"tls_ecdh_curve_SIDE=secp521r1", func(cs tls.ConnectionState) bool { return cs.CurveID == tls.CurveP521 }},
		{"tls_ecdh_curve_SIDE=secp384r1", func(cs tls.ConnectionState) bool { return cs.CurveID == tls.CurveP384 }},
		{"tls_version_SIDE_max=TLS1_2", func(cs tls.ConnectionState) bool { return cs.Version == tls.VersionTLS12 }},
		{"tls_version_SIDE_min=TLS1_2", func(cs tls.ConnectionState) bool { return cs.Version >= tls.VersionTLS12 }},
	} {
		for _, side := range []string{"client", "server"} {
			set := strings.Replace(c.set, "SIDE", side, 1)
			if err := opts.Set(set); err != nil {
				t.Fatal(err)
			}
			x, y := client, startClient(a, tlsContext()).Config
			if side == "server" {
				x, y = startServer(a, tlsContext()).Config, server
			}
			if !strings.HasPrefix(set, "tls_version") {
				if side == "client" {
					x = old(x)
				} else {
					y = old(y)
				}
			}
			if cs, _, err := shake(t, x, y); err != nil || !c.want(cs) {
				t.Errorf("%s: %v, %x %s %s", set, err, cs.Version, tls.CipherSuiteName(cs.CipherSuite), cs.CurveID)
			}
			name, _, _ := strings.Cut(set, "=")
			opts.Reset(name)
		}
	}
}

// TestOldVersions reaches out to both ends of the range.
func TestOldVersions(t *testing.T) {
	a, _, ca := newTLS(t, "tls_version_client_min=UNBOUNDED", "tls_version_server_min=TLS1", "ssl_insecure=true")
	old := &tls.Config{ServerName: "a.test", RootCAs: pool(ca), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	if cs, _, err := shake(t, old, startClient(a, tlsContext()).Config); err != nil || cs.Version != tls.VersionTLS10 {
		t.Errorf("client: %v, %x", err, cs.Version)
	}
	leaf, err := ca.LeafForHost("a.test")
	if err != nil {
		t.Fatal(err)
	}
	old.Certificates = []tls.Certificate{*leaf}
	if cs, _, err := shake(t, startServer(a, tlsContext()).Config, old); err != nil || cs.Version != tls.VersionTLS10 {
		t.Errorf("server: %v, %x", err, cs.Version)
	}
}

func TestImpossibleTLSOptions(t *testing.T) {
	_, opts, _ := newTLS(t)
	for _, c := range []struct {
		sets []string
		want string
	}{
		{[]string{"tls_version_client_min=TLS1_3", "tls_version_client_max=TLS1_2"}, "no version is left"},
		{[]string{"add_upstream_certs_to_client_chain=true", "upstream_cert=false"}, "needs upstream_cert"},
		{[]string{"ssl_verify_upstream_trusted_confdir=" + t.TempDir()}, "no PEM certificate"},
	} {
		if err := opts.Set(c.sets...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.sets, err)
		}
	}
}

func TestRequestClientCert(t *testing.T) {
	a, opts, ca := newTLS(t)
	leaf, err := ca.LeafForHost("me.test")
	if err != nil {
		t.Fatal(err)
	}
	client := &tls.Config{ServerName: "a.test", RootCAs: pool(ca), Certificates: []tls.Certificate{*leaf}}
	for _, want := range []int{0, 2} {
		if _, s, err := shake(t, client, startClient(a, tlsContext()).Config); err != nil || len(s.PeerCertificates) != want {
			t.Errorf("%d certificates of the client, want %d; %v", len(s.PeerCertificates), want, err)
		}
		if err := opts.Set("request_client_cert=true"); err != nil {
			t.Fatal(err)
		}
	}
	client.Certificates = nil
	if _, _, err := shake(t, client, startClient(a, tlsContext()).Config); err != nil {
		t.Error("a client without a certificate is refused:", err)
	}
}

func TestUpstreamChain(t *testing.T) {
	a, _, ca := newTLS(t, "add_upstream_certs_to_client_chain=true")
	ctx := tlsContext()
	leaf, err := ca.LeafForHost("up.test")
	if err != nil {
		t.Fatal(err)
	}
	ctx.Server.Certificates = []*x509.Certificate{leaf.Leaf, ca.Certificate()}
	cs, _, err := shake(t, &tls.Config{ServerName: "a.test", RootCAs: pool(ca)}, startClient(a, ctx).Config)
	if err != nil || len(cs.PeerCertificates) != 4 || !cs.PeerCertificates[2].Equal(leaf.Leaf) || cs.PeerCertificates[0].Equal(leaf.Leaf) {
		t.Errorf("%d certificates, %v", len(cs.PeerCertificates), err)
	}
}

// TestResumptionAcrossHosts uses the ticket that came with one host's certificate for another host's connection: one key serves all.
func TestResumptionAcrossHosts(t *testing.T) {
	a, _, ca := newTLS(t)
	for _, max := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		sessions := tls.NewLRUClientSessionCache(1)
		for i, host := range []string{"a.test", "b.test"} {
			ctx := tlsContext()
			ctx.Client.SNI, ctx.Server.Address = host, flow.Addr{Host: host, Port: 443}
			client := &tls.Config{ServerName: host, RootCAs: pool(ca), MaxVersion: max, ClientSessionCache: anyHost{sessions},
				InsecureSkipVerify: true} // crypto/tls as a client holds a session to its first name
			cs, _, err := shake(t, client, startClient(a, ctx).Config)
			if err != nil || cs.DidResume != (i == 1) {
				t.Errorf("%s: resumed %v, %v", host, cs.DidResume, err)
			}
		}
	}
}

// anyHost is a session cache that has one session for all hosts.
type anyHost struct{ tls.ClientSessionCache }

func (c anyHost) Get(string) (*tls.ClientSessionState, bool) { return c.ClientSessionCache.Get("") }
func (c anyHost) Put(_ string, s *tls.ClientSessionState)    { c.ClientSessionCache.Put("", s) }

// TestServerResumption resumes sessions with servers, but none from before an option changed what is trusted.
func TestServerResumption(t *testing.T) {
	a, opts, ca := newTLS(t, "ssl_insecure=true")
	leaf, err := ca.LeafForHost("a.test")
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{*leaf}}
	server.SetSessionTicketKeys([][32]byte{{1}})
	for i, want := range []bool{false, true, true, false} {
		if i == 3 {
			if err := opts.Set("ssl_insecure=false"); err != nil {
				t.Fatal(err)
			}
		}
		cs, _, err := shake(t, startServer(a, tlsContext()).Config, server)
		if cs.DidResume != want || (err != nil) != (i == 3) {
			t.Errorf("connection %d: resumed %v, %v", i, cs.DidResume, err)
		}
		if want && len(cs.PeerCertificates) == 0 {
			t.Error("a resumed connection does not know the server's certificate")
		}
	}
}

// TestSessionCacheIsBounded fills the cache of sessions with servers.
func TestSessionCacheIsBounded(t *testing.T) {
	opts := option.New()
	s, err := readTLSSettings(opts)
	if err != nil {
		t.Fatal(err)
	}
	cache := s.server.ClientSessionCache
	for i := range maxSessions + 1 {
		cache.Put(string(rune(i+0x100)), &tls.ClientSessionState{})
	}
	if _, ok := cache.Get(string(rune(0x100))); ok {
		t.Error("the oldest session is kept")
	}
	if _, ok := cache.Get(string(rune(0x101))); !ok {
		t.Error("a session that has room is gone")
	}
}

// TestTrustedFolder trusts what a folder such as c_rehash makes holds: files and links to them, also some that are no certificates.
func TestTrustedFolder(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a.test"}, DNSNames: []string{"a.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(t.TempDir(), "x.pem"), der, filepath.Join(dir, "0123abcd.0"))
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	a, _, _ := newTLS(t, "ssl_verify_upstream_trusted_confdir="+dir)
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if _, _, err := shake(t, startServer(a, tlsContext()).Config, server); err != nil {
		t.Error(err)
	}
}

// writePEM writes a certificate to a file and links to it.
func writePEM(t *testing.T, file string, der []byte, link string) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
}

// TestRSAClients serves clients that know no ECDSA, and those whose ECDSA the options leave out.
func TestRSAClients(t *testing.T) {
	const rsaGCM, ecdsaGCM, rsaOld = tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA
	for _, c := range []struct {
		set    string
		suites []uint16
		rsa    bool
	}{
		{"http2=true", []uint16{rsaGCM}, true},
		{"http2=true", []uint16{rsaGCM, ecdsaGCM}, false},
		{"ciphers_client=ECDHE-RSA-AES128-GCM-SHA256", []uint16{rsaGCM, ecdsaGCM}, true},
		{"ciphers_client=ALL", []uint16{rsaOld}, true},
	} {
		a, _, ca := newTLS(t, c.set)
		client := &tls.Config{ServerName: "a.test", RootCAs: pool(ca), MaxVersion: tls.VersionTLS12, CipherSuites: c.suites}
		h := startClientHello(a, tlsContext(), &layer.ClientHello{CipherSuites: c.suites, Versions: []uint16{tls.VersionTLS12}})
		cs, _, err := shake(t, client, h.Config)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if _, rsa := cs.PeerCertificates[0].PublicKey.(*rsa.PublicKey); rsa != c.rsa {
			t.Errorf("%+v: RSA %v", c, rsa)
		}
		again := startClientHello(a, tlsContext(), &layer.ClientHello{CipherSuites: c.suites, Versions: []uint16{tls.VersionTLS12, tls.VersionTLS13}})
		if again.Config.Certificates[0].Leaf.Equal(cs.PeerCertificates[0]) == c.rsa {
			t.Errorf("%+v: the certificate for TLS 1.3 is the same kind", c)
		}
	}
}
