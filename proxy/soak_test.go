package proxy

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// dribble writes s one byte a second until the other side is gone.
func dribble(c net.Conn, s string) {
	for i := range len(s) {
		if _, err := io.WriteString(c, s[i:i+1]); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// flood writes s again and again until the other side is gone, with pauses in which the clock goes on.
func flood(c net.Conn, s string) {
	s = strings.Repeat(s, 100)
	for {
		if _, err := io.WriteString(c, s); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const okHead = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"

// hostileOrigins are the answers of origins, by the path that asks for them.
var hostileOrigins = map[string]func(c net.Conn){
	"/garbage": func(c net.Conn) { io.WriteString(c, "\x00\xff\x16\x03 not HTTP at all\r\n\r\n") },
	"/silent":  func(net.Conn) {},
	"/slow":    func(c net.Conn) { dribble(c, okHead) },
	"/reset":   func(c net.Conn) { io.WriteString(c, okHead+"half"); c.Close() },
	"/endless": func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		flood(c, "4\r\nmore\r\n")
	},
	"/ws": func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		flood(c, "\x82\x05hello\x89\x00")
	},
	"/heads": func(c net.Conn) { flood(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") },
}

// hostileClients do their worst on a connection and leave when they are told to.
var hostileClients = map[string]func(c net.Conn){
	"garbage":   func(c net.Conn) { io.WriteString(c, "\x05\xff\x00\x80\r\n\r\n\x00"); io.Copy(io.Discard, c) },
	"half-open": func(c net.Conn) { io.WriteString(c, "GET http://origin.test/half HTTP/1.1\r\nHost: or") },
	"dribbling": func(c net.Conn) {
		dribble(c, "GET http://origin.test/fine HTTP/1.1\r\n"+strings.Repeat("A: b\r\n", 1000))
	},
	"never reads":  func(c net.Conn) { io.WriteString(c, request("/endless")) },
	"resets":       func(c net.Conn) { io.WriteString(c, request("/silent")); c.Close() },
	"floods":       func(c net.Conn) { flood(c, request("/fine")) },
	"floods heads": func(c net.Conn) { io.WriteString(c, "GET / HTTP/1.1\r\n"); flood(c, "A: b\r\n") },
}

func request(path string) string {
	return "GET http://origin.test" + path + " HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n"
}

// serveSoak answers as the path says: in a hostile way if there is one of that name, else properly.
func (w *world) serveSoak() {
	for {
		select {
		case c := <-w.servers:
			go func() {
				_, path, _ := strings.Cut(readHeadOf(c), " ")
				path, _, _ = strings.Cut(path, " ")
				if answer := hostileOrigins[path]; answer != nil {
					answer(c)
				} else {
					fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(path), path)
				}
				io.Copy(io.Discard, c)
			}()
		case <-w.over:
			return
		}
	}
}

// TestSoak: while hostile clients and origins do all of it at once, good clients are served, and when they
// have gone neither clients, goroutines nor memory are left.
func TestSoak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{IdleTimeout: time.Minute, ConnectTimeout: 10 * time.Second})
		w.soak(5*len(hostileClients), func() (bad []io.Closer) {
			start := func(act func(net.Conn)) {
				c := w.connect()
				bad = append(bad, c)
				go act(c)
			}
			for range 20 {
				for _, act := range hostileClients {
					start(act)
				}
				for path := range hostileOrigins {
					start(func(c net.Conn) {
						io.WriteString(c, request(path))
						io.Copy(io.Discard, c)
					})
				}
			}
			return bad
		})
	})
}

// soak serves good clients while those that attack begins, at least most of them at once, do their worst. Then the world ends.
func (w *world) soak(most int, attack func() []io.Closer) {
	const rounds = 8
	const idle = 64 // coroutines that the engine keeps for the next clients
	t := w.t
	go w.serveSoak()
	w.say(request("/warm"))
	w.settled()
	goroutines, before := runtime.NumGoroutine(), heap()
	bad := attack()
	synctest.Wait()
	if n := w.Clients(); n < most {
		t.Errorf("only %d clients are there at once", n)
	}
	var good sync.WaitGroup
	for i := range 10 {
		good.Go(func() {
			for j := range rounds {
				path := fmt.Sprintf("/good/%d/%d", i, j)
				got, took := w.say(request(path))
				if !strings.HasSuffix(got, "\r\n\r\n"+path) || took > time.Second {
					t.Errorf("%s was answered with %q after %s", path, got, took)
				}
				time.Sleep(time.Second)
			}
		})
	}
	good.Wait()
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("the heap has grown by %d KiB under attack", grown>>10)
	} else {
		t.Logf("%d KiB and %d goroutines more under attack", grown>>10, runtime.NumGoroutine()-goroutines)
	}
	for _, c := range bad {
		c.Close()
	}
	w.wantOver(2 * time.Minute)
	w.mu.Lock()
	clear(w.last) // what was recorded is the store's to bound
	w.mu.Unlock()
	w.log.forget()
	synctest.Wait()
	if n := runtime.NumGoroutine(); n > goroutines+idle {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("the heap has grown by %d KiB after it", grown>>10)
	} else {
		t.Logf("%d KiB and %d goroutines more than before", grown>>10, runtime.NumGoroutine()-goroutines)
	}
	w.end()
}

// TestTooManyClientsAreRefused: those over the limit are turned away, which is said once, until there is room again.
func TestTooManyClientsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{MaxClients: 2})
		go w.serveSoak()
		first, second := w.connect(), w.connect()
		synctest.Wait()
		for range 5 {
			if got, _ := w.say(request("/refused")); got != "" {
				t.Errorf("answered %q", got)
			}
		}
		if n := strings.Count(w.log.String(), "too many at once"); n != 1 {
			t.Errorf("said %d times", n)
		}
		first.Close()
		synctest.Wait()
		if got, _ := w.say(request("/fine")); !strings.HasSuffix(got, "/fine") {
			t.Errorf("answered %q", got)
		}
		second.Close()
		w.wantOver(time.Second)
		w.end()
	})
}
