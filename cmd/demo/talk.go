package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// A talk is what the demo shows besides HTTP: a name server, a clock that tells the time by UDP, and a till.
// The program stands before all of them, at ports of its own.
type talk struct {
	names   *dns.Server
	clock   net.PacketConn
	till    *till
	serving chan error
	dnsPort int // where the program answers DNS
	udpPort int // where it stands in for the clock
	tcpPort int // where it stands in for the till
	asked   int
}

// openTalk starts the servers.
func openTalk() (*talk, error) {
	t := &talk{serving: make(chan error, 2)}
	var pc net.PacketConn
	var err error
	defer func() {
		if err != nil {
			t.abandon(pc)
		}
	}()
	if pc, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if t.clock, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if t.till, err = openTill(); err != nil {
		return nil, err
	}
	t.names = &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(answerName)}
	for _, port := range []*int{&t.dnsPort, &t.udpPort, &t.tcpPort} {
		if *port, err = freePort(); err != nil {
			return nil, err
		}
	}
	ready := make(chan struct{})
	t.names.NotifyStartedFunc = func() { close(ready) }
	go func() { t.serving <- t.names.ActivateAndServe() }()
	<-ready
	go func() { t.serving <- tellTime(t.clock) }()
	return t, nil
}

// abandon closes what has been opened of a talk that cannot be.
func (t *talk) abandon(names net.PacketConn) {
	for _, c := range []net.PacketConn{names, t.clock} {
		if c != nil {
			c.Close()
		}
	}
	if t.till != nil {
		t.till.Close()
	}
}

// Close ends the servers.
func (t *talk) Close() error {
	err := errors.Join(t.names.Shutdown(), t.clock.Close(), t.till.Close())
	<-t.serving
	<-t.serving
	return err
}

// flags make the program stand before the servers, besides being a proxy.
func (t *talk) flags() []string {
	return []string{"--mode", "regular", "--mode", fmt.Sprintf("dns@%d", t.dnsPort),
		"--mode", fmt.Sprintf("reverse:udp://%s@%d", t.clock.LocalAddr(), t.udpPort),
		"--mode", fmt.Sprintf("reverse:tcp://%s@%d", t.till.ln.Addr(), t.tcpPort),
		"--set", "dns_name_servers=" + t.names.PacketConn.LocalAddr().String(), "--set", "dns_use_hosts_file=false"}
}

// answerName knows every name of the shop, and where its mail goes.
func answerName(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	ask := q.Question[0]
	h := dns.RR_Header{Name: ask.Name, Rrtype: ask.Qtype, Class: dns.ClassINET, Ttl: 300}
	switch {
	case !strings.HasSuffix(ask.Name, "shop.example."):
		m.Rcode = dns.RcodeNameError
	case ask.Qtype == dns.TypeA:
		m.Answer = []dns.RR{&dns.A{Hdr: h, A: net.IPv4(192, 0, 2, 80)}}
	case ask.Qtype == dns.TypeMX:
		m.Answer = []dns.RR{&dns.MX{Hdr: h, Preference: 10, Mx: "mail.shop.example."}}
	case ask.Qtype == dns.TypeHTTPS:
		m.Answer = []dns.RR{&dns.HTTPS{SVCB: dns.SVCB{Hdr: h, Priority: 1, Target: ".", Value: []dns.SVCBKeyValue{&dns.SVCBAlpn{Alpn: []string{"h2", "h3"}}}}}}
	}
	_ = w.WriteMsg(m)
}

// tellTime answers every datagram with the time, until the socket is closed.
func tellTime(pc net.PacketConn) error {
	b := make([]byte, 1<<10)
	for {
		_, from, err := pc.ReadFrom(b)
		if err != nil {
			return err
		}
		_, _ = pc.WriteTo([]byte("it is "+time.Now().UTC().Format(time.TimeOnly)+" in London\n"), from)
	}
}

// questions are asked one after the other, over and over.
var questions = []struct {
	name string
	kind uint16
}{
	{"www.shop.example.", dns.TypeA}, {"www.shop.example.", dns.TypeHTTPS}, {"shop.example.", dns.TypeMX}, {"www.shpo.example.", dns.TypeA},
}

// run asks for names and for the time, and pays, until ctx ends.
func (t *talk) run(ctx context.Context, pace time.Duration) {
	tick := time.NewTicker(4 * pace)
	defer tick.Stop()
	for {
		_, _ = t.ask(ctx)
		_, _ = t.time(ctx)
		_, _ = pay(ctx, loopback(t.tcpPort))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks the next question and returns the answer.
func (t *talk) ask(ctx context.Context) (*dns.Msg, error) {
	q := new(dns.Msg)
	next := questions[t.asked%len(questions)]
	t.asked++
	q.SetQuestion(next.name, next.kind)
	m, _, err := (&dns.Client{Timeout: 5 * time.Second}).ExchangeContext(ctx, q, loopback(t.dnsPort))
	return m, err
}

// time asks the clock.
func (t *talk) time(ctx context.Context) (string, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", loopback(t.udpPort))
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write([]byte("what time is it?\n")); err != nil {
		return "", err
	}
	b := make([]byte, 1<<10)
	n, err := c.Read(b)
	return string(b[:n]), err
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
