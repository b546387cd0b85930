package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	mdns "github.com/miekg/dns"
)

// A linkMachine is asked for names as all machines of a link are, and answers its own from another socket than it listens at. Of others
// it says that there are none, where real ones are silent.
type linkMachine struct {
	*net.UDPConn
	name  string
	asked atomic.Int32
}

func newLinkMachine(t *testing.T, name string) *linkMachine {
	pc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	m := &linkMachine{UDPConn: pc, name: name}
	go m.answer()
	return m
}

func (m *linkMachine) answer() {
	from, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return
	}
	defer from.Close()
	b := make([]byte, 1500)
	for {
		n, who, err := m.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		m.asked.Add(1)
		var q, r mdns.Msg
		if q.Unpack(b[:n]) != nil {
			continue
		}
		if r.SetRcode(&q, mdns.RcodeNameError); q.Question[0].Name == m.name && q.Question[0].Qtype == mdns.TypeA {
			r.Rcode = mdns.RcodeSuccess
			r.Answer = []mdns.RR{&mdns.A{Hdr: mdns.RR_Header{Name: m.name, Rrtype: mdns.TypeA, Class: mdns.ClassINET, Ttl: 10}, A: net.IPv4(127, 0, 0, 1)}}
		}
		raw, _ := r.Pack()
		from.WriteToUDPAddrPort(raw, who)
	}
}

// nameless is a dialer whose system knows no names.
func nameless() *net.Dialer {
	return &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}}
}

func TestDialNameOfLink(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			io.WriteString(nc, "hello")
			nc.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	m := newLinkMachine(t, "printer.local.")
	e := New(Config{})
	e.multicast = addrPort(m.LocalAddr())
	for _, host := range []string{"printer.local", "printer.local."} {
		nc, err := e.dial(t.Context(), nameless(), "tcp", host+":"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if got, err := io.ReadAll(nc); err != nil || string(got) != "hello" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	asked := m.asked.Load()
	for _, host := range []string{"printer.corp.local", "local", ".local", "printer.local.test"} {
		if _, err := e.dial(t.Context(), nameless(), "tcp", host+":"+port); err == nil {
			t.Errorf("%s was connected to", host)
		}
	}
	if now := m.asked.Load(); now != asked {
		t.Errorf("the link was asked %d times for names that are not its own", now-asked)
	}
}

// A name that nobody on the link has is as unknown as before.
func TestDialUnknownNameOfLink(t *testing.T) {
	m := newLinkMachine(t, "printer.local.")
	e := New(Config{})
	e.multicast = addrPort(m.LocalAddr())
	_, err := e.dial(t.Context(), nameless(), "tcp", "scanner.local:80")
	if err == nil || !strings.Contains(err.Error(), "no name server") {
		t.Errorf("got %v", err)
	}
	if m.asked.Load() == 0 {
		t.Error("the link was not asked")
	}
}

// Where there is but a link, no name server answers.
func TestDialNameOfLinkAlone(t *testing.T) {
	pc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	e := New(Config{})
	e.multicast = addrPort(newLinkMachine(t, "printer.local.").LocalAddr())
	silent := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		<-t.Context().Done()
		return nil, t.Context().Err()
	}}}
	_, port, _ := net.SplitHostPort(pc.LocalAddr().String())
	nc, err := e.dial(t.Context(), silent, "udp", "printer.local:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if nc.RemoteAddr().String() != pc.LocalAddr().String() {
		t.Error("connected to", nc.RemoteAddr())
	}
}

// A name that the system knows needs no answer of the link.
func TestDialNameOfSystem(t *testing.T) {
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	server := newLinkMachine(t, "printer.local.")
	d := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialMulticast(ctx, addrPort(server.LocalAddr()))
	}}}
	e := New(Config{})
	e.multicast = addrPort(silent.LocalAddr())
	nc, err := e.dial(t.Context(), d, "udp", "printer.local:9")
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

// Who no longer wants an answer waits for none.
func TestDialMulticastEnds(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	c, err := dialMulticast(ctx, multicastGroup)
	if err != nil {
		t.Fatal(err)
	}
	giveUp()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
