package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A visit is one request of the visitor.
type visit struct {
	method, url string
	kind, body  string   // of the request; kind is its Content-Type
	fails       bool     // it is meant to end without a whole response
	unseen      bool     // the proxy sees only the connection, not the request
	pinned      bool     // by a client that trusts nobody but the origin
	says        []string // over a WebSocket; nil: it is a plain request
}

// visits returns what the visitor asks an origin, in order.
func visits(o *origin) []visit {
	shop := func(path string) string { return o.url("https", "shop", path) }
	api := func(path string) string { return o.url("https", "api", path) }
	static := func(path string) string { return o.url("http", "static", path) }
	bank := func(fails bool) visit {
		return visit{method: "GET", url: o.url("https", "bank", "/"), pinned: true, fails: fails, unseen: true}
	}
	const form, jsonType = "application/x-www-form-urlencoded", "application/json"
	parts, boundary := multipartBody()
	return []visit{
		{method: "GET", url: shop("/")},
		{method: "GET", url: static("/app.css")},
		{method: "GET", url: static("/app.js")},
		{method: "GET", url: static("/logo.png")},
		{method: "GET", url: api("/v1/products?page=1&sort=price")},
		{method: "POST", url: shop("/login"), kind: form, body: "user=ada&password=correct+horse&next=%2Fcart"},
		{method: "POST", url: shop("/cart"), kind: form, body: "product=1&product=4&gift=yes"},
		{method: "POST", url: api("/v1/orders"), kind: jsonType, body: `{"customer":"ada","lines":[{"product":4,"count":1}],"express":true}`},
		bank(true),
		{method: "GET", url: api("/v1/events?n=3")},
		{method: "GET", url: o.url("https", "chat", "/room"), says: []string{
			`{"from":"ada","text":"hello, is anybody there?"}`, "just some text", `{"from":"ada","text":"where is my order?","order":{"id":7,"lines":[1,2,3]}}`}},
		{method: "POST", url: api("/shop.Orders/Watch"), kind: "application/grpc-web+proto", body: framed("", "\x0a\x03ada\x10\x07")},
		{method: "GET", url: o.url("http", "shop", "/old")},
		bank(true),
		{method: "GET", url: api("/v1/broken")},
		{method: "PUT", url: api("/v1/orders/7"), kind: jsonType, body: `{"express":false}`},
		{method: "POST", url: api("/v1/orders"), kind: jsonType, body: `{"customer":`},
		{method: "GET", url: static("/favicon.ico")},
		{method: "GET", url: shop("/search?q=linen")},
		bank(false),
		{method: "POST", url: api("/v1/upload"), kind: "multipart/form-data; boundary=" + boundary, body: parts},
		{method: "GET", url: api("/v1/reset"), fails: true},
		{method: "GET", url: fmt.Sprintf("http://gone.localhost:%d/", o.Refused)},
		{method: "GET", url: static("/catalogue.json")},
		{method: "DELETE", url: api("/v1/orders/7")},
		{method: "GET", url: api("/v1/report")},
	}
}

func multipartBody() (body, boundary string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("title", "A mug, from the left")
	part, _ := w.CreateFormFile("photo", "mug.png")
	_, _ = part.Write(logo())
	_ = w.Close()
	return b.String(), w.Boundary()
}

// A visitor is a client that keeps asking through the proxy.
type visitor struct {
	client *http.Client
	pinned *http.Client
	visits []visit
}

// newVisitor returns a visitor that uses the proxy at a port of loopback and trusts its CA. The client that is pinned
// trusts that of the origin in its place.
func newVisitor(port int, ours, theirs *x509.Certificate, all []visit) *visitor {
	client := func(trusted *x509.Certificate) *http.Client {
		pool := x509.NewCertPool()
		pool.AddCert(trusted)
		return &http.Client{
			Transport: &http.Transport{
				Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}),
				TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &visitor{visits: all, client: client(ours), pinned: client(theirs)}
}

// run makes one visit after the other, over and over, until ctx ends. It begins briskly and goes on gently.
func (v *visitor) run(ctx context.Context, pace time.Duration) {
	defer v.client.CloseIdleConnections()
	defer v.pinned.CloseIdleConnections()
	tick := time.NewTicker(min(pace, 150*time.Millisecond))
	defer tick.Stop()
	for n := 0; ; n++ {
		if n == len(v.visits) {
			tick.Reset(pace)
		}
		_, _, err := v.make(ctx, v.visits[n%len(v.visits)])
		if err != nil && n == 0 {
			n = -1 // the proxy is not there yet
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// make sends a request and reads the whole response. It returns its status and the size of its body.
func (v *visitor) make(ctx context.Context, visit visit) (status int, size int64, err error) {
	if visit.says != nil {
		return v.talk(ctx, visit)
	}
	req, err := http.NewRequestWithContext(ctx, visit.method, visit.url, strings.NewReader(visit.body))
	if err != nil {
		return 0, 0, err
	}
	if visit.body == "" {
		req.Body = nil
	}
	req.Header.Set("User-Agent", "demo-visitor/1.0")
	req.Header.Set("Accept", "*/*")
	if visit.kind != "" {
		req.Header.Set("Content-Type", visit.kind)
	}
	client := v.client
	if visit.pinned {
		client = v.pinned
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	size, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, size, err
}
