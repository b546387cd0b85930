package proxy

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// originAt starts an origin at an address, over TLS or not, that speaks all versions of HTTP.
func originAt(t *testing.T, addr string, secure bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener, s.EnableHTTP2 = ln, true
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetHTTP2(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// HTTP/2 in TLS, and without TLS by prior knowledge, from clients that do not know of the proxy.
func TestTransparentHTTP2(t *testing.T) {
	redirected(t, func(t *testing.T, server, own string) {
		for _, c := range []struct {
			scheme         string
			speak          func(*http.Protocols)
			client, server string // versions
		}{
			{"https", onlyHTTP2, "HTTP/2.0", "HTTP/2.0"},
			{"https", onlyHTTP1, "HTTP/1.1", "HTTP/1.1"},
			{"http", priorKnowledge, "HTTP/2.0", "HTTP/2.0"},
			{"http", onlyHTTP1, "HTTP/1.1", "HTTP/1.1"},
		} {
			for _, strategy := range []string{"eager", "lazy"} {
				t.Run(c.scheme+" "+c.client+" "+strategy, func(t *testing.T) {
					originAt(t, server, c.scheme == "https", echo)
					r := newRig(t, "mode=transparent@[::]:8080", "connect_addr="+own, "connection_strategy="+strategy)
					client := speaking(r.clientOf(""), c.speak)
					for _, path := range []string{"/first", "/second"} {
						body := strings.Repeat(path, 20_000)
						if got, version := post(t, client, c.scheme+"://"+server+path, body); got != c.server+" "+body || version != c.client {
							t.Fatalf("%.40q over %s", got, version)
						}
					}
					first, second := r.wait("/first", ended), r.wait("/second", ended)
					if first.Client.ID != second.Client.ID || first.Server.ID != second.Server.ID && c.client == c.server {
						t.Error("the requests did not share their connections")
					}
					if f := second; f.Request.URL() != c.scheme+"://"+server+"/second" || f.Request.Version != c.client || f.Server.Address.String() != server {
						t.Errorf("%s %s to %s", f.Request.URL(), f.Request.Version, f.Server.Address)
					}
				})
			}
		}
	})
}

// Who is ignored sees the origin's own certificate, however the name comes.
func TestTransparentIgnoredHosts(t *testing.T) {
	redirected(t, func(t *testing.T, server, own string) {
		originAt(t, server, true, func(w http.ResponseWriter, q *http.Request) { fmt.Fprintf(w, "%s %s ", q.Method, q.URL.Path) })
		for _, strategy := range []string{"eager", "lazy"} {
			t.Run(strategy, func(t *testing.T) {
				r := newRig(t, "mode=transparent@[::]:8080", "connect_addr="+own, "connection_strategy="+strategy, `ignore_hosts=^ignored\.test:`)
				r.checkIgnored(strategy, map[string]string{"ignored.test": "origin", "other.test": "proxy"}, server, "transparent")
			})
		}
	})
}
