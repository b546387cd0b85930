package layers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

func (r *rig) wantLog(want ...string) {
	r.t.Helper()
	if d := cmp.Diff(want, r.log); d != "" {
		r.t.Errorf("the log (-want +got):\n%s", d)
	}
	r.log = nil
}

func TestTLSServerFirst(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, chunk := range []int{1, 7, 0} {
			t.Run(fmt.Sprintf("%x by %d", v, chunk), func(t *testing.T) {
				cc := clientConfig()
				cc.MaxVersion = v
				r := newRig(t, cc, serverConfig())
				r.chunk = chunk
				r.start()
				r.wantLog("tls_clienthello", "tls_start_server", "tls_established_server", "tls_start_client", "tls_established_client")
				checkFacts(t, r.ctx, v)
				echo(t, r)
				r.client.tls.CloseWrite()
				r.settle()
				r.wantLog("close server half")
				if r.server.err != io.EOF {
					t.Error("the server did not see close_notify:", r.server.err)
				}
				r.server.tls.CloseWrite()
				r.settle()
				r.wantLog("close client", "close server")
				if r.client.err != io.EOF {
					t.Error("the client did not see close_notify:", r.client.err)
				}
			})
		}
	}
}

func checkFacts(t *testing.T, ctx *layer.Context, version uint16) {
	t.Helper()
	name := map[uint16]string{tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}[version]
	c, s := &ctx.Client.Conn, &ctx.Server.Conn
	if c.SNI != "x.test" || c.ALPN != "http/1.1" || len(c.ALPNOffers) != 2 || c.TLSVersion != name || c.Cipher == "" || c.TLSSetup.IsZero() || !c.TLS {
		t.Errorf("client facts %+v", c)
	}
	if len(s.Certificates) != 1 || s.ALPN != "http/1.1" || s.TLSVersion != "TLSv1.3" || s.Cipher == "" || s.TLSSetup.IsZero() || !s.TLS {
		t.Errorf("server facts %+v", s)
	}
}

// echo sends 40,000 bytes both ways at once, twice.
func echo(t *testing.T, r *rig) {
	t.Helper()
	msg := bytes.Repeat([]byte("abcdefgh"), 5000)
	for range 2 {
		r.client.got, r.server.got = nil, nil
		r.client.tls.Write(msg)
		r.server.tls.Write(msg)
		r.settle()
		if !bytes.Equal(r.client.got, msg) || !bytes.Equal(r.server.got, msg) {
			t.Fatalf("lost data: client has %d, server %d of %d bytes", len(r.client.got), len(r.server.got), len(msg))
		}
	}
}

func TestTLSLazy(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.ctx.Server.State = flow.Closed
	r.ctx.Server.Start = r.ctx.Server.End
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		if _, ok := h.(*layer.TLSClientHello); !ok {
			addons(h)
		}
	}
	r.start()
	r.wantLog("tls_clienthello", "tls_start_client", "tls_established_client", "open", "tls_start_server", "tls_established_server")
	echo(t, r)
}

func TestTLSOutputIsOneSend(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.start()
	for range 3 {
		r.client.tls.Write(make([]byte, 20_000))
	}
	ev := &layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: r.client.out}
	cmds := r.root.Handle(ev, nil)
	if len(cmds) != 1 {
		t.Fatalf("%d commands for one read: %v", len(cmds), cmds)
	}
	if s, ok := cmds[0].(*layer.SendData); !ok || len(s.Data) <= 60_000 {
		t.Errorf("%T", cmds[0])
	}
}

func TestTLSIgnore(t *testing.T) {
	for _, chunk := range []int{1, 0} {
		r := newRig(t, clientConfig(), serverConfig())
		r.chunk = chunk
		r.ctx.Server.State = flow.Closed
		r.ctx.Server.Start = r.ctx.Server.End
		r.hooks = func(h layer.Hook) { h.(*layer.TLSClientHello).Ignore = true }
		r.start()
		r.wantLog("tls_clienthello", "open")
		echo(t, r)
		if r.ctx.Client.TLSVersion != "" {
			t.Error("somebody looked inside")
		}
	}
}

