package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/proxy"

	"sluice/proxy/flow"
)

// at returns where the mode listens.
func (r *rig) at(spec string) string {
	r.t.Helper()
	r.instances.mu.Lock()
	defer r.instances.mu.Unlock()
	for _, s := range r.instances.list {
		if s.want.spec == spec {
			return s.Addrs()[0].String()
		}
	}
	r.t.Fatalf("the mode %s is not served", spec)
	return ""
}

// clientOf returns a client of one mode: a SOCKS URL, the URL of a proxy, or of a server.
func (r *rig) clientOf(proxyURL string) *http.Client {
	r.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(r.CA.Certificate())
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	r.t.Cleanup(tr.CloseIdleConnections)
	if proxyURL != "" {
		u, err := url.Parse(proxyURL)
		if err != nil {
			r.t.Fatal(err)
		}
		tr.Proxy = http.ProxyURL(u)
	}
	return &http.Client{Transport: tr}
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSeveralModesAtOnce(t *testing.T) {
	r := newRig(t)
	reverse := "reverse:" + r.secure.URL
	if err := r.opts.Update(map[string]any{"mode": []string{"regular", "socks5", reverse}}); err != nil {
		t.Fatal(err)
	}
	for path, c := range map[string]*http.Client{
		"/regular": r.clientOf("http://" + r.at("regular")),
		"/socks5":  r.clientOf("socks5h://" + r.at("socks5")),
	} {
		for _, origin := range []string{r.plain.URL, r.secure.URL} {
			if got := get(t, c, origin+path); got != "GET "+path+" " {
				t.Errorf("%s: %q", path, got)
			}
		}
		r.wait(path, ended)
	}
	c := r.clientOf("")
	for _, scheme := range []string{"http", "https"} {
		if got := get(t, c, scheme+"://"+r.at(reverse)+"/"+scheme); got != "GET /"+scheme+" " {
			t.Errorf("reverse: %q", got)
		}
		f := r.wait("/"+scheme, ended)
		if f.Client.Mode != reverse || f.Request.Scheme != "https" || f.Request.PrettyHost() != "127.0.0.1" {
			t.Errorf("%s, %s", f.Client.Mode, f.Request.URL())
		}
	}
	if n := len(r.Addrs()); n != 3 {
		t.Errorf("%d addresses", n)
	}
}

// A server that speaks first is heard through SOCKS, and the bytes are a TCP flow.
func TestSocks5ServerGreets(t *testing.T) {
	r := newRig(t, "mode=socks5")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err == nil {
			io.WriteString(c, "220 hi\r\n")
			io.Copy(c, c)
			c.Close()
		}
	}()
	d, err := proxy.SOCKS5("tcp", r.at("socks5"), nil, proxy.Direct)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.(proxy.ContextDialer).DialContext(context.Background(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := bufio.NewReader(c)
	for _, want := range []string{"220 hi\r\n", "EHLO\r\n"} {
		if got, err := b.ReadString('\n'); got != want {
			t.Fatal(got, err)
		}
		if want == "220 hi\r\n" {
			io.WriteString(c, "EHLO\r\n")
		}
	}
}

func TestModesChangeWhileRunning(t *testing.T) {
	r := newRig(t)
	before, old := r.at("regular"), r.clientOf("http://"+r.at("regular"))
	get(t, old, r.plain.URL+"/1")

	if err := r.opts.Set("mode=regular", "mode=socks5"); err != nil {
		t.Fatal(err)
	}
	if r.at("regular") != before {
		t.Error("the unchanged mode has moved")
	}
	get(t, r.clientOf("socks5h://"+r.at("socks5")), r.plain.URL+"/2")

	if err := r.opts.Set("mode=socks5"); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", before); err == nil {
		c.Close()
		t.Error("the stopped mode still listens")
	}
	get(t, old, r.plain.URL+"/3") // the client lives on

	if err := r.opts.Set("server=false"); err != nil || len(r.Addrs()) != 0 {
		t.Error(err, r.Addrs())
	}
}

func TestModeThatCannotBeServed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	r := newRig(t)
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for spec, want := range map[string]string{
		"socks5@127.0.0.1:" + port: "the port is in use; choose another one with --mode socks5@",
		"reverse:gopher://x":       `unknown scheme "gopher"; use one of http, https, http2, tcp, tls, udp, dns`,
		"reverse:tcp://x":          "add a port, as in tcp://x:1234",
		"reverse:http://x/page":    `leave out "/page"`,
		"reverse:":                 "name the server",
		"upstream:ftp://x":         "unknown scheme",
		"socks5:x":                 "takes no arguments",
		"tun":                      "not available yet",
		"regular@a:b":              `invalid port "b"`,
	} {
		err := r.opts.Set("mode=regular", "mode="+spec)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
		if !slices.Equal(r.opts.Strs("mode"), []string{"regular"}) {
			t.Errorf("%s: the modes are %v now", spec, r.opts.Strs("mode"))
		}
	}
	get(t, r.clientOf("http://"+r.at("regular")), r.plain.URL+"/still")
	if err := r.opts.Set("listen_port="+port, "mode=regular", "mode=socks5"); err == nil || !strings.Contains(err.Error(), "cannot both listen") {
		t.Error(err)
	}
}

// waitTCP returns the only TCP flow once it has so many messages.
func (r *rig) waitTCP(messages int) *flow.Flow {
	r.t.Helper()
	for {
		var found *flow.Flow
		r.store.Each(func(f *flow.Flow) bool {
			if f.Kind == flow.TCP && len(f.Messages) >= messages {
				found = f
			}
			return true
		})
		if found != nil {
			return found
		}
		<-r.store.Changes()
	}
}
