package addon

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"sluice/proxy/cert"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
	"sluice/proxy/option"
)

// protocols are the ALPN names that we speak, the one we like best first.
var protocols = []string{"h2", "http/1.1", "http/1.0", "http/0.9"}

// TLSConfig provides the configuration of every TLS handshake: the certificate
// that clients are shown, and what servers are verified against.
type TLSConfig struct {
	ca       *cert.Authority
	log      *slog.Logger
	settings atomic.Pointer[tlsSettings]
}

// tlsSettings is what the options say. A value is never written once it is shared.
type tlsSettings struct {
	client, server *tls.Config // to be cloned; clones share ticket keys and session cache
	configs        tlsConfigs
	upstreamCert   bool
	http2          bool
	addChain       bool
	clientCert     *tls.Certificate            // for every server
	clientCerts    map[string]*tls.Certificate // by server name
}

// NewTLSConfig returns the addon, which follows the options about TLS from now
// on. Log may be nil. The secrets of all sessions are appended to the file that the environment
// names in SSLKEYLOGFILE or MITMPROXY_SSLKEYLOGFILE.
func NewTLSConfig(opts *option.Options, ca *cert.Authority, log *slog.Logger) (*TLSConfig, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := &TLSConfig{ca: ca, log: log}
	keys, err := openKeyLog(os.Getenv)
	if err != nil {
		return nil, err
	}
	var ticket [32]byte
	rand.Read(ticket[:])
	apply := func() error {
		s, err := readTLSSettings(opts)
		if err != nil {
			return err
		}
		s.client.SetSessionTicketKeys([][32]byte{ticket})
		s.client.KeyLogWriter, s.server.KeyLogWriter = keys, keys
		t.settings.Store(s)
		for _, side := range []string{"client", "server"} {
			if name := "tls_version_" + side + "_min"; option.TLSVersion(opts.Str(name)) == 0 {
				log.Info(name + "=" + opts.Str(name) + ": TLS 1.0 is the oldest version that there is")
			}
		}
		return nil
	}
	custom := func() error { return t.setCustom(opts.Strs("certs"), opts.Str("cert_passphrase")) }
	if err := opts.Follow(custom, "certs", "cert_passphrase"); err != nil {
		return nil, err
	}
	return t, opts.Follow(apply, "tls_version_client_min", "tls_version_client_max", "tls_version_server_min", "tls_version_server_max",
		"ssl_insecure", "ssl_verify_upstream_trusted_ca", "ssl_verify_upstream_trusted_confdir",
		"ciphers_client", "ciphers_server", "tls_ecdh_curve_client", "tls_ecdh_curve_server", "request_client_cert",
		"client_certs", "upstream_cert", "http2", "add_upstream_certs_to_client_chain")
}

// Handle answers the hooks that begin TLS.
func (t *TLSConfig) Handle(h layer.Hook) <-chan layer.Verdict {
	switch h := h.(type) {
	case *layer.TLSClientHello:
		h.ServerFirst = h.Context.Server.TLS && !h.Context.Options().Lazy
	case *layer.TLSStart:
		switch {
		case h.Config != nil:
		case h.Client:
			t.startClient(h)
		default:
			t.startServer(h)
		}
	}
	return nil
}

// startClient makes us the server that the client wants.
func (t *TLSConfig) startClient(h *layer.TLSStart) {
	s, ctx := t.settings.Load(), h.Context
	leaf, err := t.leaf(s, ctx, needsRSA(h.Hello, s.client))
	if err != nil {
		t.log.Error("no certificate for the client", "error", err)
		return
	}
	ctx.Client.Leaf = leaf.Leaf
	h.Trust = t.ca.CertFile()
	p := s.clientProtocol(ctx, h.Hello.ALPN)
	if s.addChain {
		shown := *leaf
		shown.Certificate = slices.Clone(leaf.Certificate)
		for _, c := range ctx.Server.Certificates {
			shown.Certificate = append(shown.Certificate, c.Raw)
		}
		h.Config = s.forClient(&shown, p)
		return
	}
	h.Config = s.configs.get(tlsConfigKey{cert: leaf, protocols: p}, func() *tls.Config { return s.forClient(leaf, p) })
}

// forClient returns a configuration with a certificate and a protocol, "" for none.
func (s *tlsSettings) forClient(shown *tls.Certificate, protocol string) *tls.Config {
	c := s.client.Clone()
	c.Certificates = []tls.Certificate{*shown}
	if protocol != "" {
		c.NextProtos = []string{protocol}
	}
	return c
}

