package flowstore

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
)

func TestDNSRow(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	f := flow.New(flow.DNS, &flow.Client{}, flow.NewServer(flow.Addr{}), now)
	f.DNSRequest = &flow.DNSMessage{ID: 1, Query: true, Questions: []flow.DNSQuestion{{Name: "a.test", Type: 28, Class: 1}}, Time: now}
	f.Rev = 1
	row := func() Row { return (&state{flow: f}).row() }
	if r := row(); r.Question != "a.test" || r.QuestionType != "AAAA" || r.Method != "QUERY" || r.HasResponse {
		t.Errorf("%+v", r)
	}
	ip := netip.MustParseAddr("2001:db8::1")
	f.DNSResponse = &flow.DNSMessage{ID: 1, Time: now.Add(time.Second), ResponseCode: 3}
	for range 40 {
		f.DNSResponse.Answers = append(f.DNSResponse.Answers, flow.DNSRecord{Name: "a.test", Type: 28, Class: 1, Data: ip.AsSlice()})
	}
	r := row()
	if !strings.HasPrefix(r.Answer, "2001:db8::1, 2001:db8::1") || len(r.Answer) > 2*maxAnswers || r.Reason != "NXDOMAIN" || r.Status != 404 {
		t.Errorf("%+v", r)
	}
	if d, ok := r.Duration(); !ok || d != time.Second {
		t.Error(d)
	}
}
