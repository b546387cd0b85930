package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
	"sluice/proxy/wire/ws"
)

// pours writes first, and then again many times, without a pause: as much as the proxy takes.
func pours(first, again string, times int) func(net.Conn) {
	return also(func(c net.Conn) {
		io.WriteString(c, first)
		for range times {
			if _, err := io.WriteString(c, again); err != nil {
				return
			}
		}
	})
}

// upgrades has a client go on in WebSocket.
func upgrades(act func(c net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, wsUpgrade)
		if readHeadOf(c) != "" {
			act(c)
		}
	}
}

// asks2 begins HTTP/2 with n requests that have no end, whose streams have a window of so many bytes.
func asks2(path string, n int, window uint32, fields ...string) []byte {
	b := h2.AppendSettings([]byte(h2.Preface), http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
	fields = append([]string{":method", "POST", ":scheme", "http", ":authority", path[:strings.IndexByte(path, '/')],
		":path", path[strings.IndexByte(path, '/'):]}, fields...)
	for i := range n {
		b = h2.AppendHeaders(b, uint32(2*i+1), false, fieldBlock(fields...), h2.MaxFrame)
	}
	return b
}

// uploads2 is content of n streams, in turn, as much as their windows take.
func uploads2(n int) string {
	var b []byte
	for range 15 {
		for i := range n {
			b = h2.AppendData(b, uint32(2*i+1), false, make([]byte, h2.MaxFrame))
		}
	}
	return string(b)
}

// fillers have the proxy keep as much as they can, each in another place: several hundred MiB together if nothing stopped them.
var fillers = map[string]func(net.Conn){
	"uploads to the deaf":        pours(string(asks2("origin.test/deaf", 6, 1<<20)), uploads2(6), 1),
	"uploads to the unreachable": pours(string(asks2("nowhere.test/", 10, 1<<20)), uploads2(10), 1),
	"windows that stay closed":   also(func(c net.Conn) { c.Write(asks2("origin.test/pours", 6, 0)) }),
	"half a head":                pours("GET http://origin.test/ HTTP/1.1\r\nA: ", strings.Repeat("x", 50<<10), 5),
	"streams":                    also(func(c net.Conn) { c.Write(asks2("nowhere.test/", 240, 1<<20)) }),
	"heads":                      also(func(c net.Conn) { c.Write(asks2("nowhere.test/", 60, 1<<20, "x", strings.Repeat("#", 40<<10))) }),
	"responses nobody reads":     func(c net.Conn) { c.Write(asks2("origin.test/pours", 6, 1<<30)) },
	"bodies": pours("POST http://origin.test/silent HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 900000000\r\n\r\n",
		strings.Repeat("x", 64<<10), 64),
	"held bodies": pours("POST http://origin.test/held HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 900000000\r\n\r\n",
		strings.Repeat("x", 64<<10), 64),
	"messages": upgrades(pours("", strings.Repeat(wsFrame(ws.Head{Fin: true, Op: ws.Text, Masked: true}, "hello"), 1000), 20)),
	"endless messages": upgrades(pours(wsFrame(ws.Head{Op: ws.Text, Masked: true}, ""),
		wsFrame(ws.Head{Op: ws.Continuation, Masked: true}, strings.Repeat("x", 64<<10)), 64)),
	"tcp": inTunnel("origin.test:9", pours("\x00", strings.Repeat("\x01", 64<<10), 64)),
}

// good is how many bytes a good client sends, and gets back.
const good = 2 << 20

var goodRequest = "POST http://origin.test/fine HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 2097152\r\nConnection: close\r\n\r\n" + strings.Repeat("x", good)

// serveFillers answers as those want it who fill the proxy.
func (w *world) serveFillers() {
	for {
		select {
		case c := <-w.servers:
			go func() {
				head := readHeadOf(c)
				_, path, _ := strings.Cut(head, " ")
				switch path, _, _ = strings.Cut(path, " "); path {
				case "/deaf":
					<-w.over
				case "/pours":
					pours("HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n", strings.Repeat("x", 64<<10), 64)(c)
				case "/ws":
					io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
				case "/fine":
					n, _ := io.CopyN(io.Discard, c, good)
					fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", int(n)))
				}
				io.Copy(io.Discard, c)
			}()
		case <-w.over:
			return
		}
	}
}

// A bodyHolder has bodies held that go to a path.
type bodyHolder struct{ path string }

func (b bodyHolder) Handle(h layer.Hook) <-chan layer.Verdict {
	if h, ok := h.(*layer.RequestHeaders); ok && h.Flow.Request.Path == b.path {
		h.Flow.Request.Hold = true
	}
	return nil
}

// TestManyThatFillMemoryStayWithinTheBudget: however many clients have the proxy keep as much as they can, all together it keeps what the
// budget allows, the largest are turned away with words that say why, others are served, and at the end all of it is there again.
func TestManyThatFillMemoryStayWithinTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each, budget = 15, 48 << 20
		const step, freely, testsOwn = 64 << 10, 384 << 10, 16 << 20
		opts := &atomic.Pointer[layer.Options]{}
		opts.Store(&layer.Options{RawTCP: true, WebSocket: true, BodyBudget: budget})
		var w *world
		w = newHTTPWorld(t, Config{Layers: opts, ConnectTimeout: time.Hour, IdleTimeout: time.Minute,
			Dial: func(ctx context.Context, addr string) (net.Conn, error) {
				if strings.HasPrefix(addr, "nowhere.test") {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				near, far := net.Pipe()
				if addr == "origin.test:9" {
					go io.Copy(io.Discard, far)
				} else {
					w.servers <- far
				}
				return near, nil
			}}, bodyHolder{"/held"})
		go w.serveFillers()
		w.say(goodRequest)
		w.settled()
		before := heap()
		var bad []io.Closer
		for range each {
			for _, act := range fillers {
				c := w.connect()
				bad = append(bad, c)
				go act(c)
			}
		}
		most, turned := int64(0), 0
		for range 3 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			clients, sockets := w.count()
			turned += w.turnedAway()
			used := w.bodies.Used()
			most = max(most, used)
			if limit := int64(budget + len(fillers)*each*(step+freely)); used > limit {
				t.Errorf("%d KiB are in the budget, the limit is %d KiB", used>>10, limit>>10)
			}
			grown, limit := heap()-before, int64(2*budget+testsOwn+clients*(step+freely)+sockets*readSize)
			t.Logf("%d clients, %d sockets, %d of %d KiB, heap %d of %d KiB", clients, sockets, used>>10, budget>>10, grown>>10, limit>>10)
			if grown > limit {
				t.Errorf("the heap has grown by %d KiB, the limit is %d KiB", grown>>10, limit>>10)
			}
			if got, _ := w.say(goodRequest); !strings.HasPrefix(got, "HTTP/1.1 200 OK") || len(got) < good {
				t.Errorf("a client beside them got %d bytes: %.100q", len(got), got)
			}
		}
		if most < budget/2 {
			t.Errorf("only %d KiB were kept: this is no test", most>>10)
		}
		if log := w.log.String(); turned == 0 || strings.Count(log, "body_record_budget") == 0 {
			t.Errorf("%d flows were turned away; the log:\n%.2000s", turned, log)
		}
		for _, c := range bad {
			c.Close()
		}
		w.wantOver(2 * time.Minute)
		if used := w.bodies.Used(); used != 0 {
			t.Errorf("%d bytes are used when all have gone", used)
		}
		w.end()
	})
}

// count returns how many clients there are, and connections of all of them.
func (w *world) count() (clients, sockets int) {
	for _, c := range w.all() {
		c.mu.Lock()
		clients, sockets = clients+1, sockets+len(c.sockets)
		c.mu.Unlock()
	}
	return clients, sockets
}

// turnedAway counts the flows that have ended for the budget's sake, and forgets all.
func (w *world) turnedAway() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.last {
		if f.Error != nil && strings.Contains(f.Error.Message, "raise body_record_budget") {
			n++
		}
	}
	clear(w.last)
	return n
}
