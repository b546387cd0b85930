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

// A linkMachine is asked for names as all machines of a link are, and answers its own from another socket than it listens at.
type linkMachine struct {
	*net.UDPConn
	name  string
	other func() // it was asked for another name
	asked atomic.Int32
}

func newLinkMachine(t *testing.T, name string, other func()) *linkMachine {
	pc, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	m := &linkMachine{UDPConn: pc, name: name, other: other}
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
		if q.Unpack(b[:n]) != nil || q.Question[0].Name != m.name || q.Question[0].Qtype != mdns.TypeA {
			m.other()
			continue
		}
		r.SetReply(&q)
		r.Answer = []mdns.RR{&mdns.A{Hdr: mdns.RR_Header{Name: m.name, Rrtype: mdns.TypeA, Class: mdns.ClassINET, Ttl: 10}, A: net.IPv4(127, 0, 0, 1)}}
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
	m := newLinkMachine(t, "printer.local.", func() {})
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
	ctx, giveUp := context.WithCancel(t.Context())
	m := newLinkMachine(t, "printer.local.", giveUp)
	e := New(Config{})
	e.multicast = addrPort(m.LocalAddr())
	_, err := e.dial(ctx, nameless(), "tcp", "scanner.local:80")
	if err == nil || !strings.Contains(err.Error(), "no name server") {
		t.Errorf("got %v", err)
	}
	if m.asked.Load() == 0 {
		t.Error("the link was not asked")
	}
}
