package proxy

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFewTakeNotAllSockets: clients that ask for many connections to servers at once get no more than are left, those that have few get
// theirs, and what is refused says why. When all have gone, none is counted.
func TestFewTakeNotAllSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, greedy = 60, 4
		w := newHTTPWorld(t, Config{MaxSockets: limit})
		go w.serveSoak()
		var bad []io.Closer
		for range greedy {
			c := w.connect()
			bad = append(bad, c)
			go also(func(c net.Conn) { c.Write(asks2("origin.test/silent", 100, 1<<20)) })(c)
		}
		synctest.Wait()
		if n := int(w.sockets.Load()); n < limit/2 || n > limit+greedy*someServers {
			t.Errorf("%d connections are open", n)
		}
		for range 5 {
			if got, _ := w.say(request("/fine")); !strings.HasSuffix(got, "/fine") {
				t.Errorf("a client beside them got %q", got)
			}
		}
		refused := 0
		for _, f := range w.settled() {
			if f.Error != nil && strings.Contains(f.Error.Message, "ulimit -n") && f.Response == nil {
				refused++
			}
		}
		if refused == 0 {
			t.Error("nothing was refused")
		}
		for _, c := range bad {
			c.Close()
		}
		w.wantOver(time.Minute)
		if n := w.sockets.Load(); n != 0 {
			t.Errorf("%d connections are counted at the end", n)
		}
		w.end()
	})
}
