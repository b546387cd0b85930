package proxy

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/layer"
)

// TestHeldBodiesGoOnWhereThereIsNoRoom: a body that is held and finds no room in the budget goes on as it is, and one that finds room goes on
// whole when it is let go: neither client is turned away, and nothing is counted in the end.
func TestHeldBodiesGoOnWhereThereIsNoRoom(t *testing.T) {
	const budget = 8 << 20
	for _, size := range []int{2500 << 10, 6 << 20, 40 << 20} {
		synctest.Test(t, func(t *testing.T) {
			opts := &atomic.Pointer[layer.Options]{}
			opts.Store(&layer.Options{BodyBudget: budget})
			w := newHTTPWorld(t, Config{Layers: opts}, bodyHolder{"/held"})
			w.serve(func(c net.Conn) {
				n, _ := io.CopyN(io.Discard, c, int64(size))
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nGot: %d\r\nConnection: close\r\n\r\n", n)
			})
			got, _ := w.say(fmt.Sprintf("POST http://origin.test/held HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n", size) +
				strings.Repeat("x", size))
			if want := fmt.Sprintf("Got: %d", size); !strings.Contains(got, want) {
				t.Errorf("%d bytes: got %q", size, got)
			}
			w.wantOver(time.Minute)
			if used := w.bodies.Used(); used != 0 {
				t.Errorf("%d bytes: %d are counted at the end", size, used)
			}
			if passes := strings.Contains(w.log.String(), "is not held any more"); passes != (size > budget/3) {
				t.Errorf("%d bytes: the log says:\n%s", size, w.log.String())
			}
			w.end()
		})
	}
}

// TestPersonsWaitForNoPeer: whoever kills a flow whose client takes nothing, or ends the proxy, does not wait for that client.
func TestPersonsWaitForNoPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{IdleTimeout: time.Hour})
		w.serve(pours("HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n", strings.Repeat("x", 64<<10), 64))
		io.WriteString(w.connect(), request("/pours"))
		f, start := w.flow(), time.Now()
		w.Kill(f.ID)
		if d := time.Since(start); d > 0 {
			t.Errorf("killing took %v", d)
		}
		if f = w.flow(); !f.Killed() || f.Live {
			t.Error("the flow goes on")
		}
		start = time.Now()
		w.end()
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("the end took %v", d)
		}
	})
}
