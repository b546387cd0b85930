package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// distrusting asks the origin through the proxy as a client that does not know the proxy's CA, and returns the client's error.
func (w *world) distrusting() error {
	w.t.Helper()
	transport := w.client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	w.t.Cleanup(transport.CloseIdleConnections)
	_, err := (&http.Client{Transport: transport}).Get(w.origin.URL + "/never")
	return err
}

// TestJourneyDistrust looks at the row of a client that does not trust the CA: what happened, and what to do.
func TestJourneyDistrust(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		w.get("/fine")
		x.see("/fine", "[1/1]")
		if err := w.distrusting(); err == nil {
			t.Fatal("the client trusts anybody")
		}
		x.see("TLS failed: CA not trusted", "[1/2]")
		u, err := url.Parse(w.origin.URL)
		if err != nil {
			t.Fatal(err)
		}
		x.press("f", "~e & ~d "+u.Hostname(), keyEnter)
		x.miss("/fine")
		x.see("TLS failed: CA not trusted", "[1/1]")
		x.press(keyEnter)
		x.see("Why:", "does not trust the proxy's certificate", "What to do:")
		x.until("see the file to install", func(screen string) bool {
			return strings.Contains(strings.Join(strings.Fields(screen), ""), w.confdir+"/sluice-ca-cert.pem")
		})
		x.press("q")
		x.see("[1/1]")
		quit(x)
	})
}
