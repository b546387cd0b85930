package proxy

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/cert"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
	"sluice/proxy/option"
)

// newHTTPWorld is a world in which the clients use a regular HTTP proxy. More addons come last.
func newHTTPWorld(t *testing.T, cfg Config, more ...addon.Addon) *world {
	t.Helper()
	opts := option.New()
	if err := opts.Set("ssl_insecure=true"); err != nil {
		t.Fatal(err)
	}
	next, err := addon.NewNextLayer(opts)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := cert.Load(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tls, err := addon.NewTLSConfig(opts, ca, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Addons = append(addon.Chain{next, tls}, more...)
	w := newWorld(t, cfg)
	w.role.root = func(ctx *layer.Context) layer.Layer { return layers.NewHTTPProxy(ctx) }
	return w
}

// say sends all of s, or as much as the proxy takes, and returns what it answers until it closes
// the connection, and how long that took.
func (w *world) say(s string) (string, time.Duration) {
	c, start := w.connect(), time.Now()
	go io.WriteString(c, s)
	b, _ := io.ReadAll(c)
	return string(b), time.Since(start)
}

// serve answers every connection to a server: it reads one head and sends an answer, then reads on until the end.
func (w *world) serve(answer func(c net.Conn)) {
	go func() {
		for {
			select {
			case c := <-w.servers:
				go func() {
					readHeadOf(c)
					answer(c)
					io.Copy(io.Discard, c)
				}()
			case <-w.over:
				return
			}
		}
	}()
}

func readHeadOf(c net.Conn) string {
	var head []byte
	var b [1]byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := c.Read(b[:]); err != nil {
			break
		}
		head = append(head, b[0])
	}
	return string(head)
}

// settled publishes what there is and returns the newest snapshot of every flow.
func (w *world) settled() []*flow.Flow {
	time.Sleep(2 * publishAfter)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	var fs []*flow.Flow
	for _, f := range w.last {
		fs = append(fs, f)
	}
	return fs
}

// wantOver checks that no client is left after the given time and no flow is live.
func (w *world) wantOver(after time.Duration) {
	w.t.Helper()
	time.Sleep(after)
	for _, f := range w.settled() {
		if f.Live || f.Intercepted {
			w.t.Errorf("the %s flow goes on", f.Kind)
		}
	}
	if n := w.Clients(); n != 0 {
		w.t.Errorf("%d clients are left", n)
	}
}

// wantWorking checks that another client is served.
func (w *world) wantWorking() {
	w.t.Helper()
	w.serve(func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") })
	got, _ := w.say("GET http://origin.test/fine HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
	if !strings.HasSuffix(got, "\r\n\r\nhi") {
		w.t.Errorf("another client got %q", got)
	}
}

const smuggled = "GET http://origin.test/smuggled HTTP/1.1\r\nHost: origin.test\r\n\r\n"

func TestAmbiguousRequestsAreRefused(t *testing.T) {
	post := "POST http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n"
	for name, raw := range map[string]string{
		"length and coding":       post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":             post + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
		"two equal lengths":       post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"list of lengths":         post + "Content-Length: 5, 5\r\n\r\nhello",
		"signed length":           post + "Content-Length: +5\r\n\r\nhello",
		"negative length":         post + "Content-Length: -1\r\n\r\n",
		"hexadecimal length":      post + "Content-Length: 0x5\r\n\r\nhello",
		"huge length":             post + "Content-Length: 99999999999999999999\r\n\r\n",
		"empty length":            post + "Content-Length: \r\n\r\n",
		"two codings":             post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"coding that is unknown":  post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"chunked is not last":     post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"chunked twice":           post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		"coding in HTTP/1.0":      "POST http://origin.test/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"coding with a VT":        post + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
		"blank before colon":      post + "Content-Length : 5\r\n\r\nhello",
		"blank in the coding":     post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"folded line":             post + "X: a\r\n Content-Length: 5\r\n\r\nhello",
		"folded first line":       "POST http://origin.test/ HTTP/1.1\r\n X: a\r\nHost: origin.test\r\n\r\n",
		"NUL in a value":          post + "X: a\x00b\r\n\r\n",
		"CR in a value":           post + "X: a\rContent-Length: 5\r\n\r\nhello",
		"CR in a name":            post + "X\rContent-Length: 5\r\n\r\nhello",
		"NUL in a name":           post + "Content-Length\x00: 5\r\n\r\nhello",
		"no colon":                post + "Content-Length 5\r\n\r\nhello",
		"no name":                 post + ": 5\r\n\r\nhello",
		"name that is no token":   post + "(X): 5\r\n\r\n",
		"CR in the target":        "GET http://origin.test/\rX HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"blank in the target":     "GET http://origin.test/ x HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"unknown version":         "GET http://origin.test/ HTTP/x\r\nHost: origin.test\r\n\r\n",
		"no version":              "GET http://origin.test/\r\nHost: origin.test\r\n\r\n",
		"userinfo":                "GET http://a:b@origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"userinfo in Host":        "GET / HTTP/1.1\r\nHost: a@origin.test\r\n\r\n",
		"no Host":                 "GET / HTTP/1.1\r\n\r\n",
		"two hosts":               "GET / HTTP/1.1\r\nHost: origin.test\r\nHost: other.test\r\n\r\n",
		"two hosts and a URL":     "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nHost: other.test\r\n\r\n",
		"version of HTTP/2":       "GET http://origin.test/ HTTP/2.0\r\nHost: origin.test\r\n\r\n",
		"path in Host":            "GET / HTTP/1.1\r\nHost: origin.test/x\r\n\r\n",
		"other scheme":            "GET ftp://origin.test:80/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"port out of range":       "GET http://origin.test:70000/ HTTP/1.1\r\nHost: origin.test\r\n\r\n",
		"CONNECT to port 0":       "CONNECT origin.test:0 HTTP/1.1\r\n\r\n",
		"CONNECT to no host":      "CONNECT :443 HTTP/1.1\r\n\r\n",
		"CONNECT to nothing":      "CONNECT :0 HTTP/1.1\r\n\r\n",
		"CONNECT without a port":  "CONNECT origin.test HTTP/1.1\r\n\r\n",
		"CONNECT to a path":       "CONNECT /origin.test:443 HTTP/1.1\r\n\r\n",
		"CONNECT to bare IPv6":    "CONNECT ::1:443 HTTP/1.1\r\n\r\n",
		"CONNECT to a zone":       "CONNECT [fe80::1%25eth0]:443 HTTP/1.1\r\n\r\n",
		"CONNECT to a huge name":  "CONNECT " + strings.Repeat("a", 5000) + ":443 HTTP/1.1\r\n\r\n",
		"CONNECT with userinfo":   "CONNECT a:b@origin.test:443 HTTP/1.1\r\n\r\n",
		"CONNECT to a range":      "CONNECT origin.test:1-9 HTTP/1.1\r\n\r\n",
		"garbage":                 "\x01\x02\x03 \xff\r\n\r\n",
		"half a preface of h2":    "PRI * HTTP/2.0\r\n\r\n",
		"many blank lines":        strings.Repeat("\r\n", 100),
		"chunk size is no number": post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
		"chunk size is huge":      post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
		"chunk size is signed":    post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
		"chunk size with 0x":      post + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
		"chunk ends in LF":        post + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
		"chunk is too long":       post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
		"LF in an extension":      post + "Transfer-Encoding: chunked\r\n\r\n5;\nhello\r\n0\r\n\r\n",
		"endless extension":       post + "Transfer-Encoding: chunked\r\n\r\n5;" + strings.Repeat("x", 5000) + "\r\nhello\r\n0\r\n\r\n",
		"length in trailers":      post + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
		"endless trailers":        post + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 50_000),
		"bare LF in trailers":     post + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\n",
		"endless field":           post + "A: " + strings.Repeat("b", 1<<20),
		"endless fields":          post + strings.Repeat("A: b\r\n", 100_000),
		"too many fields":         post + strings.Repeat("A: b\r\n", 1001) + "\r\n",
		"endless line":            strings.Repeat("a", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHTTPWorld(t, Config{})
				got, took := w.say(raw + smuggled)
				if !strings.HasPrefix(got, "HTTP/1.1 400 ") || strings.Count(got, "Server: sluice") != 1 {
					t.Errorf("answered %.200q", got)
				}
				if took > time.Second {
					t.Errorf("the client was closed after %s", took)
				}
				if n := len(w.servers); n != 0 {
					t.Errorf("%d connections to servers", n)
				}
				w.wantOver(time.Second)
				for _, f := range w.settled() {
					if f.Error == nil || f.Error.Message == "" {
						t.Errorf("%s %s has no error", f.Request.Method, f.Request.Path)
					}
				}
				w.end()
			})
		})
	}
}

