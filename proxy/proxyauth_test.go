package proxy

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"sluice/proxy/option"
)

func TestProxyAuth(t *testing.T) {
	r := newRig(t, "mode=regular", "mode=socks5", "proxyauth=user:pass")
	for name, proxy := range map[string]string{"regular": "http://", "socks5": "socks5h://"} {
		if c := r.clientOf(proxy + "user:wrong@" + r.at(name)); true {
			resp, err := c.Get(r.plain.URL + "/refused")
			if err == nil && resp.StatusCode != 407 {
				t.Errorf("%s: %s", name, resp.Status)
			}
			if err == nil {
				resp.Body.Close()
			}
			if resp, err := c.Get(r.secure.URL + "/refused"); err == nil {
				resp.Body.Close()
				t.Errorf("%s: let into a tunnel", name)
			}
		}
		c := r.clientOf(proxy + "user:pass@" + r.at(name))
		for _, url := range []string{r.plain.URL, r.secure.URL} {
			if got := get(t, c, url+"/"+name); got != "GET /"+name+" " {
				t.Errorf("%s: %q", name, got)
			}
		}
		if f := r.wait("/"+name, ended); f.Metadata["proxyauth"] != "user" {
			t.Errorf("%s: %v", name, f.Metadata)
		}
	}
	if err := r.opts.Set("proxyauth=nonsense"); err == nil {
		t.Error("nonsense is taken")
	}
}

// What a client without a login uploads is not kept.
func TestRefusedUploadIsNotKept(t *testing.T) {
	r := newRig(t, "proxyauth=user:pass")
	resp, err := r.client.Post(r.plain.URL+"/upload", "text/plain", strings.NewReader(strings.Repeat("x", 8<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusProxyAuthRequired {
		t.Error(resp.Status)
	}
	if f := r.wait("/upload", ended); f.Request.Body.Len() != 8<<20 || len(f.Request.Body.Bytes()) > 2<<20 {
		t.Errorf("%d of %d bytes", len(f.Request.Body.Bytes()), f.Request.Body.Len())
	}
}

// It is said where a login cannot be asked for.
func TestProxyAuthWithoutEffect(t *testing.T) {
	for spec, warned := range map[string]bool{"regular": false, "socks5": false, "reverse:https://x": false, "reverse:tcp://x:1": true, "dns": true} {
		opts := option.New()
		if err := opts.Set("confdir="+t.TempDir(), "listen_host=127.0.0.1", "listen_port=0", "proxyauth=any", "mode="+spec); err != nil {
			t.Fatal(err)
		}
		var log lockedBuffer
		p, err := Open(opts, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		p.Announce()
		go func() {
			for range p.Flows() {
			}
		}()
		p.Shutdown(t.Context())
		if got := log.String(); strings.Contains(got, "needs no login in the mode "+spec) != warned || !strings.Contains(got, "listening at 127.0.0.1:") {
			t.Errorf("%s: %s", spec, got)
		}
	}
}
