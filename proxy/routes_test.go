package proxy

import (
	"net"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

func TestFindRoute(t *testing.T) {
	rs, err := parseRoutes([]string{"*.example.com:8443=socks5://a", "*.EXAMPLE.com=b:1", "10.0.0.0/8=direct", "fd00::/8=http://c", "[2001:db8::1]:80=http://d:2", "x*y*z=http://e"})
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[flow.Addr]string{
		{Host: "www.example.com", Port: 8443}: "socks5://a:1080", {Host: "WWW.example.com.", Port: 80}: "http://b:1", {Host: "example.com", Port: 80}: "",
		{Host: "10.1.2.3", Port: 80}: "direct", {Host: "11.1.2.3", Port: 80}: "", {Host: "fd00::5", Port: 443}: "http://c:80",
		{Host: "2001:db8::1", Port: 80}: "http://d:2", {Host: "2001:db8::1", Port: 81}: "", {Host: "xaybz", Port: 1}: "http://e:80", {Host: "xz", Port: 1}: "",
	} {
		via, ok := find(rs, to)
		got := ""
		switch {
		case ok && via == nil:
			got = "direct"
		case ok:
			got = via.Scheme + "://" + via.Addr.String()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
	for _, spec := range []string{"x", "=http://x", "x=", "x=ftp://y", "10.0.0.0/99=direct", "x:0=direct", "x:y=direct"} {
		if _, err := parseRoutes([]string{spec}); err == nil || !strings.HasPrefix(err.Error(), "upstream_routes: ") {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

// One proxy leads all it gets to another one, which speaks SOCKS and asks for a login.
func TestUpstreamSocks(t *testing.T) {
	far := newRig(t, "mode=socks5", "proxyauth=me:secret")
	near := newRig(t, "mode=upstream:socks5://"+far.at("socks5"), "upstream_auth=me:secret")
	for _, origin := range []string{far.plain.URL, far.secure.URL} {
		if got := get(t, near.client, origin+"/far"); got != "GET /far " {
			t.Errorf("%s: %q", origin, got)
		}
		f := far.wait("/far", func(f *flow.Flow) bool { return ended(f) && f.Request.URL() == origin+"/far" })
		if f.Request.Headers.Get("Proxy-Authorization") != "" || f.Metadata["proxyauth"] != "me" {
			t.Errorf("%+v, %v", f.Request.Headers, f.Metadata)
		}
	}
	host, _, _ := net.SplitHostPort(near.plain.Listener.Addr().String())
	if err := near.opts.Set("upstream_routes=" + host + "=direct"); err != nil {
		t.Fatal(err)
	}
	if got := get(t, near.clientOf("http://"+near.Addrs()[0].String()), near.plain.URL+"/near"); got != "GET /near " {
		t.Errorf("%q", got)
	}
	if f := near.wait("/near", ended); f.Server.Via != nil {
		t.Error("not direct")
	}
	if err := near.opts.Set("upstream_routes=nonsense"); err == nil {
		t.Error("nonsense is taken")
	}
}
