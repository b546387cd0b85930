package proxy

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/wire/ws"
)

const wsUpgrade = "GET http://origin.test/ws HTTP/1.1\r\nHost: origin.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n"

// upgraded returns both ends of a WebSocket connection through the proxy.
func (w *world) upgraded(extensions string) (client, server net.Conn) {
	w.t.Helper()
	client = w.connect()
	go io.WriteString(client, wsUpgrade)
	server = <-w.servers
	readHeadOf(server)
	go io.WriteString(server, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: "+extensions+"\r\n\r\n")
	if head := readHeadOf(client); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		w.t.Fatalf("the client got %q", head)
	}
	return client, server
}

// closedWith reads a connection to its end and returns the code of the close frame in what came, 0 if there is none.
func closedWith(t *testing.T, c net.Conn, fromClient bool) int {
	t.Helper()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("read to the end: %v", err)
	}
	r := ws.Reader{FromClient: fromClient, RSV: ws.RSV1}
	for len(b) > 0 {
		p, n, ok, err := r.Next(b)
		if err != nil {
			t.Errorf("a peer is sent a breach: %v", err)
			return 0
		}
		if b = b[n:]; ok && p.Head.Op == ws.Close {
			code, _, err := ws.ParseClose(p.Append(nil))
			if err != nil {
				t.Error(err)
			}
			return code
		}
	}
	return 0
}

// What breaks the rules, or asks for too much, ends this connection with the code that says why, and no other.
func TestHostileWebSocketIsClosed(t *testing.T) {
	frame := func(h ws.Head, payload string) string { return string(ws.AppendFrame(nil, h, []byte(payload))) }
	bomb := string(ws.Deflate(nil, make([]byte, 80<<20), ws.MaxWindowBits))
	for _, c := range []struct {
		name, says string
		code       int
	}{
		{"masked", frame(ws.Head{Fin: true, Op: ws.Text, Masked: true}, "x"), 1002},
		{"a long ping", frame(ws.Head{Fin: true, Op: ws.Ping}, strings.Repeat("x", 126)), 1002},
		{"a length without end", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 1002},
		{"fragments that begin twice", frame(ws.Head{Op: ws.Text}, "a") + frame(ws.Head{Op: ws.Text}, "b"), 1002},
		{"no text", frame(ws.Head{Fin: true, Op: ws.Text}, "\xff"), 1007},
		{"a bomb", frame(ws.Head{Fin: true, RSV: ws.RSV1, Op: ws.Binary}, bomb), 1009},
		{"garbage", "HTTP/1.1 200 OK\r\n\r\n", 1002},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHTTPWorld(t, Config{})
				client, server := w.upgraded("permessage-deflate")
				codes := make(chan int, 2)
				go func() { codes <- closedWith(t, client, false) }()
				go io.WriteString(server, c.says)
				go func() { codes <- closedWith(t, server, true) }()
				for range 2 {
					if got := <-codes; got != c.code && c.name != "a bomb" || c.name == "a bomb" && got != c.code && got != 0 {
						t.Errorf("closed with %d, want %d", got, c.code)
					}
				}
				client.Close()
				w.wantOver(time.Minute)
				for _, f := range w.settled() {
					if f.WebSocket == nil || f.WebSocket.CloseCode != c.code || f.WebSocket.ClosedByClient {
						t.Errorf("recorded %+v", f.WebSocket)
					}
				}
				w.wantWorking()
				w.end()
			})
		})
	}
}

// A peer that never answers a close frame does not keep the other one waiting for ever.
func TestUnansweredCloseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{})
		client, server := w.upgraded("")
		go io.Copy(io.Discard, server)
		start := time.Now()
		go client.Write(ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Close, Masked: true}, ws.AppendClose(nil, 1001, "")))
		if code := closedWith(t, client, false); code != 1001 || time.Since(start) > time.Minute {
			t.Errorf("closed with %d after %s", code, time.Since(start))
		}
		client.Close()
		w.wantOver(time.Minute)
		w.end()
	})
}

// Behind a held message a peer can fill only so much memory, through all layers.
func TestHeldWebSocketStopsItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := addon.NewIntercept()
		w := newHTTPWorld(t, Config{}, hold)
		client, server := w.upgraded("")
		expr, err := filter.Parse("~bs hold")
		if err != nil {
			t.Fatal(err)
		}
		hold.SetFilter(expr)
		const count = 1000
		message := ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Binary}, bytes.Repeat([]byte("x"), 16<<10))
		sent := make(chan int, 2)
		go func() {
			server.Write(ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Text}, []byte("hold this")))
			n := 0
			for range count {
				server.SetWriteDeadline(time.Now().Add(time.Second))
				if _, err := server.Write(message); err != nil {
					break
				}
				n++
			}
			sent <- n
		}()
		if n := <-sent; n*len(message) > 1<<20 {
			t.Errorf("%d messages were taken behind a held one", n)
		}
		var held *flow.Flow
		for _, f := range w.settled() {
			held = f
		}
		if !held.Intercepted || !hold.Kill(held.ID) {
			t.Fatalf("not held: %+v", held)
		}
		client.Close()
		w.wantOver(time.Minute)
		w.end()
	})
}
