package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// A distant connection comes from another address.
type distant struct {
	net.Conn
	from netip.AddrPort
}

func (d distant) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(d.from) }

// servedFrom reports whether a client of an address is served.
func (r *rig) servedFrom(addr string) bool {
	r.t.Helper()
	mode, err := ParseMode("regular")
	if err != nil {
		r.t.Fatal(err)
	}
	near, far := net.Pipe()
	defer near.Close()
	r.admit(mode.role(), distant{far, netip.AddrPortFrom(netip.MustParseAddr(addr), 1234)})
	if _, err := io.WriteString(near, "GET "+r.plain.URL+"/ HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	resp, err := http.ReadResponse(bufio.NewReader(near), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode == 200
}

// TestBlockOptions: clients are refused by where they come from, but for those of this machine.
func TestBlockOptions(t *testing.T) {
	r := newRig(t)
	const global, private = "192.0.3.1 2606:4700::1 ::ffff:192.0.3.1", "10.1.2.3 192.168.0.9 fe80::1%eth0 fd00::1 169.254.1.1 100.64.0.1 ::ffff:10.1.2.3"
	const loopback = "127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1"
	for _, c := range []struct {
		sets            []string
		global, private bool
	}{
		{nil, false, true},
		{[]string{"block_global=false"}, true, true},
		{[]string{"block_private=true"}, true, false},
		{[]string{"block_global=true"}, false, false},
	} {
		if err := r.opts.Set(c.sets...); err != nil {
			t.Fatal(err)
		}
		for addrs, want := range map[string]bool{global: c.global, private: c.private, loopback: true} {
			for addr := range strings.FieldsSeq(addrs) {
				if got := r.servedFrom(addr); got != want {
					t.Errorf("%v: %s is served: %v", c.sets, addr, got)
				}
			}
		}
	}
}

// TestStripECH: whoever asks through us does not learn how to hide from us, unless that is wanted.
func TestStripECH(t *testing.T) {
	record, err := dns.NewRR(`x.test. 9 IN HTTPS 1 . alpn="h2,h3" ech="AEX+DQA="`)
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	server := &dns.Server{PacketConn: pc, NotifyStartedFunc: func() { close(ready) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Answer = []dns.RR{record}
		w.WriteMsg(m)
	})}
	go server.ActivateAndServe()
	<-ready
	t.Cleanup(func() { server.Shutdown() })
	r := newRig(t, "mode=dns", "dns_name_servers="+pc.LocalAddr().String())
	for set, want := range map[string]string{"strip_ech=true": `1 . alpn="h2"`, "strip_ech=false": `1 . alpn="h2" ech="AEX+DQA="`} {
		if err := r.opts.Set(set); err != nil {
			t.Fatal(err)
		}
		m := lookUp(t, "udp", r.at("dns"), "x.test.", dns.TypeHTTPS)
		if len(m.Answer) != 1 || !strings.HasSuffix(m.Answer[0].String(), "\t"+want) {
			t.Errorf("%s: %v, want %s", set, m.Answer, want)
		}
	}
}

// TestAltSvc: a client of a reverse proxy is not led past it, unless that is wanted.
func TestAltSvc(t *testing.T) {
	const sent = `h2="alt.test:443"; ma=9, h3=":443"`
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Alt-Svc", sent) })
	r := newRig(t, "mode=reverse:"+origin)
	at := r.at("reverse:" + origin)
	_, port, _ := net.SplitHostPort(at)
	c := r.clientOf("")
	for set, want := range map[string]string{"keep_alt_svc_header=false": `h2=":` + port + `"; ma=9`, "keep_alt_svc_header=true": sent} {
		if err := r.opts.Set(set); err != nil {
			t.Fatal(err)
		}
		resp, err := c.Get("http://" + at + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Alt-Svc"); got != want {
			t.Errorf("%s: %q, want %q", set, got, want)
		}
	}
}

// getInTunnel asks a proxy for a tunnel to a server, and the server for a page without TLS.
func getInTunnel(t *testing.T, proxy, url string) string {
	t.Helper()
	q, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", q.Host, q.Host)
	if resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"}); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	if err := q.Write(conn); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(r, q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestUpstreamAuth: the proxy behind us, or the server that we stand in for, is told the login, and nobody else is.
func TestUpstreamAuth(t *testing.T) {
	far := newRig(t, "proxyauth=me:secret")
	near := newRig(t, "mode=upstream:http://"+far.Addrs()[0].String(), "upstream_auth=me:secret")
	origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, q.Header.Get("Authorization")+"|"+q.Header.Get("Proxy-Authorization"))
	})
	if got := get(t, near.client, origin+"/plain"); got != "|" {
		t.Errorf("%q", got)
	}
	if got := get(t, near.client, far.secure.URL+"/tunnel"); got != "GET /tunnel " {
		t.Errorf("%q", got)
	}
	if got := getInTunnel(t, near.Addrs()[0].String(), origin+"/within"); got != "|" {
		t.Errorf("in a tunnel: %q", got)
	}
	for _, path := range []string{"/plain", "/tunnel", "/within"} {
		if f := far.wait(path, ended); f.Metadata["proxyauth"] != "me" {
			t.Errorf("%s: %v", path, f.Metadata)
		}
	}
	reverse := newRig(t, "mode=reverse:"+origin, "upstream_auth=me:secret")
	if got := get(t, reverse.clientOf(""), "http://"+reverse.at("reverse:"+origin)+"/"); got != "Basic bWU6c2VjcmV0|" {
		t.Errorf("%q", got)
	}
	for _, spec := range []string{"upstream_auth=me", "upstream_auth=:secret"} {
		if err := reverse.opts.Set(spec); err == nil {
			t.Errorf("%s was taken", spec)
		}
	}
}
