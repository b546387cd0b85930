package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// h2Client returns a client that comes through the proxy and offers protocols, HTTP/2 among them.
func (r *rig) h2Client(offers ...string) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(r.CA.Certificate())
	at := &url.URL{Scheme: "http", Host: r.Addrs()[0].String()}
	c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at), ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, NextProtos: offers}}}
	r.t.Cleanup(c.CloseIdleConnections)
	return c
}

// newOrigin starts an origin over TLS, with or without HTTP/2.
func newOrigin(t *testing.T, http2 bool, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// echo answers with the request's version and body, says what trailers came, and sends some.
func echo(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Trailer", "X-Sum")
	w.Header().Set("X-Cookie", strings.Join(q.Header["Cookie"], "|"))
	body, _ := io.ReadAll(q.Body)
	fmt.Fprintf(w, "%s %s", q.Proto, body)
	w.Header().Set("X-Sum", "sum of "+q.Trailer.Get("X-Part"))
}

// TestHTTP2EndToEnd speaks every pair of versions to origins through the proxy.
func TestHTTP2EndToEnd(t *testing.T) {
	for _, c := range []struct {
		name           string
		offers         []string
		server         bool
		strategy       string
		client, origin string // versions
	}{
		{"h2 to h2", []string{"h2", "http/1.1"}, true, "eager", "HTTP/2.0", "HTTP/2.0"},
		{"h2 to h1", []string{"h2", "http/1.1"}, false, "lazy", "HTTP/2.0", "HTTP/1.1"},
		{"as the origin", []string{"h2", "http/1.1"}, false, "eager", "HTTP/1.1", "HTTP/1.1"},
		{"h1 to h2", []string{"http/1.1", "h2"}, true, "lazy", "HTTP/1.1", "HTTP/2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, "connection_strategy="+c.strategy)
			origin := newOrigin(t, c.server, echo)
			client := r.h2Client(c.offers...)
			body := strings.Repeat("0123456789", 30_000)
			q, _ := http.NewRequest("POST", origin.URL+"/echo", io.NopCloser(strings.NewReader(body)))
			q.Header.Set("Cookie", "a=1; b=2")
			q.Trailer = http.Header{"X-Part": {"parts"}}
			resp, err := client.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || resp.Proto != c.client {
				t.Fatal(resp.Proto, err)
			}
			if string(got) != c.origin+" "+body {
				t.Fatalf("%d bytes, %.20q", len(got), got)
			}
			if resp.Header.Get("X-Cookie") != "a=1; b=2" || resp.Trailer.Get("X-Sum") != "sum of parts" {
				t.Errorf("cookies %q, trailers %v", resp.Header.Get("X-Cookie"), resp.Trailer)
			}
			f := r.wait("/echo", func(f *flow.Flow) bool { return ended(f) && f.Request.Method == "POST" })
			if f.Request.Version != c.client || string(f.Request.Body.Bytes()) != body || f.Error != nil {
				t.Errorf("recorded %s, %d bytes, %v", f.Request.Version, f.Request.Body.Len(), f.Error)
			}
		})
	}
}
