package proxy

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun/netstack"

	"sluice/proxy/flow"
)

// newWireguardRig serves the mode wireguard beside regular. Whatever address clients name, TCP goes to the plain origin
// and UDP to an echo.
func newWireguardRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	echo, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { echo.Close() })
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := echo.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			echo.WriteToUDPAddrPort(b[:n], from)
		}
	}()
	r.cfg.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", r.plain.Listener.Addr().String())
	}
	r.cfg.DialUDP = func(ctx context.Context, addr string) (net.Conn, error) {
		return net.Dial("udp", echo.LocalAddr().String())
	}
	if err := r.opts.Set("mode=regular", "mode=wireguard@0"); err != nil {
		t.Fatal(err)
	}
	return r
}

// instance returns what serves a mode.
func (r *rig) instance(spec string) *Instance {
	r.t.Helper()
	r.instances.mu.Lock()
	defer r.instances.mu.Unlock()
	for _, s := range r.instances.list {
		if s.want.spec == spec {
			return s.Instance
		}
	}
	r.t.Fatalf("the mode %s is not served", spec)
	return nil
}

// enter is a WireGuard client that is set up as text says, until leave is called or the test ends.
func enter(t *testing.T, text string) (in *netstack.Net, leave func()) {
	t.Helper()
	is := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if k, v, ok := strings.Cut(line, " = "); ok {
			is[k] = v
		}
	}
	key := func(name string) string {
		raw, err := base64.StdEncoding.DecodeString(is[name])
		if err != nil || len(raw) != 32 {
			t.Fatalf("%s in %q", name, text)
		}
		return hex.EncodeToString(raw)
	}
	end, in, err := netstack.CreateNetTUN([]netip.Addr{netip.MustParsePrefix(is["Address"]).Addr()}, []netip.Addr{netip.MustParseAddr(is["DNS"])}, 1420)
	if err != nil {
		t.Fatal(err)
	}
	d := device.NewDevice(end, conn.NewDefaultBind(), device.NewLogger(device.LogLevelSilent, ""))
	if err := d.IpcSet(fmt.Sprintf("private_key=%s\npublic_key=%s\nallowed_ip=%s\nendpoint=%s\n", key("PrivateKey"), key("PublicKey"), is["AllowedIPs"], is["Endpoint"])); err != nil {
		t.Fatal(err)
	}
	if err := d.Up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return in, d.Close
}

