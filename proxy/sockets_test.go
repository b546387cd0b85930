package proxy

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/layer"
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

// refuser is an addon that wants no client.
type refuser struct{}

func (refuser) Handle(h layer.Hook) <-chan layer.Verdict {
	if h, ok := h.(*layer.ClientConnected); ok {
		h.Client.Error = "not you"
	}
	return nil
}

// TestRefusedClientsHaveNoSocket: a client that is refused, or whose way cannot be found, or that is one too many, is not counted when it has gone.
func TestRefusedClientsHaveNoSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, cfg := range map[string]Config{
			"refused": {Addons: addon.Chain{refuser{}}},
			"lost":    {},
			"full":    {MaxClients: -1},
		} {
			w := newWorld(t, cfg)
			if name == "lost" {
				w.role.target = func(net.Conn) (netip.AddrPort, error) { return netip.AddrPort{}, io.ErrUnexpectedEOF }
			}
			if got, _ := w.say("hello"); got != "" {
				t.Errorf("%s: got %q", name, got)
			}
			synctest.Wait()
			if n := w.sockets.Load(); n != 0 {
				t.Errorf("%s: %d connections are counted when it has gone", name, n)
			}
			w.end()
		}
	})
}
