package addon

import (
	"crypto/x509"
	"log/slog"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

func TestCRL(t *testing.T) {
	_, _, ca := newTLS(t)
	c := &CRL{CA: ca, Log: slog.New(slog.DiscardHandler)}
	ask := func(path string, change func(*flow.Flow)) *flow.Flow {
		f := exchange()
		f.Live, f.Response, f.Request.Path = true, nil, path
		if change != nil {
			change(f)
		}
		c.Handle(&layer.Request{OfFlow: layer.OfFlow{Flow: f}})
		return f
	}
	f := ask("/some/where"+ca.CRLPath(), nil)
	if f.Response == nil || f.Response.Status != 200 || f.Response.Headers.Get("Content-Type") != "application/pkix-crl" {
		t.Fatalf("%+v", f.Response)
	}
	list, err := x509.ParseRevocationList(f.Response.Body.Bytes())
	if err != nil || len(list.RevokedCertificateEntries) != 0 {
		t.Fatal(list, err)
	}
	if err := list.CheckSignatureFrom(ca.Certificate()); err != nil {
		t.Error(err)
	}
	if f := ask("/sluice-1.crl", nil); f.Response != nil {
		t.Error("another authority's list was answered")
	}
	if f := ask(ca.CRLPath(), func(f *flow.Flow) { f.Live = false }); f.Response != nil {
		t.Error("a flow that is over was answered")
	}
}
