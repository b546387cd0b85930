package addon

import (
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// ProxyAuth lets only those use the proxy who log in (RFC 7617, RFC 1929). Whoever
// has done so for a tunnel need not do it again inside.
type ProxyAuth struct {
	check atomic.Pointer[userCheck] // nil: everybody may
	users sync.Map                  // *flow.Client -> user name, of clients that have logged in for good
}

// Set takes the option proxyauth; "" lets everybody in.
func (a *ProxyAuth) Set(spec string) error {
	if spec == "" {
		a.check.Store(nil)
		return nil
	}
	check, err := parseLogins(spec)
	if err == nil {
		a.check.Store(&check)
	}
	return err
}

// Handle answers logins and refuses requests without.
func (a *ProxyAuth) Handle(h layer.Hook) <-chan layer.Verdict {
	if c, ok := h.(*layer.ClientDisconnected); ok {
		a.users.Delete(c.Client)
		return nil
	}
	check := a.check.Load()
	if check == nil {
		return nil
	}
	switch h := h.(type) {
	case *layer.SOCKS5Auth:
		if h.Valid = (*check)(h.User, h.Password); h.Valid {
			a.users.Store(h.Client, h.User)
		}
	case *layer.HTTPConnect:
		if user, ok := a.admit(*check, h.Flow); ok {
			a.users.Store(h.Flow.Client, user)
		}
	case *layer.RequestHeaders:
		if h.Flow.Replay != flow.NotReplayed {
			return nil
		}
		if user, ok := a.users.Load(h.Flow.Client); ok {
			note(h.Flow, "proxyauth", user.(string)) // the password is nobody's business
			return nil
		}
		a.admit(*check, h.Flow)
	}
	return nil
}

// admit checks the credentials of a request and takes them out, or answers it with a refusal.
func (a *ProxyAuth) admit(check userCheck, f *flow.Flow) (user string, ok bool) {
	want := wordsOf(f.Client.Mode)
	user, password, given := basicAuth(f.Request.Headers, want.header)
	if given && check(user, password) {
		f.Request.Headers = f.Request.Headers.Del(want.header)
		note(f, "proxyauth", user)
		return user, true
	}
	f.Response = want.refusal()
	return "", false
}

// authWords are what a login is called: the client knows that it talks to a proxy, or it does not.
type authWords struct {
	header, ask, reason string
	status              int
}

func wordsOf(mode string) authWords {
	if strings.HasPrefix(mode, "regular") || strings.HasPrefix(mode, "upstream") {
		return authWords{"Proxy-Authorization", "Proxy-Authenticate", "Proxy Authentication Required", 407}
	}
	return authWords{"Authorization", "WWW-Authenticate", "Unauthorized", 401}
}

func (w authWords) refusal() *flow.Response {
	title := strconv.Itoa(w.status) + " " + w.reason
	page := "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>"
	return &flow.Response{Status: w.status, Reason: w.reason, HTTPMessage: flow.HTTPMessage{
		Version: "HTTP/1.1",
		Headers: flow.Headers{
			{Name: "Server", Value: "sluice"},
			{Name: w.ask, Value: `Basic realm="sluice", charset="UTF-8"`},
			{Name: "Content-Type", Value: "text/html"},
			{Name: "Content-Length", Value: strconv.Itoa(len(page))},
		},
		Body: flow.BodyOf([]byte(page)),
	}}
}

// basicAuth reads the credentials of a header (RFC 7617 §2).
func basicAuth(h flow.Headers, name string) (user, password string, ok bool) {
	v, ok := h.Lookup(name)
	if !ok {
		return "", "", false
	}
	scheme, coded, _ := strings.Cut(v, " ")
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(coded))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	return strings.Cut(string(plain), ":")
}