func TestAmbiguousResponsesAreRefused(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	for name, raw := range map[string]string{
		"length and coding":      ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":            ok + "Content-Length: 5\r\nContent-Length: 2\r\n\r\nhello",
		"bad length":             ok + "Content-Length: 5x\r\n\r\nhello",
		"two codings":            ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"unknown coding":         ok + "Transfer-Encoding: magic\r\n\r\n0\r\n\r\n",
		"coding in HTTP/1.0":     "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"coding of a 204":        "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"blank before colon":     ok + "Content-Length : 5\r\n\r\nhello",
		"folded line":            ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
		"NUL":                    ok + "X: a\x00\r\nContent-Length: 0\r\n\r\n",
		"bare CR splits":         ok + "X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
		"name that is no token":  ok + "X/Y: a\r\nContent-Length: 0\r\n\r\n",
		"HTTP/0.9":               "<html>hello</html>\n",
		"status of two digits":   "HTTP/1.1 20 OK\r\n\r\n",
		"status of four digits":  "HTTP/1.1 2000 OK\r\n\r\n",
		"other protocol":         "SSH-2.0-OpenSSH_9.0\r\n",
		"TLS alert":              "\x15\x03\x01\x00\x02\x02\x28\n",
		"endless line":           strings.Repeat("a", 1<<20),
		"endless fields":         ok + strings.Repeat("A: b\r\n", 100_000),
		"endless interim":        strings.Repeat("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n", 100_000),
		"101 that nobody wanted": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nbytes",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHTTPWorld(t, Config{})
				w.serve(func(c net.Conn) { io.WriteString(c, raw) })
				got, took := w.say("GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n" + smuggled)
				final := got
				for strings.HasPrefix(final, "HTTP/1.1 103 ") {
					_, final, _ = strings.Cut(final, "\r\n\r\n")
				}
				if !strings.HasPrefix(final, "HTTP/1.1 502 ") || strings.Contains(final, "Set-Cookie: b\r\n") {
					t.Errorf("answered %.200q", final)
				}
				if took > time.Second || len(got) > 64<<10 {
					t.Errorf("%d bytes came to the client, which was closed after %s", len(got), took)
				}
				w.wantOver(time.Second)
				for _, f := range w.settled() {
					if f.Error == nil || f.Error.Message == "" {
						t.Errorf("%s %s has no error", f.Request.Method, f.Request.Path)
					}
				}
				w.end()
			})
		})
	}
}

