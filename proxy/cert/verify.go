package cert

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

const (
	acceptAny = "to accept any certificate, set ssl_insecure"
	trustMore = "to trust its authority, set ssl_verify_upstream_trusted_ca to its PEM file; " + acceptAny
)

// Explain says in one line why a server's certificate was refused and in another what
// to do about it. Both are "" for an error that is not about a certificate's verification.
func Explain(err error) (cause, remedy string) {
	var (
		expired x509.CertificateInvalidError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		roots   x509.SystemRootsError
		weak    x509.InsecureAlgorithmError
		ext     x509.UnhandledCriticalExtension
		tlsErr  *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &expired):
		return invalidText(expired)
	case errors.As(err, &host):
		return hostText(host)
	case errors.As(err, &unknown):
		return unknownText(unknown, err)
	case errors.As(err, &roots):
		return "this system has no trusted certificates",
			"install its ca-certificates package, or set ssl_verify_upstream_trusted_ca"
	case errors.As(err, &weak):
		return "the certificate is signed with a weak algorithm", acceptAny
	case errors.As(err, &ext):
		return "the certificate has a critical extension that is not understood", acceptAny
	case errors.As(err, &tlsErr):
		return oneLine(tlsErr.Err.Error()), acceptAny
	}
	return "", ""
}

func invalidText(e x509.CertificateInvalidError) (cause, remedy string) {
	c := e.Cert
	if c == nil {
		return oneLine(e.Error()), acceptAny
	}
	switch e.Reason {
	case x509.Expired: // also when the time has not come yet, which only the detail tells
		if strings.Contains(e.Detail, "is before") {
			return fmt.Sprintf("the certificate of %s is not valid before %s", subject(c), c.NotBefore.Format(time.DateOnly)),
				"check the clock of this machine; " + acceptAny
		}
		return fmt.Sprintf("the certificate of %s expired on %s", subject(c), c.NotAfter.Format(time.DateOnly)), acceptAny
	case x509.NotAuthorizedToSign:
		return fmt.Sprintf("the certificate of %s may not sign others", subject(c)), acceptAny
	case x509.IncompatibleUsage:
		return fmt.Sprintf("the certificate of %s is not meant for servers", subject(c)), acceptAny
	}
	return oneLine(e.Error()), acceptAny
}

func hostText(e x509.HostnameError) (cause, remedy string) {
	if e.Certificate == nil {
		return "wrong host: the certificate is not for " + oneLine(e.Host), acceptAny
	}
	names := e.Certificate.DNSNames
	if net.ParseIP(strings.Trim(e.Host, "[]")) != nil {
		names = nil
		for _, ip := range e.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
	}
	const shown = 3
	has := "no such name at all"
	if len(names) > 0 {
		has = "only " + strings.Join(names[:min(shown, len(names))], ", ")
		if n := len(names) - shown; n > 0 {
			has += fmt.Sprintf(" and %d more", n)
		}
	}
	return fmt.Sprintf("wrong host: the certificate is not for %s, it has %s", oneLine(e.Host), oneLine(has)), acceptAny
}

// unknownText tells a self-signed certificate, and one at the end of the chain,
// from an issuer that nobody knows.
func unknownText(e x509.UnknownAuthorityError, err error) (cause, remedy string) {
	c := e.Cert
	if c == nil {
		return "the certificate is signed by an unknown authority", trustMore
	}
	if !bytes.Equal(c.RawIssuer, c.RawSubject) {
		issuer := oneLine(c.Issuer.String())
		return fmt.Sprintf("the certificate of %s is signed by an unknown authority (%s)", subject(c), issuer), trustMore
	}
	var chain *tls.CertificateVerificationError
	if errors.As(err, &chain) && len(chain.UnverifiedCertificates) > 0 &&
		!chain.UnverifiedCertificates[0].Equal(c) {
		return fmt.Sprintf("the chain ends in the self-signed certificate of an unknown authority (%s)", subject(c)), trustMore
	}
	return fmt.Sprintf("self-signed certificate (%s)", subject(c)), trustMore
}

// subject names a certificate by its common name, a name, or its whole subject.
func subject(c *x509.Certificate) string {
	switch {
	case c.Subject.CommonName != "":
		return oneLine(c.Subject.CommonName)
	case len(c.DNSNames) > 0:
		return oneLine(c.DNSNames[0])
	}
	return oneLine(c.Subject.String())
}

// oneLine cuts what a server wrote, and takes what could move the cursor out of it.
func oneLine(s string) string {
	const most = 200 // characters
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > most {
			return -1
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e {
			return '?'
		}
		return r
	}, s)
}
