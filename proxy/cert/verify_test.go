package cert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestExplain(t *testing.T) {
	a, other := testAuthority(t, t.TempDir()), testAuthority(t, t.TempDir())
	leaf, err := a.Leaf(LeafRequest{Names: []string{"a.example", "b.example", "c.example", "d.example", "192.0.2.1"}})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	check := func(c *x509.Certificate, host string, when time.Time, roots *x509.CertPool) error {
		_, err := c.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: when})
		if err == nil {
			t.Fatal("it verifies")
		}
		chain := []*x509.Certificate{c}
		return fmt.Errorf("handshake: %w", &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err})
	}
	none := x509.NewCertPool()
	inChain := &tls.CertificateVerificationError{
		UnverifiedCertificates: []*x509.Certificate{leaf.Leaf, a.cert}, Err: x509.UnknownAuthorityError{Cert: a.cert},
	}
	for _, tt := range []struct {
		err  error
		want []string
	}{
		{check(leaf.Leaf, "a.example", testNow.AddDate(1, 0, 0), roots), []string{"a.example expired on 2030-11-21", "ssl_insecure"}},
		{check(leaf.Leaf, "a.example", testNow.AddDate(0, 0, -3), roots), []string{"not valid before 2030-05-04", "clock"}},
		{check(leaf.Leaf, "x.example", testNow, roots), []string{"wrong host", "x.example", "only a.example, b.example, c.example and 1 more"}},
		{check(leaf.Leaf, "192.0.2.2", testNow, roots), []string{"wrong host", "only 192.0.2.1"}},
		{check(leaf.Leaf, "a.example", testNow, none), []string{"unknown authority", "CN=sluice", "ssl_verify_upstream_trusted_ca"}},
		{check(other.cert, "", testNow, roots), []string{"self-signed certificate (sluice)"}},
		{inChain, []string{"chain ends in the self-signed certificate of an unknown authority (sluice)"}},
		{x509.CertificateInvalidError{Cert: leaf.Leaf, Reason: x509.IncompatibleUsage}, []string{"not meant for servers"}},
		{x509.SystemRootsError{}, []string{"no trusted certificates"}},
		{&tls.CertificateVerificationError{Err: errors.New("bad\nline")}, []string{"bad?line", "ssl_insecure"}},
	} {
		cause, remedy := Explain(tt.err)
		got := cause + ": " + remedy
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("%v:\n got %q\nwant %q in it", tt.err, got, w)
			}
		}
		if strings.Contains(got, "\n") {
			t.Errorf("%q has more than one line", got)
		}
	}
	for _, err := range []error{nil, errors.New("connection reset"), tls.RecordHeaderError{}} {
		if cause, remedy := Explain(err); cause+remedy != "" {
			t.Errorf("%v: got %q and %q, want nothing", err, cause, remedy)
		}
	}
}
