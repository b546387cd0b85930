package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// newBareHTTP2 starts an origin that speaks HTTP/2 without TLS and nothing else, and begins with its SETTINGS.
func newBareHTTP2(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(echo), Protocols: new(http.Protocols)}
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(ln)
	t.Cleanup(func() { s.Close() })
	return ln.Addr().String()
}

// TestReverseBareHTTP2 stands before a server that speaks nothing but HTTP/2 without TLS, for clients of all kinds.
func TestReverseBareHTTP2(t *testing.T) {
	spec := "reverse:http2://" + newBareHTTP2(t)
	for _, c := range []struct {
		name, scheme, version string
		speak                 func(*http.Protocols)
	}{
		{"h2c", "http", "HTTP/2.0", priorKnowledge},
		{"h2", "https", "HTTP/2.0", onlyHTTP2},
		{"h1", "http", "HTTP/1.1", onlyHTTP1},
		{"h1 in TLS", "https", "HTTP/1.1", onlyHTTP1},
	} {
		for _, strategy := range []string{"eager", "lazy"} {
			t.Run(c.name+" "+strategy, func(t *testing.T) {
				r := newRig(t, "mode="+spec, "connection_strategy="+strategy)
				client := speaking(r.clientOf(""), c.speak)
				for _, path := range []string{"/first", "/second"} {
					if got, version := post(t, client, c.scheme+"://"+r.at(spec)+path, "hi"); got != "HTTP/2.0 hi" || version != c.version {
						t.Fatalf("%q over %s", got, version)
					}
				}
				first, second := r.wait("/first", ended), r.wait("/second", ended)
				if first.Server.ID != second.Server.ID || second.Request.Scheme != "http" || second.Error != nil {
					t.Errorf("%s, %s, %s, %v", first.Server.ID, second.Server.ID, second.Request.URL(), second.Error)
				}
			})
		}
	}
}

// TestPriorKnowledge has clients speak HTTP/2 without TLS in tunnels, many streams at once: they share a connection to the server.
func TestPriorKnowledge(t *testing.T) {
	origin := newBareHTTP2(t)
	for _, mode := range []string{"regular", "socks5"} {
		for _, strategy := range []string{"eager", "lazy"} {
			t.Run(mode+" "+strategy, func(t *testing.T) {
				r := newRig(t, "mode="+mode, "connection_strategy="+strategy)
				var dials sync.WaitGroup // of some more connections than are used
				tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					dials.Add(1)
					defer dials.Done()
					return r.reach(mode, origin), nil
				}}
				defer tr.CloseIdleConnections()
				defer dials.Wait()
				client := speaking(&http.Client{Transport: tr}, priorKnowledge)
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						resp, err := client.Post(fmt.Sprintf("http://%s/%d", origin, i), "text/plain", strings.NewReader("hi"))
						if err != nil {
							t.Error(err)
							return
						}
						defer resp.Body.Close()
						if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "HTTP/2.0 hi" || resp.Trailer.Get("X-Sum") == "" {
							t.Errorf("%q, %v, %v", b, resp.Trailer, err)
						}
					})
				}
				wg.Wait()
				servers := map[string]bool{}
				for i := range 20 {
					servers[r.wait(fmt.Sprintf("/%d", i), ended).Server.ID.String()] = true
				}
				if len(servers) != 1 {
					t.Errorf("%d connections to the server", len(servers))
				}
			})
		}
	}
}
