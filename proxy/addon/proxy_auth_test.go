package addon

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// Each of these is "secret", as the htpasswd program writes it.
const secrets = `# users
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
apr1:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0
`

func basic(cred string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(cred)) }

// ask shows an addon a request with a login and returns the flow.
func ask(a Addon, mode, header, value string) *flow.Flow {
	f := flow.New(flow.HTTP, &flow.Client{Mode: mode}, flow.NewServer(flow.Addr{}), time.Time{})
	f.Request = &flow.Request{Method: "GET"}
	if value != "" {
		f.Request.Headers = flow.Headers{{Name: header, Value: value}}
	}
	a.Handle(&layer.RequestHeaders{OfFlow: layer.OfFlow{Flow: f}})
	return f
}

func TestProxyAuth(t *testing.T) {
	a := &ProxyAuth{}
	if err := a.Set("user:pa:ss"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode, header, value string
		status              int
	}{
		{"regular", "Proxy-Authorization", basic("user:pa:ss"), 0},
		{"regular", "proxy-authorization", strings.Replace(basic("user:pa:ss"), "Basic", "basic", 1), 0},
		{"regular", "Proxy-Authorization", basic("user:wrong"), 407},
		{"regular", "Proxy-Authorization", basic("user"), 407},
		{"regular", "Proxy-Authorization", "Bearer x", 407},
		{"regular", "Proxy-Authorization", "Basic !", 407},
		{"regular", "Authorization", basic("user:pa:ss"), 407},
		{"upstream:http://x", "", "", 407},
		{"reverse:http://x", "Authorization", basic("user:pa:ss"), 0},
		{"reverse:http://x", "", "", 401},
	} {
		f := ask(a, c.mode, c.header, c.value)
		switch {
		case c.status == 0:
			if f.Response != nil || len(f.Request.Headers) != 0 || f.Metadata["proxyauth"] != "user" {
				t.Errorf("%+v: refused, or the login goes on to the server: %+v", c, f.Request.Headers)
			}
		case f.Response == nil || f.Response.Status != c.status:
			t.Errorf("%+v: %+v", c, f.Response)
		}
	}
	if a.Set(""); ask(a, "regular", "", "").Response != nil {
		t.Error("still asks")
	}
}

// One login is good for all that follows on the connection, until that has gone.
func TestProxyAuthOfConnection(t *testing.T) {
	a := &ProxyAuth{}
	if err := a.Set("any"); err != nil {
		t.Fatal(err)
	}
	for name, login := range map[string]func(c *flow.Client){
		"CONNECT": func(c *flow.Client) {
			f := flow.New(flow.HTTP, c, flow.NewServer(flow.Addr{}), time.Time{})
			f.Request = &flow.Request{Method: "CONNECT", HTTPMessage: flow.HTTPMessage{Headers: flow.Headers{{Name: "Proxy-Authorization", Value: basic("u:p")}}}}
			a.Handle(&layer.HTTPConnect{OfFlow: layer.OfFlow{Flow: f}})
		},
		"SOCKS": func(c *flow.Client) {
			h := &layer.SOCKS5Auth{Client: c, User: "u", Password: "p"}
			if a.Handle(h); !h.Valid {
				t.Error("refused")
			}
		},
	} {
		c := &flow.Client{Mode: "regular"}
		status := func() int {
			f := flow.New(flow.HTTP, c, flow.NewServer(flow.Addr{}), time.Time{})
			f.Request = &flow.Request{Method: "GET"}
			a.Handle(&layer.RequestHeaders{OfFlow: layer.OfFlow{Flow: f}})
			if f.Response == nil {
				return 0
			}
			return f.Response.Status
		}
		before := status()
		login(c)
		after := status()
		a.Handle(&layer.ClientDisconnected{Client: c})
		if gone := status(); before != 407 || after != 0 || gone != 407 {
			t.Errorf("%s: %d, %d, %d", name, before, after, gone)
		}
	}
}

func TestProxyAuthFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	bcrypted := "bcrypt:$2y$04$5dzNsRlZjNECDA5QAViwpOF76CWi3/NMsuY5jc9xKRDz6v51uSF.O\n"
	if err := os.WriteFile(path, []byte(secrets+bcrypted), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &ProxyAuth{}
	if err := a.Set("@" + path); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from memory
		for _, user := range []string{"sha", "apr1", "bcrypt"} {
			if f := ask(a, "regular", "Proxy-Authorization", basic(user+":secret")); f.Response != nil {
				t.Errorf("%s is refused", user)
			}
			if f := ask(a, "regular", "Proxy-Authorization", basic(user+":wrong")); f.Response == nil {
				t.Errorf("%s needs no password", user)
			}
		}
	}
	if f := ask(a, "regular", "Proxy-Authorization", basic("nobody:secret")); f.Response == nil {
		t.Error("anybody is let in")
	}
}

func TestProxyAuthSpecs(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"plain": "user:plain\n", "broken": "user:$2y$zz\n", "empty": "# nobody\n", "line": "user\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for spec, want := range map[string]string{
		"user": "give user:pass", ":pass": "give user:pass", "ldap:host:dn": "not available yet", "@/nowhere": "no such file",
		"@" + dir + "/plain": "line 1", "@" + dir + "/broken": "line 1", "@" + dir + "/line": "line 1", "@" + dir + "/empty": "no user",
	} {
		if err := (&ProxyAuth{}).Set(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
	}
}
