package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/proxy"
	"sluice/proxy/cert"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// TestVisits makes every visit through an engine of its own and looks at how its flow ended.
func TestVisits(t *testing.T) {
	dir := t.TempDir()
	theirs, err := cert.Load(filepath.Join(dir, "origin"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o, err := openOrigin(theirs)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	opts := option.New()
	err = opts.Set("confdir="+filepath.Join(dir, "sluice"), "listen_host=127.0.0.1", "listen_port=0", "tls_passthrough_after=2",
		"ssl_verify_upstream_trusted_ca="+filepath.Join(dir, "origin", "sluice-ca-cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := proxy.Open(opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		p.Serve(t.Context())
		close(served)
	}()
	ended := make(chan map[string]int, 1)
	go func() { ended <- statuses(p.Flows()) }()
	all := visits(o)
	v := newVisitor(portOfAddr(t, p), p.CA.Certificate(), theirs.Certificate(), all)
	for _, visit := range all {
		status, _, err := v.make(t.Context(), visit)
		if (err != nil) != visit.fails {
			t.Errorf("%s %s: %d, %v", visit.method, visit.url, status, err)
		}
	}
	v.client.CloseIdleConnections()
	v.pinned.CloseIdleConnections()
	p.Shutdown(t.Context())
	<-served
	got := <-ended
	for _, visit := range all {
		if _, ok := got[visit.method+" "+visit.url]; ok == visit.unseen {
			t.Errorf("no flow of %s %s", visit.method, visit.url)
		}
	}
	for _, note := range []string{"tls bank.localhost failed", "tls bank.localhost " + flow.TLSPassed} {
		if _, ok := got[note]; !ok {
			t.Errorf("no flow of %s: %v", note, got)
		}
	}
	for path, want := range map[string]int{"/v1/broken": 500, "/favicon.ico": 404, "/old": 301, "/v1/upload": 200, "/login": 303, "/room": 101, "/shop.Orders/Watch": 200} {
		found := false
		for name, status := range got {
			if strings.HasSuffix(name, path) {
				if found = true; status != want {
					t.Errorf("%s: status %d, want %d", name, status, want)
				}
			}
		}
		if !found {
			t.Errorf("no flow of %s", path)
		}
	}
}

func portOfAddr(t *testing.T, p *proxy.Proxy) int {
	t.Helper()
	_, port, ok := flow.SplitHostPort(p.Addrs()[0].String())
	if !ok {
		t.Fatalf("no port in %v", p.Addrs())
	}
	return port
}

// statuses returns the status of every HTTP flow that has ended, by method and URL, 0 if it has none,
// and a name for each connection whose TLS failed or was passed through.
func statuses(flows <-chan []*flow.Flow) map[string]int {
	got := map[string]int{}
	for batch := range flows {
		for _, f := range batch {
			switch note := f.TLSNote(); {
			case note != "" && f.Error != nil:
				got["tls "+f.Client.SNI+" failed"] = 0
			case note != "":
				got["tls "+f.Client.SNI+" "+note] = 0
			}
			if f.Kind != flow.HTTP || f.Live || f.Request == nil {
				continue
			}
			status := 0
			if f.Response != nil {
				status = f.Response.Status
			}
			got[f.Request.Method+" "+f.Request.URL()] = status
		}
	}
	return got
}