func TestTLSIgnoreKeepsEarlyServerData(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.hooks = func(h layer.Hook) { h.(*layer.TLSClientHello).Ignore = true }
	r.post(layer.Start{})
	r.post(&layer.DataReceived{Conn: &r.ctx.Server.Conn, Data: []byte("220 hello")})
	r.client.feed(nil)
	hello := bytes.Clone(r.client.out)
	r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: r.client.out})
	if string(r.toC) != "220 hello" || !bytes.Equal(r.toS, hello) {
		t.Errorf("client got %q, server %d bytes of %d", r.toC, len(r.toS), len(hello))
	}
}

func TestUntrustedServer(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		addons(h)
		if h, ok := h.(*layer.TLSStart); ok && !h.Client {
			h.Config.RootCAs = x509.NewCertPool()
			h.Explain = func(error) (string, string) { return "unknown authority", "trust it" }
		}
	}
	r.start()
	r.wantLog("tls_clienthello", "tls_start_server",
		"WARN: Server TLS handshake failed. Certificate verify failed: unknown authority: trust it",
		"tls_failed_server", "close server",
		"INFO: Unable to establish TLS connection with server (Certificate verify failed: unknown authority: trust it). "+
			"Trying to establish TLS with client anyway. To connect to servers only when they are needed, set connection_strategy to lazy.",
		"tls_start_client", "tls_established_client", "close client")
	if r.ctx.Server.Error != "Certificate verify failed: unknown authority: trust it" {
		t.Error(r.ctx.Server.Error)
	}
}

func TestServerWithoutTLS(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.client.feed(nil)
	r.post(layer.Start{})
	r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: r.client.out})
	r.post(&layer.DataReceived{Conn: &r.ctx.Server.Conn, Data: []byte("HTTP/1.1 400 Bad Request\r\n\r\n")})
	if !strings.HasPrefix(r.ctx.Server.Error, "The remote server does not speak TLS: ") {
		t.Error(r.ctx.Server.Error)
	}
}

func TestOldServer(t *testing.T) {
	old := serverConfig()
	old.MaxVersion = tls.VersionTLS12
	r := newRig(t, clientConfig(), old)
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		addons(h)
		if h, ok := h.(*layer.TLSStart); ok && !h.Client {
			h.Config.MinVersion = tls.VersionTLS13
		}
	}
	r.start()
	if !strings.Contains(r.ctx.Server.Error, "tls_version_server_min") {
		t.Error(r.ctx.Server.Error)
	}
}

func TestClientFailures(t *testing.T) {
	distrust := clientConfig()
	distrust.RootCAs = x509.NewCertPool()
	old := clientConfig()
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	for _, c := range []struct {
		name string
		cfg  *tls.Config
		want string
		row  string
	}{
		{"distrust", distrust, "install ca.pem in the client", "TLS failed: CA not trusted"},
		{"old", old, "it offers TLS 1.0 to TLS 1.1, sluice takes TLS 1.2 to TLS 1.3: to take it, set tls_version_client_min=TLS1_1", "TLS failed: no common version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.cfg, serverConfig())
			r.start()
			all := strings.Join(r.log, "\n")
			if !strings.Contains(all, c.want) || !strings.HasSuffix(all, "tls_failed_client\nrow "+c.row+"\nclose client") {
				t.Error(all)
			}
			if r.ctx.Client.Error == "" {
				t.Error("no error on the client")
			}
			r.log = nil
			r.post(&layer.DataReceived{Conn: &r.ctx.Server.Conn, Data: []byte("late")})
			r.post(&layer.ConnectionClosed{Conn: &r.ctx.Client.Conn})
			for _, l := range r.log {
				if strings.HasPrefix(l, "tls_") {
					t.Error("after the failure:", l)
				}
			}
		})
	}
}

func TestMalformedHello(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.post(layer.Start{})
	r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: []byte("\x16\x03\x01\x00\x00nonsense")})
	r.wantLog("WARN: Client TLS handshake failed. Cannot parse ClientHello: 16030100006e6f6e73656e7365: if this is another protocol than TLS: "+
		"to let x.test:443 through untouched, add it to ignore_hosts", "tls_failed_client", "row TLS failed: no ClientHello", "close client")
}

