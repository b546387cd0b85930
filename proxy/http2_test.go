package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
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
	if len(offers) == 1 && offers[0] == "h2" {
		return speaking(c, onlyHTTP2) // or more would be offered
	}
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
	w.Header().Set("X-Sum", strings.TrimSpace("sum of "+q.Trailer.Get("X-Part")))
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
		{"h2 alone to h1", []string{"h2"}, false, "eager", "HTTP/2.0", "HTTP/1.1"},
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

// TestHTTP2SharesOneConnection: all streams of a client to a server go over one, and those that ask while it is opened wait for it.
func TestHTTP2SharesOneConnection(t *testing.T) {
	for _, strategy := range []string{"eager", "lazy"} {
		t.Run(strategy, func(t *testing.T) {
			r := newRig(t, "connection_strategy="+strategy)
			var conns atomic.Int32
			origin := httptest.NewUnstartedServer(http.HandlerFunc(echo))
			origin.EnableHTTP2 = true
			origin.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					conns.Add(1)
				}
			}
			origin.StartTLS()
			t.Cleanup(origin.Close)
			tr := r.h2Client("h2").Transport.(*http.Transport)
			one, err := tr.NewClientConn(context.Background(), "https", origin.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer one.Close()
			var wg sync.WaitGroup
			for i := range 40 {
				wg.Go(func() {
					q, _ := http.NewRequest("POST", origin.URL+"/echo", strings.NewReader(fmt.Sprint(i)))
					resp, err := one.RoundTrip(q)
					if err != nil {
						t.Error(err)
						return
					}
					defer resp.Body.Close()
					if b, err := io.ReadAll(resp.Body); err != nil || string(b) != fmt.Sprint("HTTP/2.0 ", i) {
						t.Errorf("%q, %v", b, err)
					}
				})
			}
			wg.Wait()
			if n := conns.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestHTTP2Calls sends messages to and fro in one exchange, each when the one before has been answered, as gRPC does.
func TestHTTP2Calls(t *testing.T) {
	r := newRig(t)
	origin := newOrigin(t, true, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Trailer", "Grpc-Status")
		w.Header().Set("Content-Type", "application/grpc")
		w.WriteHeader(200)
		http.NewResponseController(w).Flush()
		for in := bufio.NewScanner(q.Body); in.Scan(); {
			fmt.Fprintf(w, "re: %s\n", in.Text())
			http.NewResponseController(w).Flush()
		}
		w.Header().Set("Grpc-Status", "0")
	})
	body, say := io.Pipe()
	q, _ := http.NewRequest("POST", origin.URL+"/call", body)
	q.Header.Set("Te", "trailers")
	resp, err := r.h2Client("h2").Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	hear := bufio.NewReader(resp.Body)
	for i := range 20 {
		fmt.Fprintf(say, "message %d\n", i)
		if line, err := hear.ReadString('\n'); err != nil || line != fmt.Sprintf("re: message %d\n", i) {
			t.Fatalf("%q, %v", line, err)
		}
	}
	say.Close()
	if rest, err := io.ReadAll(hear); len(rest) > 0 || err != nil || resp.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("%q, %v, trailers %v", rest, err, resp.Trailer)
	}
	f := r.wait("/call", ended)
	if !strings.HasPrefix(string(f.Request.Body.Bytes()), "message 0\nmessage 1\n") || f.Response.Trailers.Get("grpc-status") != "0" {
		t.Errorf("recorded %q, %v", f.Request.Body.Bytes(), f.Response.Trailers)
	}
}

// TestHTTP2Off: with the option off nobody is offered it.
func TestHTTP2Off(t *testing.T) {
	r := newRig(t, "http2=false")
	origin := newOrigin(t, true, echo)
	resp, err := r.h2Client("h2", "http/1.1").Get(origin.URL + "/off")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "HTTP/1.1 " || resp.Proto != "HTTP/1.1" {
		t.Errorf("%q over %s, %v", b, resp.Proto, err)
	}
}

// TestHTTP2Kill ends one stream, and the connection goes on.
func TestHTTP2Kill(t *testing.T) {
	r := newRig(t, "intercept=~u /held")
	origin := newOrigin(t, true, echo)
	client := r.h2Client("h2")
	failed := make(chan error)
	go func() {
		_, err := client.Get(origin.URL + "/held")
		failed <- err
	}()
	f := r.wait("/held", held)
	if resp, err := client.Get(origin.URL + "/other"); err != nil || resp.Body.Close() != nil {
		t.Fatal(err)
	}
	if !r.Kill(f.ID) {
		t.Fatal("not found")
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "INTERNAL_ERROR") {
		t.Errorf("the client got %v", err)
	}
	other := r.wait("/other", ended)
	if resp, err := client.Get(origin.URL + "/more"); err != nil || resp.Body.Close() != nil {
		t.Fatal(err)
	}
	if more := r.wait("/more", ended); more.Client.ID != other.Client.ID {
		t.Error("the connection was given up with the stream")
	}
}
