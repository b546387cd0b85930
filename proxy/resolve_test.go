package proxy

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sluice/proxy/flow"
)

// A nameServer answers every A question with 192.0.2.1 and counts them. Questions for big. are answered with more than a datagram carries.
type nameServer struct {
	addr  string
	asked atomic.Int32
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	n := &nameServer{}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.addr = pc.LocalAddr().String()
	ln, err := net.Listen("tcp", n.addr)
	if err != nil {
		pc.Close()
		t.Skip("the port is taken for TCP: ", err)
	}
	for _, s := range []*dns.Server{{PacketConn: pc, Handler: n}, {Listener: ln, Handler: n}} {
		ready := make(chan struct{})
		s.NotifyStartedFunc = func() { close(ready) }
		go s.ActivateAndServe()
		<-ready
		t.Cleanup(func() { s.Shutdown() })
	}
	return n
}

func (n *nameServer) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	n.asked.Add(1)
	m := new(dns.Msg)
	m.SetReply(q)
	switch name := q.Question[0].Name; {
	case name == "none.test.":
		m.Rcode = dns.RcodeNameError
	case name == "big.test." && w.RemoteAddr().Network() == "udp":
		m.Truncated = true
	case name == "big.test.":
		for range 100 {
			m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 9}, Txt: []string{strings.Repeat("x", 100)}})
		}
	default:
		m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 9}, A: net.IPv4(192, 0, 2, 1)}}
	}
	w.WriteMsg(m)
}

func lookUp(t *testing.T, network, server, name string, kind uint16) *dns.Msg {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(name, kind)
	m, _, err := (&dns.Client{Net: network, Timeout: 20 * time.Second}).Exchange(q, server)
	if err != nil {
		t.Fatal(network, name, err)
	}
	return m
}

// waitDNS returns the flow of a question once it has ended.
func (r *rig) waitDNS(name string) *flow.Flow {
	r.t.Helper()
	for {
		var found *flow.Flow
		r.store.Each(func(f *flow.Flow) bool {
			if f.Kind == flow.DNS && !f.Live && f.DNSRequest.Questions[0].Name == name {
				found = f
			}
			return true
		})
		if found != nil {
			return found
		}
		<-r.store.Changes()
	}
}

func TestDNSServer(t *testing.T) {
	n := newNameServer(t)
	for mode, sets := range map[string][]string{"dns": {"dns_name_servers=" + n.addr}, "reverse:dns://" + n.addr: nil} {
		r := newRig(t, append(sets, "mode="+mode)...)
		for _, network := range []string{"udp", "tcp"} {
			m := lookUp(t, network, r.at(mode), network+".test.", dns.TypeA)
			if len(m.Answer) != 1 || m.Answer[0].Header().Ttl != 9 {
				t.Errorf("%s, %s: %v", mode, network, m)
			}
			f := r.waitDNS(network + ".test")
			if f.Client.Transport != network || f.DNSResponse.Answers[0].Text() != "192.0.2.1" || f.Error != nil {
				t.Errorf("%s, %s: %+v", mode, network, f)
			}
		}
		if m := lookUp(t, "udp", r.at(mode), "none.test.", dns.TypeA); m.Rcode != dns.RcodeNameError {
			t.Error(mode, m)
		}
		if m := lookUp(t, "udp", r.at(mode), "big.test.", dns.TypeTXT); !m.Truncated {
			t.Error(mode, "a large answer came in a datagram")
		}
		if m := lookUp(t, "tcp", r.at(mode), "big.test.", dns.TypeTXT); len(m.Answer) != 100 {
			t.Error(mode, len(m.Answer), "answers")
		}
	}
}

// Of the questions that a client sends from one port none is lost, though each comes on the heels of an answer.
func TestDNSManyFromOnePort(t *testing.T) {
	n := newNameServer(t)
	for mode, sets := range map[string][]string{"dns": {"dns_name_servers=" + n.addr}, "reverse:dns://" + n.addr: nil} {
		r := newRig(t, append(sets, "mode="+mode)...)
		c, err := dns.Dial("udp", r.at(mode))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Minute))
		for i := range 200 {
			q := new(dns.Msg)
			q.SetQuestion(fmt.Sprintf("n%d.test.", i), dns.TypeA)
			if err := c.WriteMsg(q); err != nil {
				t.Fatal(err)
			}
			if m, err := c.ReadMsg(); err != nil || m.Id != q.Id || len(m.Answer) != 1 {
				t.Fatalf("%s, question %d: %v, %v", mode, i, m, err)
			}
		}
	}
}

