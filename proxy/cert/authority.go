// Package cert is the certificate authority of the proxy: its files, the leaf
// certificates it signs while connections come in, and the ones a person gives.
//
// It opens no connection and verifies no peer; Explain only words what
// crypto/tls found. Everything but the fields of an Authority may be used from
// any goroutine. Leaf blocks for the time of one signature, and only when the
// certificate is not in the cache.
package cert

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"
)

const (
	name       = "sluice"
	backdate   = 48 * time.Hour // clients' clocks may be slow
	caLifetime = 3650 * 24 * time.Hour
	crlPeriod  = 7 * 24 * time.Hour
)

// An Authority signs leaf certificates.
type Authority struct {
	// Clock says when a leaf is asked for; nil means time.Now. Set it before the first use.
	Clock func() time.Time

	cert    *x509.Certificate
	key     crypto.Signer
	keyID   []byte // what leaves name as their authority key identifier
	chain   [][]byte
	source  string
	crlPath string
	leafKey *ecdsa.PrivateKey // of every leaf but those with RSA, for the life of the process
	rsaKey  func() (crypto.Signer, error)
	custom  atomic.Pointer[customs]
	cache   cache
}

// newAuthority checks what a CA file holds. Its errors lack the file's name. rsaBits: as Config.KeySize.
func newAuthority(b *bundle, source string, rsaBits int, now time.Time) (*Authority, error) {
	if len(b.certs) == 0 || b.key == nil {
		return nil, errors.New("it must hold a certificate and its private key, both PEM: " + replaceIt)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c, rest, ok := b.match(b.key.Public())
	switch {
	case !ok:
		return nil, errors.New("its private key does not belong to its certificate: " + replaceIt)
	case !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return nil, errors.New("its certificate may not sign others, it is no CA: " + replaceIt)
	case now.After(c.NotAfter):
		return nil, fmt.Errorf("it expired on %s: move it away, start again, "+
			"and install the new one on your devices", c.NotAfter.Format(time.DateOnly))
	case now.Before(c.NotBefore):
		return nil, fmt.Errorf("it is not valid before %s: check the clock of this machine",
			c.NotBefore.Format(time.DateOnly))
	}
	a := &Authority{cert: c, key: b.key, keyID: c.SubjectKeyId, source: source, leafKey: leafKey}
	a.crlPath = "/" + name + "-" + c.SerialNumber.String() + ".crl"
	a.rsaKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, cmp.Or(rsaBits, 2048)) })
	if len(a.keyID) == 0 {
		a.keyID = keyID(c)
	}
	a.chain = append(a.chain, c.Raw)
	for _, r := range rest {
		a.chain = append(a.chain, r.Raw)
	}
	a.cache.init(maxCached, maxCachedBytes)
	return a, nil
}

const replaceIt = "put a good one there, or move it away to get a new CA"

// Certificate returns the CA's certificate. It must not be changed.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// CertPEM returns the CA's certificate, without its key, for devices to trust.
func (a *Authority) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: a.cert.Raw})
}

// CRLPath is the URL path under which a leaf says that CRL is found.
func (a *Authority) CRLPath() string { return a.crlPath }

// CRL returns an empty revocation list in DER, good for five days. It fails for
// an imported CA that may not sign lists or has no subject key identifier.
func (a *Authority) CRL() ([]byte, error) {
	begin := a.now().Add(-backdate)
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number:     big.NewInt(1000),
		ThisUpdate: begin,
		NextUpdate: begin.Add(crlPeriod),
	}, a.cert, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign revocation list: %w", err)
	}
	return der, nil
}

func (a *Authority) now() time.Time {
	if a.Clock != nil {
		return a.Clock()
	}
	return time.Now()
}

// keyID derives a key identifier from the public key bits (RFC 5280 §4.2.1.2, method 1).
func keyID(c *x509.Certificate) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:]
}

// generate makes a new CA and returns its PEM file: key, then certificate. rsaBits: as Config.KeySize.
func generate(rsaBits int, now time.Time) ([]byte, error) {
	var key crypto.Signer
	var err error
	if rsaBits == 0 {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	}
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{name}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(caLifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, b := range []*pem.Block{{Type: pemPKCS8, Bytes: secret}, {Type: pemCertificate, Bytes: der}} {
		if err := pem.Encode(&out, b); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
