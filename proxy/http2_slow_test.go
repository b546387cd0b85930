package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// h2World is a world whose servers are told apart by name.
type h2World struct{ *world }

func newH2World(t *testing.T, servers map[string]func(net.Conn)) *h2World {
	return &h2World{newHTTPWorld(t, Config{Dial: func(_ context.Context, addr string) (net.Conn, error) {
		serve := servers[addr]
		if serve == nil {
			return nil, errors.New("nobody is there")
		}
		near, far := net.Pipe()
		go serve(far)
		return near, nil
	}})}
}

// speak returns a client that speaks HTTP/2 to the proxy without being asked.
func (w *h2World) speak() *http.ClientConn {
	tr := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return w.connect(), nil
	}}
	tr.Protocols.SetUnencryptedHTTP2(true)
	at, err := tr.NewClientConn(context.Background(), "http", "proxy.test:80")
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// fast answers every request on a connection.
func fast(c net.Conn) {
	for readHeadOf(c) != "" {
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfast"); err != nil {
			return
		}
	}
}

// wantFast checks that another stream of the same connection is served at once.
func (w *h2World) wantFast(at *http.ClientConn) {
	w.t.Helper()
	start := time.Now()
	q, _ := http.NewRequest("GET", "http://fast.test/", nil)
	resp, err := at.RoundTrip(q)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if string(b) != "fast" || err != nil || time.Since(start) > time.Second {
		w.t.Errorf("%q, %v after %s", b, err, time.Since(start))
	}
}

// TestSlowServerStallsItsStreamAlone: a server that reads nothing stops the upload to it, and nothing else of the client's.
func TestSlowServerStallsItsStreamAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		got := make(chan int64, 1)
		w := newH2World(t, map[string]func(net.Conn){"fast.test:80": fast, "slow.test:80": func(c net.Conn) {
			readHeadOf(c)
			<-hold
			n, _ := io.Copy(io.Discard, io.LimitReader(c, 32<<20))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			got <- n
		}})
		at := w.speak()
		var sent atomic.Int64
		done := make(chan error, 1)
		go func() {
			q, _ := http.NewRequest("POST", "http://slow.test/", io.TeeReader(io.LimitReader(zeros{}, 32<<20), counter{&sent}))
			q.ContentLength = 32 << 20
			_, err := at.RoundTrip(q)
			done <- err
		}()
		time.Sleep(time.Second)
		before := sent.Load()
		if before < 256<<10 || before > 8<<20 {
			t.Errorf("%d bytes were taken for a server that takes none", before)
		}
		w.wantFast(at)
		time.Sleep(time.Minute)
		if sent.Load() != before {
			t.Error("the upload goes on without its server")
		}
		close(hold)
		if n := <-got; n != 32<<20 {
			t.Errorf("the server got %d bytes", n)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		at.Close()
		w.end()
	})
}

// TestSlowReaderStallsItsStreamAlone: a client that does not read one response stops its server, and nothing else.
func TestSlowReaderStallsItsStreamAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		w := newH2World(t, map[string]func(net.Conn){"fast.test:80": fast, "endless.test:80": func(c net.Conn) {
			readHeadOf(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n")
			io.Copy(io.MultiWriter(c, counter{&sent}), io.LimitReader(zeros{}, 32<<20))
		}})
		at := w.speak()
		q, _ := http.NewRequest("GET", "http://endless.test/", nil)
		resp, err := at.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		before := sent.Load()
		if before < 1<<20 || before > 8<<20 {
			t.Errorf("%d bytes were taken for a client that reads none", before)
		}
		w.wantFast(at)
		time.Sleep(time.Minute)
		if sent.Load() != before {
			t.Error("the download goes on without its client")
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != 32<<20 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		at.Close()
		w.end()
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) { c.n.Add(int64(len(p))); return len(p), nil }

// TestConnectOverHTTP2 makes two tunnels in streams of one connection.
func TestConnectOverHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newH2World(t, map[string]func(net.Conn){"fast.test:80": fast, "echo.test:7": func(c net.Conn) {
			io.CopyN(c, c, 8)
			c.Close()
		}})
		at := w.speak()
		for _, c := range []struct{ host, say, hear string }{
			{"echo.test:7", "\x00\x01 hello", "\x00\x01 hello"},
			{"fast.test:80", "GET / HTTP/1.1\r\nHost: fast.test\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfast"},
		} {
			r, out := io.Pipe()
			q, _ := http.NewRequest("CONNECT", "http://"+c.host, r)
			resp, err := at.RoundTrip(q)
			if err != nil || resp.StatusCode != 200 {
				t.Fatal(resp, err)
			}
			io.WriteString(out, c.say)
			b := make([]byte, len(c.hear))
			if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != c.hear {
				t.Errorf("%q, %v", b, err)
			}
			out.Close()
			rest, err := io.ReadAll(resp.Body)
			if len(rest) > 0 || err != nil && !strings.Contains(err.Error(), "NO_ERROR") {
				t.Errorf("%q, %v at the end", rest, err)
			}
		}
		w.wantFast(at)
		at.Close()
		w.wantOver(time.Second)
		w.end()
	})
}
