package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// distrusting asks the origin through the proxy as a client that trusts the origin and not the proxy's CA, and returns the client's error.
func (w *world) distrusting() error {
	w.t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(w.origin.Certificate())
	transport := w.client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(w.origin.URL + "/never")
	if err == nil {
		resp.Body.Close()
	}
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

// TestJourneyPassthrough lets a client through that has refused the certificate twice: it reaches the origin itself.
func TestJourneyPassthrough(t *testing.T) {
	journey(t, nil, []string{"--set", "tls_passthrough_after=2"}, func(t *testing.T, w *world, x *terminal) {
		for i := range 2 {
			if err := w.distrusting(); err == nil {
				t.Fatalf("try %d was not intercepted", i)
			}
		}
		x.see("[1/2]")
		if err := w.distrusting(); err != nil {
			t.Fatal("it is not passed through:", err)
		}
		if r := await(x, "the request that nobody else can read", w.received); r.path != "/never" {
			t.Errorf("the origin got %+v", r)
		}
		x.see("TLS passed through", "[1/3]")
		x.press("E")
		x.see("passes through untouched")
		x.press("q")
		x.press("G", keyEnter)
		x.see("Why:", "2 times in a row", "What to do:")
		x.press("q")
		quit(x)
	})
}
