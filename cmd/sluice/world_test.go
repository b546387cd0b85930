package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/proxy/cert"
)

// A request is what an origin has received.
type request struct {
	method, path, body string
	header             http.Header
}

// A world is an origin that speaks TLS and a client of it that uses a proxy on a port, which is free at first.
type world struct {
	t        *testing.T
	origin   *httptest.Server
	port     int
	confdir  string
	ca       string // file with the certificate that the origin is verified by
	client   *http.Client
	received chan request
	tick     chan string // an event of /events each; closed: the stream ends
}

// newWorld starts the origin and makes a CA for the proxy.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, confdir: t.TempDir(), received: make(chan request, 64), tick: make(chan string)}
	w.origin = httptest.NewTLSServer(http.HandlerFunc(w.answer))
	t.Cleanup(w.origin.Close)
	w.ca = filepath.Join(t.TempDir(), "origin.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.origin.Certificate().Raw})
	if err := os.WriteFile(w.ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	authority, err := cert.Load(w.confdir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.port = freePort(t)
	trusted := x509.NewCertPool()
	trusted.AddCert(authority.Certificate())
	transport := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(w.port))}),
		TLSClientConfig: &tls.Config{RootCAs: trusted},
	}
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: transport}
	return w
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// answer keeps what it was asked and says something that depends on it.
func (w *world) answer(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		w.chat(rw, r)
		return
	}
	if r.URL.Path == "/events" {
		w.events(rw, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	select {
	case w.received <- request{r.Method, r.URL.Path, string(body), r.Header.Clone()}:
	default:
	}
	rw.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(r.URL.Path, "/login") {
		rw.Header().Set("Set-Cookie", "id=1; Path=/")
	}
	if strings.HasPrefix(r.URL.Path, "/headers") { // says what it was sent
		_ = r.Header.Write(rw)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/missing") {
		rw.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprintf(rw, `{"path": %q, "said": %q, "greeting": "hello from the origin"}`, r.URL.Path, body)
}

// flags are what the program needs to stand between the client and the origin.
func (w *world) flags(more ...string) []string {
	return append([]string{"--listen-host", "127.0.0.1", "-p", strconv.Itoa(w.port), "--set", "confdir=" + w.confdir,
		"--set", "ssl_verify_upstream_trusted_ca=" + w.ca}, more...)
}

// An answer is what the client got: the body of a response after its status, or an error.
type answer struct {
	status int
	body   string
	err    error
}

// ask sends a request through the proxy, with fields such as "Name: value", and returns where its answer will come.
func (w *world) ask(method, path, body string, fields ...string) <-chan answer {
	w.t.Helper()
	got := make(chan answer, 1)
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.origin.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-Client", "as the client said")
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Add(name, value)
	}
	go func() {
		resp, err := w.client.Do(req)
		if err != nil {
			got <- answer{err: err}
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		got <- answer{resp.StatusCode, string(b), err}
	}()
	return got
}

// get is ask for a plain request, whose answer must be good.
func (w *world) get(path string) string {
	w.t.Helper()
	a := <-w.ask("GET", path, "")
	if a.err != nil {
		w.t.Fatalf("GET %s: %v", path, a.err)
	}
	return a.body
}
