package proxy

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
)

type datagram struct {
	data string
	addr netip.AddrPort
}

// air is a UDP socket in memory.
type air struct {
	in, out chan datagram
	once    sync.Once
	closed  chan struct{}
}

func newAir() *air {
	return &air{in: make(chan datagram), out: make(chan datagram, 64), closed: make(chan struct{})}
}

func (a *air) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-a.in:
		return copy(b, d.data), d.addr, nil
	case <-a.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (a *air) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	a.out <- datagram{string(b), addr}
	return len(b), nil
}

func (a *air) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9} }
func (a *air) Close() error        { a.once.Do(func() { close(a.closed) }); return nil }

// port returns the address of the n-th peer.
func port(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 1000)
}

// newAirWorld is a world whose clients send datagrams, each of which is echoed in capitals' place: behind a dash.
func newAirWorld(t *testing.T, cfg Config) (*world, *air) {
	cfg.DialUDP = func(context.Context, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			b := make([]byte, 100)
			for {
				n, err := far.Read(b)
				if err != nil {
					return
				}
				io.WriteString(far, "-"+string(b[:n]))
			}
		}()
		return near, nil
	}
	w := newWorld(t, cfg)
	a := newAir()
	r := &role{mode: "reverse:udp://x:1", root: func(ctx *layer.Context) layer.Layer {
		ctx.Server.Address, ctx.Server.Transport = flow.Addr{Host: "x", Port: 1}, "udp"
		return layers.NewUDP(ctx, false)
	}}
	if err := w.listen(&listener{role: r, addr: a.LocalAddr(), udp: newPackets(a)}); err != nil {
		t.Fatal(err)
	}
	w.reader.Go(func() { w.Serve(context.Background()) })
	return w, a
}

func TestPeersAreClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := newAirWorld(t, Config{})
		for i := range 3 {
			for range 2 {
				a.in <- datagram{"hi", port(i)}
				if d := <-a.out; d.data != "-hi" || d.addr != port(i) {
					t.Fatalf("%q to %s", d.data, d.addr)
				}
			}
		}
		if n := w.Clients(); n != 3 {
			t.Errorf("%d clients", n)
		}
		w.end()
		for _, f := range w.last {
			if f.Kind != flow.UDP || len(f.Messages) != 4 || f.Live || f.Client.Transport != "udp" || f.Client.Peer.Port() != 1000 {
				t.Errorf("%+v", f)
			}
		}
	})
}

func TestSilentPeerIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := newAirWorld(t, Config{UDPTimeout: time.Minute})
		a.in <- datagram{"hi", port(1)}
		<-a.out
		time.Sleep(59 * time.Second)
		if w.Clients() != 1 {
			t.Error("forgotten too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if w.Clients() != 0 {
			t.Error("not forgotten")
		}
		if f := w.flow(); f.Live || f.Error != nil {
			t.Errorf("the flow did not end well: %+v", f.Error)
		}
		a.in <- datagram{"again", port(1)}
		if d := <-a.out; d.data != "-again" {
			t.Error(d)
		}
		w.end()
	})
}

func TestPeersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := newAirWorld(t, Config{UDPTimeout: time.Minute})
		go func() {
			for range a.out {
			}
		}()
		for i := range maxPeers + 10 {
			a.in <- datagram{"hi", port(i)}
		}
		synctest.Wait()
		if n := w.Clients(); n != maxPeers {
			t.Errorf("%d clients", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := w.Clients(); n != 0 {
			t.Errorf("%d clients are still there", n)
		}
		w.end()
		close(a.out)
	})
}

// A real socket relays datagrams of all sizes, empty ones too.
func TestReverseUDP(t *testing.T) {
	echo, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := echo.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			echo.WriteToUDPAddrPort(b[:n], from)
		}
	}()
	spec := "reverse:udp://" + echo.LocalAddr().String()
	r := newRig(t, "mode="+spec)
	c, err := net.Dial("udp", r.at(spec))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 1<<16)
	for _, size := range []int{4, 0, 1, 1400, 20000} {
		if _, err := c.Write(b[:size]); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(b); n != size || err != nil {
			t.Fatalf("%d of %d bytes, %v", n, size, err)
		}
	}
}
