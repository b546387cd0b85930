package cert

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// The PEM labels of RFC 7468, and those of OpenSSL before it.
const (
	pemCertificate = "CERTIFICATE"
	pemPKCS8       = "PRIVATE KEY"
	pemEncrypted   = "ENCRYPTED PRIVATE KEY"
	pemPKCS1       = "RSA PRIVATE KEY"
	pemSEC1        = "EC PRIVATE KEY"
)

// A bundle is what a PEM file holds: certificates in their order and at most one key.
type bundle struct {
	certs []*x509.Certificate
	key   crypto.Signer // nil if there was none
}

// parsePEM reads the blocks of a file in any order. Of several keys the first
// counts, blocks of other kinds are skipped. It does not ask whether key and
// certificates belong together.
func parsePEM(data []byte, passphrase string) (*bundle, error) {
	b := &bundle{}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return b, nil
		}
		switch block.Type {
		case pemCertificate:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("read certificate: %w", err)
			}
			b.certs = append(b.certs, c)
		case pemPKCS8, pemEncrypted, pemPKCS1, pemSEC1:
			if b.key != nil {
				continue
			}
			key, err := parseKey(block, passphrase)
			if err != nil {
				return nil, fmt.Errorf("read private key: %w", err)
			}
			b.key = key
		}
	}
}

// match splits the certificates into the first one for a public key and the others.
func (b *bundle) match(pub crypto.PublicKey) (c *x509.Certificate, rest []*x509.Certificate, ok bool) {
	for i, c := range b.certs {
		k, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if ok && k.Equal(pub) {
			rest = append(rest, b.certs[:i]...)
			return c, append(rest, b.certs[i+1:]...), true
		}
	}
	return nil, nil, false
}

func parseKey(block *pem.Block, passphrase string) (crypto.Signer, error) {
	der, err := decryptKey(block, passphrase)
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case pemPKCS1:
		key, err = x509.ParsePKCS1PrivateKey(der)
	case pemSEC1:
		key, err = x509.ParseECPrivateKey(der)
	default:
		key, err = x509.ParsePKCS8PrivateKey(der)
	}
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("this kind of key cannot sign: use an RSA, EC or Ed25519 key")
	}
	return signer, nil
}
