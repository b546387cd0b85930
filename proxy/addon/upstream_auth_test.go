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
	const login = "Basic bWU6cGE6c3M="
	for _, c := range []struct {
		mode          string
		forProxy      bool
		proxy, server string
	}{
		{"upstream:http://p:1", true, login, ""},
		{"upstream:http://p:1", false, "", ""},
		{"reverse:https://a.test", false, "", login},
		{"REVERSE:http://a.test", false, "", login},
		{"regular", false, "", ""},
		{"socks5", false, "", ""},
	} {
		f := &flow.Flow{Client: &flow.Client{Mode: c.mode}, Request: &flow.Request{}}
		a.Handle(&layer.RequestHeaders{OfFlow: layer.OfFlow{Flow: f}, ForProxy: c.forProxy})
		if h := f.Request.Headers; h.Get("Proxy-Authorization") != c.proxy || h.Get("Authorization") != c.server {
			t.Errorf("%s, for the proxy %v: %v", c.mode, c.forProxy, h)
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
