package proxy

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	mdns "github.com/miekg/dns"

	"sluice/proxy/addon"
	"sluice/proxy/flow"
)

// newDNSWorld is a world in mode dns whose name servers are dialled in memory. Each is told its questions.
func newDNSWorld(t *testing.T, cfg Config, servers map[string]func(net.Conn)) (*world, *air) {
	rc := &ResolveConfig{}
	for _, s := range []string{"192.0.2.1:53", "192.0.2.2:53"} {
		if servers[s] != nil {
			rc.Servers = append(rc.Servers, s)
		}
	}
	cfg.Resolve = &atomic.Pointer[ResolveConfig]{}
	cfg.Resolve.Store(rc)
	cfg.DialUDP = func(_ context.Context, addr string) (net.Conn, error) {
		near, far := net.Pipe()
		go servers[addr](far)
		return near, nil
	}
	w := newWorld(t, cfg)
	a := newAir()
	m, err := ParseMode("dns")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.listen(&listener{role: m.role(), addr: a.LocalAddr(), udp: newPackets(a)}); err != nil {
		t.Fatal(err)
	}
	w.reader.Go(func() { w.Serve(context.Background()) })
	return w, a
}

func silent(c net.Conn) {
	b := make([]byte, 512)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// liar answers another question, and another id, before the one that was asked.
func liar(c net.Conn) {
	b := make([]byte, 512)
	n, err := c.Read(b)
	if err != nil {
		return
	}
	var q mdns.Msg
	if q.Unpack(b[:n]) != nil {
		return
	}
	answer := func(id uint16, name, ip string) {
		m := new(mdns.Msg)
		m.SetReply(&q)
		m.Id = id
		m.Question[0].Name = name
		m.Answer = []mdns.RR{&mdns.A{Hdr: mdns.RR_Header{Name: name, Rrtype: mdns.TypeA, Class: mdns.ClassINET}, A: net.ParseIP(ip)}}
		raw, _ := m.Pack()
		c.Write(raw)
	}
	answer(q.Id+1, "a.test.", "192.0.2.66")
	answer(q.Id, "b.test.", "192.0.2.66")
	c.Write([]byte("nonsense"))
	answer(q.Id, "a.test.", "192.0.2.10")
}

func ask(name string) string {
	var m mdns.Msg
	m.SetQuestion(name, mdns.TypeA)
	m.Id = 7
	b, _ := m.Pack()
	return string(b)
}

func answered(t *testing.T, d datagram) *mdns.Msg {
	t.Helper()
	var m mdns.Msg
	if err := m.Unpack([]byte(d.data)); err != nil || m.Id != 7 {
		t.Fatal(err, m.Id)
	}
	return &m
}

func TestNameServersInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := newDNSWorld(t, Config{}, map[string]func(net.Conn){"192.0.2.1:53": silent, "192.0.2.2:53": liar})
		begin := time.Now()
		a.in <- datagram{ask("a.test."), port(1)}
		m := answered(t, <-a.out)
		if len(m.Answer) != 1 || m.Answer[0].(*mdns.A).A.String() != "192.0.2.10" {
			t.Error(m)
		}
		if took := time.Since(begin); took != serverTimeout {
			t.Errorf("answered after %s", took)
		}
		w.end()
	})
}

// A name server that says nothing is given up, and many who ask it the same cause one question.
func TestNameServerIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		w, a := newDNSWorld(t, Config{}, map[string]func(net.Conn){"192.0.2.1:53": func(c net.Conn) { asked.Add(1); silent(c) }})
		begin := time.Now()
		for i := range 50 {
			a.in <- datagram{ask("a.test."), port(i)}
		}
		for range 50 {
			if m := answered(t, <-a.out); m.Rcode != mdns.RcodeServerFailure {
				t.Error(m)
			}
		}
		if took := time.Since(begin); took != resolveTimeout || asked.Load() != 1 {
			t.Errorf("given up after %s and %d questions", took, asked.Load())
		}
		time.Sleep(2 * time.Second) // in which they might ask again
		synctest.Wait()
		if n := w.Clients(); n != 0 {
			t.Errorf("%d clients are left", n)
		}
		w.end()
	})
}

// Shutting down does not wait for name servers.
func TestResolvingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, a := newDNSWorld(t, Config{}, map[string]func(net.Conn){"192.0.2.1:53": silent})
		a.in <- datagram{ask("a.test."), port(1)}
		synctest.Wait()
		begin := time.Now()
		w.end()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %s", took)
		}
		for _, f := range w.last {
			if f.Live || f.Error == nil {
				t.Errorf("%+v", f)
			}
		}
	})
}

// Who may not use the proxy gets no answers, by DNS either.
func TestDNSIsNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := &addon.Block{}
		block.Global.Store(true)
		w, a := newDNSWorld(t, Config{Addons: addon.Chain{block}}, map[string]func(net.Conn){"192.0.2.1:53": liar})
		a.in <- datagram{ask("a.test."), netip.MustParseAddrPort("8.8.8.8:53")}
		synctest.Wait()
		if len(a.out) != 0 || w.Clients() != 0 || len(w.last) != 0 {
			t.Error("a stranger was answered")
		}
		a.in <- datagram{ask("a.test."), port(1)}
		if m := answered(t, <-a.out); len(m.Answer) != 1 {
			t.Error(m)
		}
		w.end()
		if n := len(w.last); n != 1 {
			t.Errorf("%d flows", n)
		}
		for _, f := range w.last {
			if f.Kind != flow.DNS {
				t.Error(f.Kind)
			}
		}
	})
}
