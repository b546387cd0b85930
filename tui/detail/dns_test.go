package detail

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
)

func dnsFlow() *flow.Flow {
	f := &flow.Flow{Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon, ID: flow.NewID()}
	f.DNSRequest = &flow.DNSMessage{ID: 1, Query: true, RecursionDesired: true, Questions: []flow.DNSQuestion{{Name: "shop.example.com", Type: 1, Class: 1}}, Time: noon}
	f.DNSResponse = &flow.DNSMessage{ID: 1, RecursionDesired: true, RecursionAvailable: true, Questions: f.DNSRequest.Questions, Time: after(20),
		Answers:     []flow.DNSRecord{{Name: "shop.example.com", Type: 1, Class: 1, TTL: 60, Data: []byte{192, 0, 2, 1}}},
		Authorities: []flow.DNSRecord{{Name: "", Type: 2, Class: 1, TTL: 9, Data: []byte("\x02ns\x00")}}}
	return f
}

// wideDNSFlow has an answer with names and data that are wider than a terminal.
func wideDNSFlow() *flow.Flow {
	f := dnsFlow()
	alias := "a1b2c3d4e5f6.cdn.europe-west.shop.example.net"
	f.DNSResponse.Answers = []flow.DNSRecord{
		{Name: "shop.example.com", Type: 5, Class: 1, TTL: 86400, Data: []byte("\x03cdn\x04shop\x07example\x03net\x00")},
		{Name: alias, Type: 28, Class: 1, TTL: 30, Data: []byte{0x20, 1, 0xd, 0xb8, 15: 1}},
		{Name: alias, Type: 16, Class: 1, TTL: 5, Data: append([]byte{120}, strings.Repeat("v=spf1 include:mail.example ", 5)[:120]...)},
		{Name: alias, Type: 65, Class: 1, TTL: 300, Data: []byte("\x00\x01\x00\x00\x01\x00\x06\x02h3\x02h2\x00\x04\x00\x08\xc0\x00\x02\x01\xc0\x00\x02\x02")},
		{Name: "odd\x1bname", Type: 65400, Class: 3, TTL: 1<<32 - 1, Data: []byte{1, 2, 3}}}
	f.DNSResponse.Additionals = []flow.DNSRecord{{Type: 41, Class: 1232, TTL: 1 << 15}, {Type: 41, Class: 512, Data: []byte{0, 10, 0, 1, 7}}}
	return f
}

func wantLines(t *testing.T, screen string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(screen, w) {
			t.Errorf("no %q in\n%s", w, screen)
		}
	}
}

func TestDNSMessages(t *testing.T) {
	f := dnsFlow()
	m := show(t, f, 80, 24)
	run(m, m.SelectTab(0))
	wantLines(t, screen(m), "DNS shop.example.com A", "← NOERROR 1 answer", "Recursive Question\n  Name              Type  Class  TTL  Data\n  shop.example.com  A     IN")
	run(m, m.SelectTab(1))
	wantLines(t, screen(m), "Response Code", "  NOERROR", "Recursive Answer", "  shop.example.com  A     IN      60  192.0.2.1", "Authority", "  .                 NS    IN       9  ns", "Addition\n  none")

	f = dnsFlow()
	f.DNSResponse, f.Error = nil, &flow.Error{Message: "no answer from 192.0.2.53:53"}
	m = show(t, f, 80, 24)
	run(m, m.SelectTab(1))
	wantLines(t, screen(m), "error: no answer from 192.0.2.53:53", "No response.")

	f = dnsFlow()
	f.Intercepted, f.Live = true, true
	m = show(t, f, 80, 24)
	wantLines(t, screen(m), "Response intercepted")
}
