package proxy

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// upstreamKinds are the ways to a proxy, and the mode in which ours plays it.
var upstreamKinds = map[string]string{"http": "regular", "https": "regular", "socks5": "socks5"}

// TestUpstreamKinds reaches origins of every kind through an upstream proxy of every kind, which wants a login, in every
// mode that can have one: the mode upstream, and routes in the others.
func TestUpstreamKinds(t *testing.T) {
	for scheme, farMode := range upstreamKinds {
		far := newRig(t, "mode="+farMode, "proxyauth=me:secret")
		via := scheme + "://" + far.at(farMode)
		two := newOrigin(t, true, echo)
		for _, mode := range []string{"upstream:" + via, "regular", "socks5"} {
			for _, strategy := range []string{"eager", "lazy"} {
				t.Run(scheme+" "+mode[:6]+" "+strategy, func(t *testing.T) {
					sets := []string{"mode=" + mode, "upstream_auth=me:secret", "connection_strategy=" + strategy}
					if !strings.HasPrefix(mode, "upstream") {
						sets = append(sets, "upstream_routes=127.0.0.0/8="+via)
					}
					near := newRig(t, sets...)
					at := "http://" + near.at(mode)
					if mode == "socks5" {
						at = "socks5h://" + near.at(mode)
					}
					for version, speak := range map[string]func(*http.Protocols){"HTTP/1.1": onlyHTTP1, "HTTP/2.0": onlyHTTP2} {
						if got, _ := post(t, speaking(near.clientOf(at), speak), two.URL+"/two", "hi"); got != version+" hi" {
							t.Errorf("%s: %q", version, got)
						}
					}
					for path, origin := range map[string]string{"/one": far.secure.URL, "/plain": far.plain.URL} {
						if got, _ := post(t, near.clientOf(at), origin+path, "hi"); got != "POST "+path+" hi" {
							t.Errorf("%s: %q", path, got)
						}
					}
					for _, path := range []string{"/two", "/one", "/plain"} {
						if f := near.wait(path, ended); f.Server.Via == nil || f.Server.Via.Scheme != scheme || f.Error != nil {
							t.Errorf("%s: %+v, %+v", path, f.Server.Via, f.Error)
						}
						f := far.wait(path, ended)
						if f.Metadata["proxyauth"] != "me" || f.Request.Headers.Get("Proxy-Authorization") != "" {
							t.Errorf("%s: logged in as %q", path, f.Metadata["proxyauth"])
						}
					}
				})
			}
		}
	}
}

// TestUpstreamMapped: a request for the upstream proxy that a rule sends through a tunnel is one for its server.
func TestUpstreamMapped(t *testing.T) {
	far := newRig(t, "proxyauth=me:secret")
	origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, q.RequestURI+"|"+q.Header.Get("Proxy-Authorization"))
	}))
	defer origin.Close()
	near := newRig(t, "mode=upstream:http://"+far.at("regular"), "upstream_auth=me:secret", "map_remote=|http://a.test|"+origin.URL)
	if got := get(t, near.client, "http://a.test/mapped"); got != "/mapped|" {
		t.Errorf("%q", got)
	}
}

// TestReplayUpstream sends requests that were recorded in whatever mode through the upstream proxy of a mode that is set now.
func TestReplayUpstream(t *testing.T) {
	far, other := newRig(t, "proxyauth=me:secret"), newRig(t)
	via := "upstream:http://" + far.at("regular")
	for _, c := range []struct {
		modes    []string
		recorded string
		through  *rig // nil: none
	}{
		{[]string{via}, "regular", far}, {[]string{via}, via, far}, {[]string{"regular"}, via, nil}, {[]string{"regular", via + "@0"}, "regular", nil},
		{[]string{"upstream:http://" + other.at("regular"), via + "@0"}, via + "@0", far},
		{[]string{"upstream:http://" + other.at("regular"), via + "@0"}, "socks5", other},
	} {
		sets := []string{"upstream_auth=me:secret"}
		for _, m := range c.modes {
			sets = append(sets, "mode="+m)
		}
		near := newRig(t, sets...)
		for _, origin := range []string{near.plain.URL, near.secure.URL} {
			f := record(t, "GET", origin+"/again", "", "")
			f.Client.Mode = c.recorded
			if err := near.Replay(f); err != nil {
				t.Fatal(err)
			}
			g := near.wait("/again", func(g *flow.Flow) bool { return g.ID == f.ID && ended(g) })
			if g.Error != nil || string(g.Response.Body.Bytes()) != "GET /again " || (g.Server.Via != nil) != (c.through != nil) {
				t.Errorf("%v, recorded in %s: %+v, %+v", c.modes, c.recorded, g.Error, g.Server.Via)
			}
			if c.through != nil && g.Server.Via != nil && g.Server.Via.Addr.Port != c.through.Addrs()[0].(*net.TCPAddr).Port {
				t.Errorf("%v, recorded in %s: through %v", c.modes, c.recorded, g.Server.Via)
			}
		}
	}
}

// TestUpstreamFails says in the answer and in the row why there is no way through the upstream proxy.
func TestUpstreamFails(t *testing.T) {
	far := newRig(t, "mode=regular", "mode=socks5", "proxyauth=me:secret")
	for _, c := range []struct{ via, why string }{
		{"http://127.0.0.1:1", "connect to 127.0.0.1:1: connection refused"},
		{"http://" + far.at("regular"), "refused HTTP CONNECT request: 407 Proxy Authentication Required: set upstream_auth "},
		{"https://" + far.at("regular"), "ssl_verify_upstream_trusted_ca"},
		{"https://" + far.plain.Listener.Addr().String(), "does not speak TLS"},
		{"socks5://" + far.at("socks5"), "asks for a login: set upstream_auth"},
	} {
		mode := "upstream:" + c.via
		near := newRig(t, "mode="+mode)
		if err := near.opts.Set("ssl_insecure=false"); err != nil {
			t.Fatal(err)
		}
		resp, err := near.clientOf("http://" + near.at(mode)).Get("https://127.0.0.1:9/none")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		f := near.wait("/none", ended)
		if resp.StatusCode != http.StatusBadGateway || f.Error == nil || !strings.Contains(f.Error.Message, c.why) {
			t.Errorf("%s: %s, %v", c.via, resp.Status, f.Error)
		}
		near.store.Each(func(f *flow.Flow) bool {
			if f.TLSNote() != "" {
				t.Errorf("%s: a second row: %s", c.via, f.TLSNote())
			}
			return true
		})
	}
	tries := 0
	far.store.Each(func(f *flow.Flow) bool {
		if f.Request != nil && f.Request.Method == "CONNECT" {
			tries++
		}
		return true
	})
	if tries != 1 {
		t.Errorf("the proxy was asked %d times for one tunnel", tries)
	}
}
