package dns

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"

	"sluice/proxy/flow"
)

// zone returns an answer with these records, as another implementation writes it.
func zone(t testing.TB, compress bool, records ...string) []byte {
	t.Helper()
	var m dns.Msg
	m.SetQuestion("example.com.", dns.TypeA)
	m.Response, m.RecursionAvailable, m.Compress = true, true, compress
	for _, s := range records {
		rr, err := dns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var records = map[string]string{
	"a.example.com. 60 IN A 192.0.2.1":                      "192.0.2.1",
	"a.example.com. 60 IN AAAA 2001:db8::1":                 "2001:db8::1",
	"a.example.com. 60 IN CNAME b.example.com.":             "b.example.com",
	"example.com. 60 IN MX 10 mail.example.com.":            "10 mail.example.com.",
	"example.com. 60 IN NS ns.example.com.":                 "ns.example.com",
	"example.com. 60 IN SOA ns.example.com. me. 1 2 3 4 5":  "ns.example.com. me. 1 2 3 4 5",
	`example.com. 60 IN TXT "one" "two"`:                    "one two",
	`example.com. 60 IN HTTPS 1 . alpn="h2,h3" port="8443"`: `1 . alpn="h2,h3" port="8443"`,
	"_x._tcp.example.com. 60 IN SRV 1 2 443 a.example.com.": "1 2 443 a.example.com.",
	`example.com. 60 IN TYPE65400 \# 3 abcdef`:              "0xabcdef",
	"1.2.0.192.in-addr.arpa. 60 IN PTR a.example.com.":      "a.example.com",
}

func TestRecords(t *testing.T) {
	for in, want := range records {
		for _, compress := range []bool{false, true} {
			m, err := Decode(zone(t, compress, in))
			if err != nil {
				t.Fatal(in, err)
			}
			if got := m.Answers[0].Text(); got != want || m.Answers[0].TTL != 60 || m.Query {
				t.Errorf("%s: %q", in, got)
			}
			if want := strings.TrimSuffix(strings.Fields(in)[0], "."); m.Answers[0].Name != want {
				t.Errorf("%s: %q", in, m.Answers[0].Name)
			}
			b, err := Encode(m)
			if err != nil {
				t.Fatal(in, err)
			}
			var other dns.Msg
			if err := other.Unpack(b); err != nil {
				t.Fatal(in, err)
			}
			if rr, _ := dns.NewRR(in); other.Answer[0].String() != rr.String() {
				t.Errorf("%s becomes %s", rr, other.Answer[0])
			}
		}
	}
}

func TestInvalidDataIsShown(t *testing.T) {
	r := flow.DNSRecord{Type: dns.TypeA, Data: []byte{1, 2, 3}}
	if got := r.Text(); got != "0x010203 (invalid A data)" {
		t.Error(got)
	}
	r = flow.DNSRecord{Type: dns.TypeAAAA, Data: net.ParseIP("::1")}
	if got := r.Text(); got != "::1" {
		t.Error(got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := zone(t, true, "a.example.com. 60 IN A 192.0.2.1")
	for i := range whole {
		if _, err := Decode(whole[:i]); err == nil {
			t.Errorf("%d of %d bytes are a message", i, len(whole))
		}
	}
	if _, err := Decode(append(whole, 0)); err == nil || !strings.Contains(err.Error(), "1 bytes follow") {
		t.Error(err)
	}
	loop := append(make([]byte, 12), 0xc0, 12, 0, 1, 0, 1)
	loop[5] = 1
	if _, err := Decode(loop); err == nil {
		t.Error("a name that points to itself is read")
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, m := range map[string]*flow.DNSMessage{
		"label": {Questions: []flow.DNSQuestion{{Name: strings.Repeat("x", 64)}}},
		"name":  {Questions: []flow.DNSQuestion{{Name: strings.Repeat("x.", 200)}}},
		"empty": {Questions: []flow.DNSQuestion{{Name: "a..b"}}},
		"size":  {Answers: []flow.DNSRecord{{Data: make([]byte, 60000)}, {Data: make([]byte, 60000)}}},
		"data":  {Answers: []flow.DNSRecord{{Data: make([]byte, 70000)}}},
	} {
		if _, err := Encode(m); err == nil {
			t.Errorf("%s is written", name)
		}
	}
}

func TestFrames(t *testing.T) {
	b := AppendFrame(AppendFrame(nil, []byte("one")), []byte("three"))
	for i := range 5 {
		if _, n, err := ParseFrame(b[:i]); n != 0 || err != nil {
			t.Fatal(i, n, err)
		}
	}
	if m, n, err := ParseFrame(b); string(m) != "one" || n != 5 || err != nil {
		t.Fatal(m, n, err)
	}
	if _, _, err := ParseFrame([]byte{0, 0}); err == nil {
		t.Error("a message of no length is read")
	}
}

// FuzzDecode checks that what can be read can be written, and is read as the same.
func FuzzDecode(f *testing.F) {
	for in := range records {
		f.Add(zone(f, true, in))
	}
	f.Add(zone(f, true, "a.example.com. 1 IN A 1.2.3.4", "b.example.com. 1 IN CNAME a.example.com."))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		m, err := Decode(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the message was written to")
		}
		if err != nil {
			return
		}
		for i := range m.Answers {
			_ = m.Answers[i].Text()
		}
		again, err := Encode(m)
		if err != nil {
			if len(b) > 200 { // names that are written out may be too much
				return
			}
			t.Fatalf("%+v: %v", m, err)
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		forgetPointers(m, back)
		if d := cmp.Diff(m, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

// forgetPointers takes out data that could not be understood where it was, and may be elsewhere.
func forgetPointers(m, back *flow.DNSMessage) {
	for i, section := range [][]flow.DNSRecord{m.Answers, m.Authorities, m.Additionals} {
		other := [][]flow.DNSRecord{back.Answers, back.Authorities, back.Additionals}[i]
		for j := range min(len(section), len(other)) {
			r := &section[j]
			if compressing[r.Type] && slices.ContainsFunc(r.Data, func(b byte) bool { return b >= 0xc0 }) {
				r.Data, other[j].Data = nil, nil
			}
		}
	}
}
