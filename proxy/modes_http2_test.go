package proxy

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// speaking limits a client to some versions of HTTP.
func speaking(c *http.Client, set func(*http.Protocols)) *http.Client {
	p := new(http.Protocols)
	set(p)
	c.Transport.(*http.Transport).Protocols = p
	return c
}

func onlyHTTP1(p *http.Protocols) { p.SetHTTP1(true) }
func onlyHTTP2(p *http.Protocols) { p.SetHTTP2(true) }

// priorKnowledge has a client begin with the preface of HTTP/2 without TLS (RFC 9113 §3.3).
func priorKnowledge(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }

// post sends a body and returns what came, and over which version.
func post(t *testing.T, c *http.Client, url, body string) (got, version string) {
	t.Helper()
	resp, err := c.Post(url, "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), resp.Proto
}

// only has an origin speak one protocol, and refuse those who do not offer it (RFC 7301 §3.2), or, curt, leave without a word.
func only(s *httptest.Server, protocol string, curt bool) {
	s.TLS = &tls.Config{NextProtos: []string{protocol}}
	s.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, protocol) {
			return nil, nil
		}
		if curt {
			hello.Conn.Close()
		}
		c := s.TLS.Clone()
		c.NextProtos = []string{"none"}
		return c, nil
	}
}

// onlyHTTP2Origin is an origin that speaks nothing but HTTP/2. Curt: it leaves those without a word who do not offer that.
func onlyHTTP2Origin(t *testing.T, curt bool) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	only(s, "h2", curt)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// TestReverseHTTP2 comes in every way to a reverse proxy of origins of every kind. What a server is
// offered is what the client speaks, and the other version where it refuses that.
func TestReverseHTTP2(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(plain.Close)
	one, two := newOrigin(t, false, echo), newOrigin(t, true, echo)
	alone, curt := onlyHTTP2Origin(t, false), onlyHTTP2Origin(t, true)
	for _, c := range []struct {
		name, scheme   string
		speak          func(*http.Protocols)
		origin         string
		strategies     string
		client, server string // versions
	}{
		{"h2 to https", "https", onlyHTTP2, two.URL, "eager lazy", "HTTP/2.0", "HTTP/2.0"},
		{"h2 to https of h1", "https", onlyHTTP2, one.URL, "eager lazy", "HTTP/2.0", "HTTP/1.1"},
		{"h2 to http", "https", onlyHTTP2, plain.URL, "eager lazy", "HTTP/2.0", "HTTP/1.1"},
		{"h1 in TLS to https", "https", onlyHTTP1, two.URL, "eager lazy", "HTTP/1.1", "HTTP/1.1"},
		{"h1 to https", "http", onlyHTTP1, two.URL, "eager lazy", "HTTP/1.1", "HTTP/1.1"},
		{"h1 to https of h2 alone", "http", onlyHTTP1, alone.URL, "eager lazy", "HTTP/1.1", "HTTP/2.0"},
		{"h1 to https of h2 alone that leaves", "http", onlyHTTP1, curt.URL, "eager lazy", "HTTP/1.1", "HTTP/2.0"},
		{"h2c to https of h2 alone", "http", priorKnowledge, alone.URL, "eager lazy", "HTTP/2.0", "HTTP/2.0"},
		{"h2c to https", "http", priorKnowledge, two.URL, "eager lazy", "HTTP/2.0", "HTTP/2.0"},
		{"h2c to https of h1", "http", priorKnowledge, one.URL, "eager lazy", "HTTP/2.0", "HTTP/1.1"},
		{"h2c to http", "http", priorKnowledge, plain.URL, "eager lazy", "HTTP/2.0", "HTTP/1.1"},
	} {
		for _, strategy := range strings.Fields(c.strategies) {
			t.Run(c.name+", "+strategy, func(t *testing.T) {
				mode := "reverse:" + c.origin
				r := newRig(t, "connection_strategy="+strategy, "mode="+mode)
				body := strings.Repeat("0123456789", 30_000)
				client := speaking(r.clientOf(""), c.speak)
				got, version := post(t, client, c.scheme+"://"+r.at(mode)+"/echo", body)
				if version != c.client || got != c.server+" "+body {
					t.Fatalf("over %s: %d bytes, %.20q", version, len(got), got)
				}
				f := r.wait("/echo", ended)
				scheme, _, _ := strings.Cut(c.origin, ":")
				if f.Request.Version != c.client || f.Request.Scheme != scheme || f.Client.Mode != mode || f.Error != nil {
					t.Errorf("recorded %s, %s, %s, %v", f.Request.Version, f.Request.URL(), f.Client.Mode, f.Error)
				}
			})
		}
	}
}

// TestSocks5HTTP2 speaks HTTP/2 in TLS in SOCKS, after a login or without: both requests are flows of one client, and nothing else is shown.
func TestSocks5HTTP2(t *testing.T) {
	for _, c := range []struct{ strategy, login, asked string }{{"eager", "", ""}, {"lazy", "", ""}, {"eager", "user:pass@", "user:pass"}, {"lazy", "user:pass@", "user:pass"}} {
		t.Run(c.strategy+" "+c.login, func(t *testing.T) {
			r := newRig(t, "connection_strategy="+c.strategy, "mode=socks5", "proxyauth="+c.asked)
			origin := newOrigin(t, true, echo)
			client := speaking(r.clientOf("socks5h://"+c.login+r.at("socks5")), onlyHTTP2)
			for _, path := range []string{"/first", "/second"} {
				if got, version := post(t, client, origin.URL+path, "hi"); got != "HTTP/2.0 hi" || version != "HTTP/2.0" {
					t.Fatalf("%q over %s", got, version)
				}
			}
			first, second := r.wait("/first", ended), r.wait("/second", ended)
			if first.Client.ID != second.Client.ID || first.Server.ID != second.Server.ID {
				t.Error("the streams did not share their connections")
			}
			if f := second; f.Client.Mode != "socks5" || f.Client.ALPN != "h2" || f.Server.ALPN != "h2" || f.Server.Address.String() != origin.Listener.Addr().String() {
				t.Errorf("%s, %q, %q, %s", f.Client.Mode, f.Client.ALPN, f.Server.ALPN, f.Server.Address)
			}
			r.store.Each(func(f *flow.Flow) bool {
				if f.Kind != flow.HTTP || f.Request == nil {
					t.Errorf("a %s flow is shown too", f.Kind)
				}
				return true
			})
		})
	}
}
