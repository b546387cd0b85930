package cert

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Browsers refuse leaves that are good for much longer.
const leafLifetime = 199 * 24 * time.Hour

// Leaf returns a certificate for a request: a custom one that covers its common
// name or, failing that, one of its names; else one signed by the CA, from the
// cache or fresh. Its chain is leaf, CA, and what else the CA file held; its Leaf is set.
//
// The certificate is shared: the caller must not change it. The error says that no
// name of the request can stand in a certificate, or that the CA has expired.
func (a *Authority) Leaf(r LeafRequest) (*tls.Certificate, error) {
	if c := a.custom.Load().find(&r); c != nil {
		return c, nil
	}
	var names [16]string
	var buf [512]byte
	first, sorted := r.sortedNames(names[:0])
	if first == "" {
		return nil, fmt.Errorf("sign certificate: no host name or IP address in %q", strings.Join(r.Names, " "))
	}
	key, now := r.appendKey(buf[:0], first, sorted), a.now()
	if c := a.cache.get(key, now); c != nil {
		return c, nil
	}
	// Cloned so that a hit keeps everything on the stack.
	l := leaf{commonName: first, names: slices.Clone(sorted), organization: r.Organization, crl: r.CRL, rsa: r.RSA}
	return a.cache.fill(string(key), now, func() (*tls.Certificate, error) { return a.sign(l, now) })
}

// LeafForHost is Leaf for a single name. It allocates nothing when host is
// lower-case ASCII, its certificate is in the cache, and there are no custom ones.
func (a *Authority) LeafForHost(host string) (*tls.Certificate, error) {
	if a.custom.Load() == nil && isHostName(host) {
		var r LeafRequest // empty: one that held host would have to live on the heap
		var buf [512]byte
		names := [1]string{host}
		if c := a.cache.get(r.appendKey(buf[:0], host, names[:]), a.now()); c != nil {
			return c, nil
		}
	}
	return a.Leaf(LeafRequest{Names: []string{host}})
}

// A leaf is a request in canonical form.
type leaf struct {
	commonName   string
	names        []string
	organization string
	crl          []string
	rsa          bool
}

// sign makes a certificate that is good from two days before now on, but never longer than the CA.
func (a *Authority) sign(l leaf, now time.Time) (*tls.Certificate, error) {
	if now.After(a.cert.NotAfter) {
		return nil, fmt.Errorf("sign certificate: the certificate authority expired on %s: "+
			"move %s away and start again", a.cert.NotAfter.Format(time.DateOnly), a.source)
	}
	t := &x509.Certificate{
		Subject:               l.subject(),
		NotBefore:             now.Add(-backdate),
		NotAfter:              earlier(now.Add(leafLifetime), a.cert.NotAfter),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		AuthorityKeyId:        a.keyID,
		CRLDistributionPoints: a.crlURLs(l.crl),
	}
	for _, n := range l.names {
		if ip, err := netip.ParseAddr(n); err == nil {
			t.IPAddresses = append(t.IPAddresses, net.IP(ip.AsSlice()))
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	var key crypto.Signer = a.leafKey
	if l.rsa {
		var err error
		if key, err = a.rsaKey(); err != nil {
			return nil, fmt.Errorf("sign certificate for %s: %w", l.commonName, err)
		}
		t.KeyUsage |= x509.KeyUsageKeyEncipherment // of TLS without ECDHE (RFC 5246 §7.4.2)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate for %s: %w", l.commonName, err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("sign certificate for %s: %w", l.commonName, err)
	}
	chain := append(make([][]byte, 0, 1+len(a.chain)), der)
	return &tls.Certificate{Certificate: append(chain, a.chain...), PrivateKey: key, Leaf: parsed}, nil
}

// subject leaves out what RFC 5280 appendix A.1 has no room for, and text that
// is not UTF-8, as old certificates hold.
func (l *leaf) subject() pkix.Name {
	var n pkix.Name
	if len(l.commonName) <= maxCommonName {
		n.CommonName = l.commonName
	}
	if o := l.organization; o != "" && utf8.ValidString(o) && utf8.RuneCountInString(o) <= maxOrganization {
		n.Organization = []string{o}
	}
	return n
}

// crlURLs points the server's revocation lists to ours.
func (a *Authority) crlURLs(theirs []string) []string {
	var ours []string
	for _, s := range theirs {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !isASCII(u.Host) {
			continue
		}
		ours = append(ours, (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: a.CRLPath()}).String())
	}
	return ours
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