func TestDNSHostsFile(t *testing.T) {
	n := newNameServer(t)
	r := newRig(t, "mode=dns", "dns_name_servers="+n.addr)
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte("192.0.2.7 Own.test other # comment\n2001:db8::7 own.test\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.resolver.hosts.mu.Lock()
	r.resolver.hosts.path = path
	r.resolver.hosts.mu.Unlock()
	at := r.at("dns")
	for name, kind := range map[string]uint16{"OWN.test. A 192.0.2.7": dns.TypeA, "own.test. AAAA 2001:db8::7": dns.TypeAAAA, "x.localhost. A 127.0.0.1": dns.TypeA} {
		f := strings.Fields(name)
		if m := lookUp(t, "udp", at, f[0], kind); len(m.Answer) != 1 || !strings.HasSuffix(m.Answer[0].String(), f[2]) {
			t.Error(name, m)
		}
	}
	if m := lookUp(t, "udp", at, "other.", dns.TypeAAAA); len(m.Answer) != 0 || m.Rcode != dns.RcodeSuccess {
		t.Error("a name without an IPv6 address", m)
	}
	if n.asked.Load() != 0 {
		t.Error("the name server was asked")
	}
	if err := r.opts.Set("dns_use_hosts_file=false"); err != nil {
		t.Fatal(err)
	}
	if m := lookUp(t, "udp", at, "own.test.", dns.TypeA); n.asked.Load() != 1 || !strings.HasSuffix(m.Answer[0].String(), "192.0.2.1") {
		t.Error("the name server was not asked", m)
	}
}

// The proxy never asks itself.
func TestDNSLoop(t *testing.T) {
	r := newRig(t, "mode=dns")
	if err := r.opts.Set("dns_name_servers=" + r.at("dns")); err != nil {
		t.Fatal(err)
	}
	if m := lookUp(t, "udp", r.at("dns"), "a.test.", dns.TypeA); m.Rcode != dns.RcodeServerFailure {
		t.Error(m)
	}
	if f := r.waitDNS("a.test"); f.Error == nil || !strings.Contains(f.Error.Message, "is this proxy itself: set dns_name_servers") {
		t.Errorf("%+v", f.Error)
	}
	if err := r.opts.Set("dns_name_servers=example.com"); err == nil || !strings.Contains(err.Error(), "give an IP address") {
		t.Error(err)
	}
}

func TestDNSHeldAndEdited(t *testing.T) {
	n := newNameServer(t)
	r := newRig(t, "mode=dns", "dns_name_servers="+n.addr, "intercept=~dns")
	answer := make(chan *dns.Msg)
	go func() {
		q := new(dns.Msg)
		q.SetQuestion("held.test.", dns.TypeA)
		m, _, _ := (&dns.Client{Timeout: time.Minute}).Exchange(q, r.at("dns"))
		answer <- m
	}()
	next := func(ok func(f *flow.Flow) bool) *flow.Flow {
		for {
			var found *flow.Flow
			r.store.Each(func(f *flow.Flow) bool {
				if f.Intercepted && ok(f) {
					found = f
				}
				return true
			})
			if found != nil {
				return found
			}
			<-r.store.Changes()
		}
	}
	f := next(func(f *flow.Flow) bool { return f.DNSResponse == nil })
	r.Resume(f.ID, nil)
	f = next(func(f *flow.Flow) bool { return f.DNSResponse != nil })
	edited := *f.DNSResponse
	edited.Answers = []flow.DNSRecord{{Name: "held.test", Type: dns.TypeA, Class: dns.ClassINET, TTL: 1, Data: []byte{192, 0, 2, 99}}}
	if err := r.store.Edit(f.ID, func(f *flow.Flow) error { f.DNSResponse = &edited; return nil }); err != nil {
		t.Fatal(err)
	}
	r.Resume(f.ID, r.store.PendingEdit(f.ID))
	if m := <-answer; m == nil || len(m.Answer) != 1 || !strings.HasSuffix(m.Answer[0].String(), "192.0.2.99") {
		t.Error(m)
	}
	r.waitDNS("held.test")
}
