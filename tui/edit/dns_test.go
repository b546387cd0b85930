package edit

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/proxy/flow"
)

func newAnswer() *flow.Flow {
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}}
	f.DNSRequest = &flow.DNSMessage{Questions: []flow.DNSQuestion{{Name: "a.test", Type: 1, Class: 1}}}
	f.DNSResponse = &flow.DNSMessage{Answers: []flow.DNSRecord{
		{Name: "a.test", Type: 5, Class: 1, TTL: 9, Data: []byte("\x01b\x04test\x00")},
		{Name: "b.test", Type: 1, Class: 3, TTL: 9, Data: []byte{192, 0, 2, 1}},
		{Name: "b.test", Type: 1, Class: 1, TTL: 9, Data: []byte{1}}, // no address
	}}
	return f
}

func TestEditDNSAnswers(t *testing.T) {
	f := newAnswer()
	before := f.DNSResponse
	list := rows(t, f, DNSAnswers)
	want := [][]string{{"a.test", "CNAME", "9", "b.test."}, {"b.test", "A", "9", "192.0.2.1"}, {"b.test", "A", "9", "0x01"}}
	if d := cmp.Diff(want, list); d != "" {
		t.Fatal(d)
	}
	edited := [][]string{list[0], {"b.test", "A", "60", "192.0.2.99"}, list[2], {"b.test", "txt", "1", `"hello you"`}}
	if err := ApplyGrid(f, DNSAnswers, edited); err != nil {
		t.Fatal(err)
	}
	old := newAnswer().DNSResponse.Answers
	records := []flow.DNSRecord{old[0], {Name: "b.test", Type: 1, Class: 3, TTL: 60, Data: []byte{192, 0, 2, 99}}, old[2],
		{Name: "b.test", Type: 16, Class: 1, TTL: 1, Data: []byte("\x09hello you")}}
	if d := cmp.Diff(records, f.DNSResponse.Answers); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(old, before.Answers); d != "" {
		t.Error("the message that came was written to", d)
	}
	if err := ApplyGrid(f, DNSAnswers, nil); err != nil || len(f.DNSResponse.Answers) != 0 {
		t.Error(err, f.DNSResponse.Answers)
	}
}

func TestEditDNSAnswersFails(t *testing.T) {
	for why, row := range map[string][]string{
		"labels":         {"a..test", "A", "9", "192.0.2.1"},
		"unknown type":   {"a.test", "SHOE", "9", "192.0.2.1"},
		"TTL":            {"a.test", "A", "soon", "192.0.2.1"},
		"no data of A":   {"a.test", "A", "9", "2001:db8::1"},
		"must be one":    {"a.test", "A", "9", ""},
		"at most 214748": {"a.test", "A", "2147483648", "192.0.2.1"},
	} {
		f := newAnswer()
		err := ApplyGrid(f, DNSAnswers, [][]string{row})
		if err == nil || !strings.Contains(err.Error(), why) || len(f.DNSResponse.Answers) != 3 {
			t.Errorf("%s: %v", why, err)
		}
	}
	f := newAnswer()
	f.DNSResponse = nil
	if _, err := Grid(f, DNSAnswers); !errors.Is(err, ErrDNS) || Parts(f) != nil {
		t.Errorf("without an answer: %v, %v", err, Parts(f))
	}
}