// leaf returns the certificate for the client's connection, with an RSA key if it has to be.
func (t *TLSConfig) leaf(s *tlsSettings, ctx *layer.Context, rsa bool) (*tls.Certificate, error) {
	name := ctx.Client.SNI
	if name == "" && ctx.Client.Local.IsValid() {
		name = ctx.Client.Local.Addr().Unmap().String()
	}
	addr := ctx.Server.Address
	var r cert.LeafRequest
	switch {
	case s.upstreamCert && len(ctx.Server.Certificates) > 0:
		r = cert.FromUpstream(name, addr, ctx.Server.Certificates[0])
	case !addr.IsZero() && addr.Host != name:
		r = cert.FromUpstream(name, addr, nil)
	case !rsa:
		return t.ca.LeafForHost(name)
	default:
		r.Names = []string{name}
	}
	r.RSA = rsa
	return t.ca.Leaf(r)
}

// clientProtocol chooses among the protocols a client offers, as the server has chosen if that is known. "" is none.
func (s *tlsSettings) clientProtocol(ctx *layer.Context, offers []string) string {
	if len(ctx.Layers) > 1 {
		switch ctx.Layers[len(ctx.Layers)-2].(type) {
		case *layers.HTTPProxy, *layers.HTTPUpstreamProxy: // TLS to the proxy itself
			if slices.Contains(offers, "http/1.1") {
				return "http/1.1"
			}
			return ""
		}
	}
	if !ctx.Server.TLSSetup.IsZero() {
		if p := ctx.Server.ALPN; slices.Contains(offers, p) {
			return p
		}
		if s.translates(offers) {
			return "h2"
		}
		return ""
	}
	for _, p := range offers {
		if s.speaks(p) {
			return p
		}
	}
	return ""
}

// startServer makes us a client of the server.
func (t *TLSConfig) startServer(h *layer.TLSStart) {
	s, ctx, conn := t.settings.Load(), h.Context, h.Conn
	name := serverName(ctx)
	if net.ParseIP(name) == nil {
		conn.SNI = name
	}
	switch {
	case len(conn.ALPNOffers) == 0:
		conn.ALPNOffers = s.offers(ctx.Client)
	case !s.http2:
		conn.ALPNOffers = slices.DeleteFunc(slices.Clone(conn.ALPNOffers), func(p string) bool { return p == "h2" })
	}
	conn.Touch()
	k := tlsConfigKey{name: name, protocols: strings.Join(conn.ALPNOffers, "\x00"), cert: s.clientCert}
	k.classic = s.server.CurvePreferences == nil && len(ctx.Groups) > 0 && !slices.ContainsFunc(ctx.Groups, hybrid)
	if found := s.clientCerts[strings.ToLower(name)]; found != nil {
		k.cert = found
	}
	h.Config = s.configs.get(k, func() *tls.Config { return s.forServer(k, conn.ALPNOffers) })
	h.Explain = cert.Explain
}

func (s *tlsSettings) forServer(k tlsConfigKey, offers []string) *tls.Config {
	c := s.server.Clone()
	c.ServerName, c.NextProtos = k.name, slices.Clone(offers)
	if k.classic {
		c.CurvePreferences = classic
	}
	if k.cert != nil { // sent even if the server names other authorities: then it says why it does not take it
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return k.cert, nil }
	}
	return c
}

// classic are the groups to offer for a client that does not know of post-quantum ones: a
// handshake with those costs half as much again, and such a client's own would not have had them.
var classic = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}

// hybrid reports whether a group is a post-quantum one: the SecP256r1, X25519 or SecP384r1 hybrid with ML-KEM.
func hybrid(group uint16) bool { return 0x11eb <= group && group <= 0x11ed }

// speaks reports whether we may speak a protocol.
func (s *tlsSettings) speaks(p string) bool {
	return slices.Contains(protocols, p) && (s.http2 || p != "h2")
}

// offers returns what to offer a server: what the client did, as far as we speak it.
func (s *tlsSettings) offers(client *flow.Client) []string {
	if !client.TLS {
		return protocols[1:2]
	}
	var known []string
	for _, p := range client.ALPNOffers {
		if s.speaks(p) {
			known = append(known, p)
		}
	}
	if s.translates(known) {
		known = append(known, "http/1.1")
	}
	return known
}

// translates reports whether a client that makes these offers wants HTTP/2 and nothing else: a server need not speak it, we do.
func (s *tlsSettings) translates(offers []string) bool {
	return s.http2 && slices.Contains(offers, "h2") && !slices.Contains(offers, "http/1.1")
}

// serverName is the name to ask a server for and to verify it by: a name or an IP literal.
func serverName(ctx *layer.Context) string {
	name := cmp.Or(ctx.Server.SNI, ctx.Client.SNI, ctx.Server.Address.Host)
	return strings.TrimSuffix(flow.ASCIIHost(name), ".")
}
