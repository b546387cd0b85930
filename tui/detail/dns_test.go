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
	wantLines(t, screen(m), "DNS shop.example.com A", "← NOERROR 1 answer", "Recursive Question", "  shop.example.com A IN")
	run(m, m.SelectTab(1))
	wantLines(t, screen(m), "Response Code", "  NOERROR", "Recursive Answer", "  shop.example.com A IN 60 192.0.2.1", "Authority", "  . NS IN 9 ns", "Addition")

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
