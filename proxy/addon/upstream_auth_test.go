package addon

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// The login goes to who asks for it: the proxy, where it reads the request, or the server that we stand before.
func TestUpstreamAuth(t *testing.T) {
	a := &UpstreamAuth{}
	if err := a.Set("me:pa:ss"); err != nil {
		t.Fatal(err)
	}
	a.SetRouted(func(to flow.Addr) bool { return to.Host == "routed.test" })
	const login = "Basic bWU6cGE6c3M="
	for _, c := range []struct{ mode, scheme, host, proxy, server string }{
		{"upstream:http://p:1", "http", "a.test", login, ""},
		{"Upstream:p:1", "http", "a.test", login, ""},
		{"upstream:http://p:1", "https", "a.test", "", ""},
		{"upstream:http://p:1", "http", "routed.test", "", ""},
		{"upstream:socks5://p:1", "http", "a.test", "", ""},
		{"reverse:https://a.test", "https", "a.test", "", login},
		{"REVERSE:http://a.test", "http", "a.test", "", login},
		{"regular", "http", "a.test", "", ""},
		{"socks5", "https", "a.test", "", ""},
	} {
		f := &flow.Flow{Client: &flow.Client{Mode: c.mode}, Request: &flow.Request{Scheme: c.scheme, Host: c.host, Port: 80}}
		a.Handle(&layer.RequestHeaders{OfFlow: layer.OfFlow{Flow: f}})
		if h := f.Request.Headers; h.Get("Proxy-Authorization") != c.proxy || h.Get("Authorization") != c.server {
			t.Errorf("%s, %s://%s: %v", c.mode, c.scheme, c.host, h)
		}
	}
	f := &flow.Flow{Client: &flow.Client{Mode: "upstream:http://p:1"}, Request: &flow.Request{}}
	a.Handle(&layer.HTTPConnectUpstream{OfFlow: layer.OfFlow{Flow: f}})
	if f.Request.Headers.Get("Proxy-Authorization") != login {
		t.Error("CONNECT:", f.Request.Headers)
	}
	if a.Set("me") == nil || a.Set(":pass") == nil {
		t.Error("half a login is taken")
	}
}
