package cert

import (
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"sluice/proxy/file"
)

// ErrCustomCA says that a custom certificate is a CA. It is used nevertheless: only warn.
var ErrCustomCA = errors.New("it is a CA certificate, which clients do not accept from a server: " +
	"to sign with it, put it with its key into " + prefix + suffixCA)

// customs are the certificates that a person gave, by name. They are immutable; nil holds none.
type customs struct {
	exact map[string]*tls.Certificate
	wild  map[string]*tls.Certificate // without the star: ".example.com"
	any   *tls.Certificate
}

func newCustoms() *customs {
	return &customs{exact: map[string]*tls.Certificate{}, wild: map[string]*tls.Certificate{}}
}

// SetCustom replaces all custom certificates by those of the option certs, "[domain=]path". Each is
// used for the names it has, and for domain: a name, a wildcard, or "*" for every
// client, which is the default. A later one goes before an earlier one of the same name.
//
// The PEM file holds the certificate, what else belongs to its chain, and its
// private key, in any order; without a key it is tried with the CA's. A key
// may be encrypted, as PKCS#8 (PBES2 with PBKDF2 and AES-CBC or 3DES-CBC; not scrypt) or in
// OpenSSL's older way with a DEK-Info header.
//
// On an error those from before stay. ErrCustomCA is only a warning.
func (a *Authority) SetCustom(specs []string, passphrase string) error {
	c := newCustoms()
	var warning error
	for _, s := range specs {
		err := c.add(s, passphrase, a.key)
		if err != nil && !errors.Is(err, ErrCustomCA) {
			return err
		}
		warning = errors.Join(warning, err)
	}
	if len(specs) == 0 {
		c = nil
	}
	a.custom.Store(c)
	return warning
}

// find returns the certificate for a request, or nil: by its common name, then by each of its names,
// each time from the exact name up through the wildcards of its parents.
func (c *customs) find(r *LeafRequest) *tls.Certificate {
	if c == nil {
		return nil
	}
	if found := c.byName(r.CommonName); found != nil {
		return found
	}
	for _, n := range r.Names {
		if found := c.byName(n); found != nil {
			return found
		}
	}
	return c.any
}

func (c *customs) byName(n string) *tls.Certificate {
	n, ok := canonical(n)
	if !ok {
		return nil
	}
	if found := c.exact[n]; found != nil {
		return found
	}
	for i := strings.IndexByte(n, '.'); i >= 0; {
		if found := c.wild[n[i:]]; found != nil {
			return found
		}
		next := strings.IndexByte(n[i+1:], '.')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return nil
}

func (c *customs) add(spec, passphrase string, fallback crypto.Signer) error {
	domain, path, ok := strings.Cut(spec, "=")
	if !ok {
		domain, path = "*", spec
	}
	if _, ok := canonical(domain); !ok && domain != "*" {
		return fmt.Errorf("option certs: %q is no host name: write domain=path, or only the path", domain)
	}
	leaf, err := readCustom(file.ExpandHome(path), passphrase, fallback)
	if err != nil {
		return err
	}
	c.register(leaf.Leaf.Subject.CommonName, leaf)
	for _, n := range leaf.Leaf.DNSNames {
		c.register(n, leaf)
	}
	for _, ip := range leaf.Leaf.IPAddresses {
		c.register(ip.String(), leaf)
	}
	c.register(domain, leaf)
	if leaf.Leaf.IsCA {
		return fmt.Errorf("certificate file %s: %w", path, ErrCustomCA)
	}
	return nil
}

// register ignores a common name that is no host name.
func (c *customs) register(n string, leaf *tls.Certificate) {
	if n == "*" {
		c.any = leaf
		return
	}
	n, ok := canonical(n)
	if !ok {
		return
	}
	if parent, wild := strings.CutPrefix(n, "*"); wild {
		c.wild[parent] = leaf
	} else {
		c.exact[n] = leaf
	}
}

func readCustom(path, passphrase string, fallback crypto.Signer) (*tls.Certificate, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("certificate file does not exist: %s: check the option certs", path)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate file: %w: make it readable, or change the option certs", err)
	}
	b, err := parsePEM(data, passphrase)
	if err != nil {
		return nil, fmt.Errorf("invalid certificate format: %s: %w", path, err)
	}
	why := "its private key does not belong to its certificate: give both in one file"
	if b.key == nil {
		b.key, why = fallback, "it lacks the certificate's private key: append it to the file"
	}
	leaf, rest, ok := b.match(b.key.Public())
	if len(b.certs) == 0 {
		why = "it holds no PEM certificate: convert it, or change the option certs"
	}
	if !ok {
		return nil, fmt.Errorf("invalid certificate format: %s: %s", path, why)
	}
	t := &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: b.key, Leaf: leaf}
	for _, c := range rest {
		t.Certificate = append(t.Certificate, c.Raw)
	}
	return t, nil
}