// clientIn returns an HTTP client inside a tunnel.
func clientIn(t *testing.T, in *netstack.Net) *http.Client {
	tr := &http.Transport{DialContext: in.DialContext}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestWireguard(t *testing.T) {
	r := newWireguardRig(t)
	in, _ := enter(t, r.instance("wireguard@0").ClientConfig())

	if got := get(t, clientIn(t, in), "http://192.0.2.7/tunnel"); got != "GET /tunnel " {
		t.Errorf("%q", got)
	}
	f := r.wait("/tunnel", ended)
	if f.Client.Mode != "wireguard@0" || f.Client.Peer.Addr() != tunnelClient.Addr() || f.Client.Local.String() != "192.0.2.7:80" {
		t.Errorf("a client of %s, %s to %s", f.Client.Mode, f.Client.Peer, f.Client.Local)
	}
	if f.Server.Address.String() != "192.0.2.7:80" || f.Request.URL() != "http://192.0.2.7/tunnel" || f.Error != nil {
		t.Errorf("%s at %s: %v", f.Request.URL(), f.Server.Address, f.Error)
	}

	c, err := in.DialUDPAddrPort(netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.9:9999"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 1<<16)
	for _, size := range []int{4, 1, 1300, 20000} {
		if _, err := c.Write(bytes.Repeat([]byte{'x'}, size)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(b); n != size || err != nil {
			t.Fatalf("%d of %d bytes: %v", n, size, err)
		}
	}
	f = r.waitFor(func(f *flow.Flow) bool { return f.Kind == flow.UDP && len(f.Messages) == 8 })
	if f.Server.Address.String() != "192.0.2.9:9999" || f.Client.Transport != "udp" || f.Client.Local.String() != "192.0.2.9:9999" {
		t.Errorf("%s to %s", f.Client.Local, f.Server.Address)
	}
}

// QUIC through the tunnel is not answered, so that clients go on over TCP, unless the options let it pass.
func TestWireguardRefusesQUIC(t *testing.T) {
	r := newWireguardRig(t)
	if err := r.opts.Set(`udp_hosts=^192\.0\.2\.9$`, `ignore_hosts=^192\.0\.2\.8:443$`); err != nil {
		t.Fatal(err)
	}
	in, _ := enter(t, r.instance("wireguard@0").ClientConfig())
	hello := append([]byte{0xc3, 0, 0, 0, 1}, make([]byte, 1245)...)
	for _, to := range []string{"192.0.2.7:443", "192.0.2.8:443", "192.0.2.9:443"} {
		c, err := in.DialUDPAddrPort(netip.AddrPort{}, netip.MustParseAddrPort(to))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(hello); err != nil {
			t.Fatal(err)
		}
		if to == "192.0.2.7:443" {
			f := r.waitFor(func(f *flow.Flow) bool { return f.TLSNote() == "QUIC refused" })
			if f.Kind != flow.UDP || f.Live || f.Error == nil || !strings.Contains(f.Metadata[flow.MetaRemedy], "udp_hosts") || f.Server.Address.String() != to {
				t.Errorf("%+v, %v", f.Error, f.Metadata)
			}
			continue
		}
		if n, err := c.Read(make([]byte, 2000)); n != len(hello) || err != nil {
			t.Errorf("%s: %d bytes of an echo, %v", to, n, err)
		}
	}
}

// waitFor returns a flow that is as expected.
func (r *rig) waitFor(ok func(*flow.Flow) bool) *flow.Flow {
	r.t.Helper()
	for {
		var found *flow.Flow
		r.store.Each(func(f *flow.Flow) bool {
			if ok(f) {
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

// The tunnel's own name server answers, whatever hosts are ignored.
func TestWireguardDNS(t *testing.T) {
	r := newWireguardRig(t)
	if err := r.opts.Set("ignore_hosts=.", "udp_hosts=."); err != nil {
		t.Fatal(err)
	}
	in, _ := enter(t, r.instance("wireguard@0").ClientConfig())
	ips, err := in.LookupHost("shop.localhost")
	if err != nil || len(ips) != 1 || ips[0] != "127.0.0.1" {
		t.Fatal(ips, err)
	}
	f := r.waitFor(func(f *flow.Flow) bool { return f.Kind == flow.DNS && f.DNSResponse != nil })
	if f.DNSRequest.Questions[0].Name != "shop.localhost" || f.Client.Local != tunnelDNS {
		t.Errorf("%+v to %s", f.DNSRequest.Questions, f.Client.Local)
	}
}

// Large bodies pass in both directions, and what the client has not read yet when the proxy is done is not lost.
func TestWireguardCarriesMuch(t *testing.T) {
	r := newWireguardRig(t)
	in, _ := enter(t, r.instance("wireguard@0").ClientConfig())
	body := strings.Repeat("0123456789abcdef", 1<<17)
	resp, err := clientIn(t, in).Post("http://192.0.2.7/much", "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != "POST /much "+body {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

// A tunnel that is not wanted any more ends with its clients, and one that is wanted again has the same keys.
func TestWireguardStopsAndStarts(t *testing.T) {
	r := newWireguardRig(t)
	before := runtime.NumGoroutine()
	first := r.instance("wireguard@0").ClientConfig()
	if err := r.opts.Set("mode=regular"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := r.opts.Set("mode=regular", "mode=wireguard@0"); err != nil {
			t.Fatal(err)
		}
		text := r.instance("wireguard@0").ClientConfig()
		if keyLines(text) != keyLines(first) {
			t.Errorf("other keys: %s", text)
		}
		in, leave := enter(t, text)
		c, err := in.DialTCPAddrPort(netip.MustParseAddrPort("192.0.2.7:80"))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET /stay HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := c.Read(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		if err := r.opts.Set("mode=regular"); err != nil {
			t.Fatal(err)
		}
		for r.Clients() > 0 {
			runtime.Gosched()
		}
		leave()
	}
	for runtime.NumGoroutine() > before { // the test's own deadline ends this
		runtime.Gosched()
	}
}

// keyLines returns a configuration without its endpoint.
func keyLines(text string) string {
	before, _, _ := strings.Cut(text, "Endpoint")
	return before
}

func TestWireguardSaysHowToUseIt(t *testing.T) {
	r := newRig(t, "mode=wireguard@0")
	var log bytes.Buffer
	r.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	r.Announce()
	if !strings.HasSuffix(strings.TrimSpace(log.String()), `\n`+strings.Repeat("-", 60)+`"`) {
		t.Errorf("no frame around the configuration: %s", log.String())
	}
	for _, want := range []string{"WireGuard server listening at 127.0.0.1:", `this:\n` + strings.Repeat("-", 60) + `\n[Interface]`, "Address = 10.0.0.1/32", "DNS = 10.0.0.53", "Endpoint = 127.0.0.1:"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %s", want, log.String())
		}
	}
}

func TestWireguardBadKeys(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := r.opts.Set("mode=regular", "mode=wireguard:"+path+"@0")
	if err == nil || !strings.Contains(err.Error(), "server_key is missing: repair the file") {
		t.Error(err)
	}
}

// A tunnel that was never started leaves no socket behind.
func TestWireguardClosesUnstarted(t *testing.T) {
	e := New(Config{})
	m, err := ParseMode("wireguard:" + filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	i, err := e.Start(m, "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	at := i.Addrs()[0].(*net.UDPAddr)
	e.Stop(i)
	again, err := net.ListenUDP("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	go e.Shutdown(context.Background())
	for range e.Flows() {
	}
}

// What is under way when the proxy is told to end is finished in the tunnel, and nobody new is let in.
func TestWireguardDrains(t *testing.T) {
	r := newRig(t) // for its origin
	asked, answer := make(chan bool), make(chan bool)
	r.plain.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked <- true
		<-answer
		io.WriteString(w, "done")
	})
	e := New(Config{
		Addons: r.cfg.Addons,
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", r.plain.Listener.Addr().String())
		},
	})
	m, err := ParseMode("wireguard:" + filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	i, err := e.Start(m, "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	go e.Serve(context.Background())
	ended := make(chan bool)
	go func() {
		for range e.Flows() {
		}
		close(ended)
	}()
	in, _ := enter(t, i.ClientConfig())
	got := make(chan string)
	go func() {
		resp, err := clientIn(t, in).Get("http://192.0.2.7/slow")
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		got <- string(b)
	}()
	<-asked
	go e.Shutdown(context.Background())
	<-e.deaf
	if e.Clients() != 1 { // which waits until closeListeners has done all it does
		t.Error("the client has gone")
	}
	if c, err := in.DialTCPAddrPort(netip.MustParseAddrPort("192.0.2.8:80")); err == nil {
		c.Close()
		t.Error("somebody was let in")
	}
	answer <- true
	if s := <-got; s != "done" {
		t.Error(s)
	}
	<-ended
}

// Senders of datagrams are bounded, and one more is let in when there is room again.
func TestWireguardPeersAreBounded(t *testing.T) {
	r := newWireguardRig(t)
	i := r.instance("wireguard@0")
	w := i.socks[0].tun
	setPeers := func(n int) { w.mu.Lock(); w.peers += n; w.mu.Unlock() }
	in, _ := enter(t, i.ClientConfig())
	c, err := in.DialUDPAddrPort(netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.9:9999"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	setPeers(maxPeers)
	if _, err := c.Write([]byte("refused")); err != nil {
		t.Fatal(err)
	}
	get(t, clientIn(t, in), "http://192.0.2.7/behind") // what was sent before has been seen
	w.mu.Lock()
	full, conns := w.full, len(w.conns)
	w.mu.Unlock()
	if !full || conns > 1 {
		t.Errorf("full: %t, %d connections", full, conns)
	}
	setPeers(-maxPeers)
	if _, err := c.Write([]byte("taken")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	if n, err := c.Read(b); string(b[:n]) != "taken" {
		t.Errorf("%q, %v", b[:n], err)
	}
}