// TestBrokenBodiesEndTheResponse breaks off responses whose head the client may have seen already.
func TestBrokenBodiesEndTheResponse(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, raw := range map[string]string{
		"chunk size":        chunked + "5\r\nhello\r\nnonsense\r\n",
		"chunk extension":   chunked + "5;" + strings.Repeat("x", 1<<20),
		"trailers":          chunked + "0\r\n" + strings.Repeat("A: b\r\n", 100_000),
		"length in trailer": chunked + "0\r\nContent-Length: 1\r\n\r\n",
		"ends early":        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"ends in a chunk":   chunked + "5\r\nhel",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHTTPWorld(t, Config{})
				w.serve(func(c net.Conn) { io.WriteString(c, raw); c.Close() })
				got, took := w.say("GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n")
				if strings.HasSuffix(got, "0\r\n\r\n") || took > time.Second {
					t.Errorf("the client believes that this is whole: %.200q", got)
				}
				w.wantOver(time.Second)
				if f := w.flow(); f.Error == nil {
					t.Error("no error recorded")
				}
				w.end()
			})
		})
	}
}

func TestNestedConnectIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{})
		c := w.connect()
		send(t, c, "CONNECT origin.test:80 HTTP/1.1\r\n\r\n")
		if head := readHeadOf(c); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
			t.Fatal(head)
		}
		s := <-w.servers
		go io.WriteString(c, "CONNECT inner.test:80 HTTP/1.1\r\n\r\n"+smuggled)
		if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
			t.Errorf("answered %q", got)
		}
		if got, _ := io.ReadAll(s); len(got) != 0 {
			t.Errorf("the server got %q", got)
		}
		w.wantOver(time.Second)
		w.end()
	})
}

func TestPipelineFloodIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{})
		c := w.connect()
		sent := make(chan int)
		go func() {
			n := 0
			for {
				m, err := io.WriteString(c, "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n")
				if n += m; err != nil {
					sent <- n
					return
				}
			}
		}()
		<-w.servers
		go io.Copy(io.Discard, c)
		if n := <-sent; n > 1<<20 {
			t.Errorf("took %d bytes ahead of the first response", n)
		}
		w.wantOver(linger + time.Second) // the server gets its time to take what was sent to it
		w.wantWorking()
		w.end()
	})
}

func TestOneByteAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slowly := func(c net.Conn, s string) {
			for i := range len(s) {
				io.WriteString(c, s[i:i+1])
				time.Sleep(time.Second)
			}
		}
		w := newHTTPWorld(t, Config{IdleTimeout: time.Minute})
		w.serve(func(c net.Conn) { slowly(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+strings.Repeat("x", 100)) })
		c := w.connect()
		go slowly(c, "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
		got, _ := io.ReadAll(c)
		if !strings.HasSuffix(string(got), strings.Repeat("x", 100)) {
			t.Errorf("got %q", got)
		}
		w.wantOver(time.Second)
		w.end()
	})
}

// TestServerThatNeverAnswers: connecting is given up when the client leaves, and after the time limit.
func TestServerThatNeverAnswers(t *testing.T) {
	for name, leaves := range map[string]bool{"client leaves": true, "client waits": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				givenUp := make(chan struct{})
				w := newHTTPWorld(t, Config{ConnectTimeout: time.Minute, Dial: func(ctx context.Context, _ string) (net.Conn, error) {
					<-ctx.Done()
					close(givenUp)
					return nil, ctx.Err()
				}})
				c := w.connect()
				send(t, c, "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n")
				synctest.Wait()
				start := time.Now()
				if leaves {
					c.Close()
				} else if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 502 ") {
					t.Errorf("answered %q", got)
				}
				<-givenUp
				if took := time.Since(start); leaves && took > 0 || !leaves && took != time.Minute {
					t.Errorf("given up after %s", took)
				}
				w.wantOver(time.Second)
				if f := w.flow(); f.Error == nil {
					t.Error("no error recorded")
				}
				w.end()
			})
		})
	}
}