func TestClientClosesInHandshake(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.post(layer.Start{})
	r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: []byte{0x16, 3, 1}})
	r.ctx.Client.State &^= flow.CanRead
	r.post(&layer.ConnectionClosed{Conn: &r.ctx.Client.Conn})
	if len(r.log) != 4 || !strings.HasPrefix(r.log[0], "INFO: Client TLS handshake failed. The client disconnected") {
		t.Error(r.log)
	}
}

func TestClientClosesBeforeStart(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	addons := r.hooks
	r.hooks = func(h layer.Hook) {
		addons(h)
		if h.Name() == "tls_clienthello" {
			h.(*layer.TLSClientHello).ServerFirst = false
			r.ctx.Client.State &^= flow.CanRead
			r.todo = append(r.todo, &layer.ConnectionClosed{Conn: &r.ctx.Client.Conn})
		}
	}
	r.start()
	r.wantLog("tls_clienthello", "tls_start_client", "tls_failed_client", "row TLS failed: client left", "close client")
}

func TestTLSErrorAfterHandshake(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.start()
	r.log = nil
	r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: []byte("\x17\x03\x03\x00\x20garbage garbage garbage garbage.")})
	r.wantLog("WARN: TLS Error: local error: tls: bad record MAC", "close server half", "row TLS failed: broken")
	r.settle()
	if r.client.err == nil || errors.Is(r.client.err, io.EOF) {
		t.Error("the client was not alerted:", r.client.err)
	}
}

func TestNoConfig(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.hooks = nil
	r.start()
	r.wantLog("tls_clienthello", "tls_start_client", "ERROR: no TLS configuration was provided for the client: closing the connection", "close client",
		"row TLS failed: no certificate")
}

// TestStopLeavesNoCoroutine stops handshakes in every place where they can wait.
func TestStopLeavesNoCoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	var rigs []*rig
	for n := range 40 {
		r := newRig(t, clientConfig(), serverConfig())
		r.client.feed(nil)
		r.post(layer.Start{})
		steps := n % 4
		for range steps {
			c, s := r.client.out, r.toS
			r.client.out, r.toS = nil, nil
			if len(c) > 0 {
				r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: c})
			}
			r.server.feed(s)
			if o := r.server.out; len(o) > 0 {
				r.server.out = nil
				r.post(&layer.DataReceived{Conn: &r.ctx.Server.Conn, Data: o})
			}
		}
		rigs = append(rigs, r)
	}
	if runtime.NumGoroutine() == before {
		t.Fatal("nothing is waiting")
	}
	for _, r := range rigs {
		r.ctx.Stop()
		r.client.stop()
		r.server.stop()
	}
	if after := layertest.Goroutines(before); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// TestOpenTLSHoldsNoCoroutine counts what is left of the handshakes: only the relay's own script.
func TestOpenTLSHoldsNoCoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRig(t, clientConfig(), serverConfig())
	var idle layer.Coroutines
	r.ctx.Share(&idle)
	r.start()
	idle.Close()
	if n := layertest.Goroutines(before+1) - before; n > 1 {
		t.Errorf("%d goroutines on an open connection", n)
	}
}

func BenchmarkTLSEcho(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r := newRig(b, clientConfig(), serverConfig())
			r.start()
			r.quiet = true
			msg := make([]byte, size)
			b.SetBytes(int64(2 * size))
			b.ReportAllocs()
			for b.Loop() {
				r.client.got, r.server.got = r.client.got[:0], r.server.got[:0]
				r.client.tls.Write(msg)
				r.settle()
				r.server.tls.Write(msg)
				r.settle()
			}
		})
	}
}

// BenchmarkTLSEchoBare is the same without layers between.
func BenchmarkTLSEchoBare(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c, s := newPeer(b, tls.Client, clientConfig()), newPeer(b, tls.Server, serverConfig())
			move := func() {
				for len(c.out)+len(s.out) > 0 {
					x, y := c.out, s.out
					c.out, s.out = nil, nil
					s.feed(x)
					c.feed(y)
				}
			}
			c.feed(nil)
			move()
			msg := make([]byte, size)
			b.SetBytes(int64(2 * size))
			b.ReportAllocs()
			for b.Loop() {
				c.got, s.got = c.got[:0], s.got[:0]
				c.tls.Write(msg)
				move()
				s.tls.Write(msg)
				move()
			}
		})
	}
}
