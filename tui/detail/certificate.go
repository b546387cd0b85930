package detail

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"time"

	"sluice/proxy/content"
	"sluice/tui/text"
)

// certificate writes a certificate, the first of a chain.
func (s *sheet) certificate(c *x509.Certificate, chain int) {
	digest := sha256.Sum256(c.Raw)
	s.section("Server Certificate:", fact{"Type", keyType(c)}, fact{"SHA256 digest", fmt.Sprintf("% x", digest)},
		fact{"Valid from", day(c.NotBefore)}, fact{"Valid to", day(c.NotAfter)}, fact{"Serial", c.SerialNumber.String()})
	s.names("Subject", c.Subject)
	s.names("Issuer", c.Issuer)
	alt := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		alt = append(alt, ip.String())
	}
	length := ""
	if chain > 1 {
		length = fmt.Sprintf("%d certificates", chain)
	}
	s.rows(4, []fact{{"Alt names", strings.Join(alt, ", ")}, {"Chain", length}})
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// keyType says which key a certificate has.
func keyType(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		return fmt.Sprintf("EC (%s), %d bits", k.Curve.Params().Name, k.Curve.Params().BitSize)
	case ed25519.PublicKey:
		return "Ed25519, 256 bits"
	}
	return c.PublicKeyAlgorithm.String()
}

// attributes are the short names of the parts of a name (RFC 4514 §3).
var attributes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.17": "postalCode", "1.2.840.113549.1.9.1": "emailAddress",
	"0.9.2342.19200300.100.1.25": "DC",
}

// names writes the parts of a name below its title.
func (s *sheet) names(title string, n pkix.Name) {
	if len(n.Names) == 0 {
		return
	}
	s.add(content.Line{{Text: "    "}, {Text: title + ":", Role: text.Header}}, 0)
	rows := make([]fact, len(n.Names))
	for i, part := range n.Names {
		name := part.Type.String()
		if short, ok := attributes[name]; ok {
			name = short
		}
		rows[i] = fact{name, fmt.Sprint(part.Value)}
	}
	s.rows(8, rows)
}
