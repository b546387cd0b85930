package main

import (
	"fmt"
	"net"
	"testing"

	"github.com/miekg/dns"
)

// nameServer answers every A question with 192.0.2.7 until the test ends, and returns its address.
func nameServer(t *testing.T) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	s := &dns.Server{PacketConn: pc, NotifyStartedFunc: func() { close(ready) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 7)}}
		w.WriteMsg(m)
	})}
	go s.ActivateAndServe()
	<-ready
	t.Cleanup(func() { s.Shutdown() })
	return pc.LocalAddr().String()
}

// TestJourneyModes adds a DNS server while the console runs, asks it, and looks at the answer. What cannot be served is refused in words.
func TestJourneyModes(t *testing.T) {
	servers := nameServer(t)
	journey(t, nil, []string{"--set", "dns_name_servers=" + servers}, func(t *testing.T, w *world, x *terminal) {
		w.get("/before")
		x.see("/before", "200")
		port := freePort(t)
		x.press(":", fmt.Sprintf("set mode regular dns@%d", port), keyEnter)
		x.see(fmt.Sprintf("127.0.0.1:%d", w.port), "[modes:2]")
		q := new(dns.Msg)
		q.SetQuestion("shop.test.", dns.TypeA)
		for _, network := range []string{"udp", "tcp"} {
			m, _, err := (&dns.Client{Net: network}).Exchange(q, fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil || len(m.Answer) != 1 {
				t.Fatal(network, m, err)
			}
		}
		x.see("DNS", "shop.test", "= 192.0.2.7", "NOERROR")
		w.get("/after")
		x.see("/after")
		x.press("f", "~dns", keyEnter)
		x.miss("/after")
		x.press(keyEnter)
		x.see("DNS shop.test A", "Recursive Question", "Class", "shop.test  A     IN")
		x.press(keyTab)
		x.see("Response Code", "NOERROR", "shop.test  A     IN      60  192.0.2.7")
		x.press("q")
		x.press(":", "set mode regular tun", keyEnter)
		x.see("invalid proxy mode")
		quit(x)
	})
}
