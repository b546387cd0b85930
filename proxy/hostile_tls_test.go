package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/flow"
)

// rows returns the flows that tell of TLS.
func (w *world) rows() []*flow.Flow {
	var rows []*flow.Flow
	for _, f := range w.settled() {
		if f.TLSNote() != "" {
			rows = append(rows, f)
		}
	}
	return rows
}

// helloBytes is what a client says first.
func helloBytes(t *testing.T) string {
	t.Helper()
	x, y := net.Pipe()
	defer y.Close()
	go func() {
		_ = tls.Client(x, &tls.Config{ServerName: "origin.test"}).Handshake()
		x.Close()
	}()
	b := make([]byte, 16<<10)
	n, err := y.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// trickle sends a byte a second, and reads what comes.
func trickle(c net.Conn, s string) {
	go io.Copy(io.Discard, c)
	for i := range s {
		if _, err := c.Write([]byte{s[i]}); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// TestHostileTLS breaks handshakes on either side. Each of them ends long before a client that says nothing
// is closed for that, and leaves one row that says why.
func TestHostileTLS(t *testing.T) {
	silent := func(net.Conn) {}
	say := func(s string) func(net.Conn) {
		return func(c net.Conn) { io.WriteString(c, s) }
	}
	reset := func(c net.Conn) { c.Close() }
	quiet := func(c net.Conn) { // TLS, and nothing inside
		x := tls.Client(c, &tls.Config{ServerName: "origin.test", InsecureSkipVerify: true})
		if x.Handshake() == nil {
			x.CloseWrite()
		}
	}
	for name, c := range map[string]struct {
		client func(t *testing.T, c net.Conn)
		server func(c net.Conn)
		note   string
	}{
		"half a hello": {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)[:40]) }, silent, "client is silent"},
		"slow hello":   {func(t *testing.T, c net.Conn) { trickle(c, helloBytes(t)) }, silent, "client is silent"},
		"slow answer": {func(t *testing.T, c net.Conn) {
			io.WriteString(c, helloBytes(t))
			trickle(c, strings.Repeat("\x14\x03\x03\x00\x01\x01", 99))
		}, reset, "client is silent"},
		"half a hello, closed": {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)[:40]); c.Close() }, silent, "client left"},
		"silent server":        {func(_ *testing.T, c net.Conn) { quiet(c) }, silent, "server is silent"},
		"slow server":          {func(_ *testing.T, c net.Conn) { quiet(c) }, func(c net.Conn) { trickle(c, "\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"+strings.Repeat("x", 999)) }, "server is silent"},
		"left the server":      {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)); c.Close() }, silent, "server is silent"},
		"hello, then silence":  {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)) }, reset, "client is silent"},
		"hello, then garbage":  {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)+strings.Repeat("x", 99)) }, reset, "handshake broken"},
		"hello, then an alert": {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)+"\x15\x03\x03\x00\x02\x02\x2a") }, reset, "CA not trusted"},
		"two hellos":           {func(t *testing.T, c net.Conn) { io.WriteString(c, helloBytes(t)+helloBytes(t)) }, reset, "handshake broken"},
		"no hello":             {func(t *testing.T, c net.Conn) { io.WriteString(c, "\x16\x03\x01\x00\x04abcd") }, silent, "no ClientHello"},
		"empty records":        {func(t *testing.T, c net.Conn) { io.WriteString(c, strings.Repeat("\x16\x03\x01\x00\x00", 99)) }, silent, "no ClientHello"},
		"endless hello": {func(t *testing.T, c net.Conn) {
			io.WriteString(c, "\x16\x03\x01\x40\x00\x01\xff\xff\xff"+strings.Repeat("x", 1<<20))
		}, silent, "no ClientHello"},
		"text from the server": {func(_ *testing.T, c net.Conn) { quiet(c) }, say("SSH-2.0-OpenSSH_9.0\r\n"), "server has no TLS"},
		"bytes of the server":  {func(_ *testing.T, c net.Conn) { quiet(c) }, say("\x80\x81\x82\x83\x84\x85\x86"), "server has no TLS"},
		"half a server hello":  {func(_ *testing.T, c net.Conn) { quiet(c) }, func(c net.Conn) { io.WriteString(c, "\x16\x03\x03\x00\x7a\x02\x00"); c.Close() }, "server left"},
		"huge server record":   {func(_ *testing.T, c net.Conn) { quiet(c) }, say("\x16\x03\x03\xff\xff" + strings.Repeat("x", 1<<16)), "handshake broken"},
		"endless server hello": {func(_ *testing.T, c net.Conn) { quiet(c) }, say(strings.Repeat("\x16\x03\x03\x40\x00\x02\xff\xff\xff"+strings.Repeat("x", 1<<14-4), 64)), "handshake broken"},
		"alert of the server":  {func(_ *testing.T, c net.Conn) { quiet(c) }, say("\x15\x03\x03\x00\x02\x02\x28"), "no common cipher"},
		"server's version":     {func(_ *testing.T, c net.Conn) { quiet(c) }, say("\x15\x03\x03\x00\x02\x02\x46"), "no common version"},
		"unknown name":         {func(_ *testing.T, c net.Conn) { quiet(c) }, say("\x15\x03\x03\x00\x02\x02\x70"), "unknown name"},
		"reset by the server":  {func(_ *testing.T, c net.Conn) { quiet(c) }, reset, "server left"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHTTPWorld(t, Config{})
				client := w.connect()
				send(t, client, "CONNECT origin.test:443 HTTP/1.1\r\n\r\n")
				if head := readHeadOf(client); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
					t.Fatal(head)
				}
				server := <-w.servers
				go func() {
					b := make([]byte, 16<<10)
					if n, _ := server.Read(b); n > 0 {
						go io.Copy(io.Discard, server)
						c.server(server)
					}
				}()
				start := time.Now()
				go func() {
					c.client(t, client)
					io.Copy(io.Discard, client)
				}()
				synctest.Wait()
				w.wantOver(2 * time.Minute)
				if len(w.rows()) != 1 || w.rows()[0].TLSNote() != "TLS failed: "+c.note {
					for _, f := range w.rows() {
						t.Errorf("after %s: %s: %s", time.Since(start), f.TLSNote(), f.Error.Message)
					}
					t.Errorf("%d rows, want one that says %s", len(w.rows()), c.note)
				}
				server.Close()
				w.end()
			})
		})
	}
}

// TestNoRowBesideRequest asks a server that does not speak TLS: the request tells of it, and no row besides.
func TestNoRowBesideRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{})
		client := w.connect()
		send(t, client, "CONNECT origin.test:443 HTTP/1.1\r\n\r\n")
		readHeadOf(client)
		server := <-w.servers
		go func() {
			b := make([]byte, 16<<10)
			server.Read(b)
			io.WriteString(server, "SSH-2.0-OpenSSH_9.0\r\n")
			io.Copy(io.Discard, server)
		}()
		x := tls.Client(client, &tls.Config{ServerName: "origin.test", InsecureSkipVerify: true})
		io.WriteString(x, "GET / HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
		got, _ := io.ReadAll(x)
		if !strings.HasPrefix(string(got), "HTTP/1.1 502 ") || !strings.Contains(string(got), "does not speak TLS") {
			t.Errorf("answered %q", got)
		}
		x.Close()
		w.wantOver(time.Second)
		if rows := w.rows(); len(rows) != 0 {
			t.Errorf("a second row: %s", rows[0].Error.Message)
		}
		w.end()
	})
}
