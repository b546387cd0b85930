package addon

import (
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// svcb returns the data of an HTTPS record.
func svcb(t *testing.T, text string) []byte {
	t.Helper()
	rr, err := dns.NewRR(". 0 IN HTTPS " + text)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1024)
	n, err := dns.PackRR(rr, b, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return b[11:n]
}

func TestStripDNSHTTPS(t *testing.T) {
	for _, c := range []struct {
		ech      bool
		in, want string
	}{
		{true, `1 . alpn="h2,h3" ech="AEX+DQA="`, `1 . alpn="h2"`},
		{true, `1 x.test. mandatory="alpn,ech" alpn="h3,h3-29" no-default-alpn ech="AEX+DQA=" port="8443"`, `1 x.test. port="8443"`},
		{true, `1 . mandatory="port,ech" ech="AEX+DQA=" port="8443"`, `1 . mandatory="port" port="8443"`},
		{false, `1 . alpn="h2,h3" ech="AEX+DQA="`, `1 . alpn="h2" ech="AEX+DQA="`},
		{true, `1 . alpn="h2" ipv4hint="192.0.2.1"`, `1 . alpn="h2" ipv4hint="192.0.2.1"`},
		{true, `0 other.test.`, `0 other.test.`},
	} {
		s := &StripDNSHTTPS{}
		s.ECH.Store(c.ech)
		f := flow.New(flow.DNS, &flow.Client{}, flow.NewServer(flow.Addr{}), time.Time{})
		before := &flow.DNSMessage{Answers: []flow.DNSRecord{{Type: typeHTTPS, Class: 1, Data: svcb(t, c.in)}}}
		f.DNSResponse = before
		s.Handle(&layer.DNSResponse{OfFlow: layer.OfFlow{Flow: f}})
		if got := f.DNSResponse.Answers[0].Text(); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
		if (f.DNSResponse == before) != (c.in == c.want) || string(before.Answers[0].Data) != string(svcb(t, c.in)) {
			t.Errorf("%s: the old message was changed, or an unchanged one replaced", c.in)
		}
	}
}

func FuzzStripDNSHTTPS(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00\x01\x00\x06\x02h2\x02h3\x00\x05\x00\x01x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &StripDNSHTTPS{}
		s.ECH.Store(true)
		out, changed := s.strip(data)
		if changed && len(out) >= len(data) {
			t.Fatalf("%x becomes %x", data, out)
		}
		if again, more := s.strip(out); changed && more {
			t.Fatalf("%x becomes %x, and then %x", data, out, again)
		}
	})
}

func TestUpdateAltSvc(t *testing.T) {
	for _, c := range []struct{ mode, in, want string }{
		{"regular", `h3=":443"; ma=86400`, ""},
		{"regular", `h3-29=":443"; ma=86400, h2="alt.test:443"; ma=9, quic=":1"`, `h2="alt.test:443"; ma=9`},
		{"regular", "clear", "clear"},
		{"reverse:https://x", `h2="alt.test:443"; ma=9, h3=":443"`, `h2=":8080"; ma=9`},
		{"reverse:https://x", `h2="a,b:443"`, `h2=":8080"`},
	} {
		a := &UpdateAltSvc{}
		answer := func() flow.Headers {
			f := flow.New(flow.HTTP, &flow.Client{Mode: c.mode}, flow.NewServer(flow.Addr{}), time.Time{})
			f.Client.Local = netip.MustParseAddrPort("127.0.0.1:8080")
			f.Response = &flow.Response{HTTPMessage: flow.HTTPMessage{Headers: flow.Headers{{Name: "A", Value: "b"}, {Name: "alt-svc", Value: c.in}}}}
			a.Handle(&layer.ResponseHeaders{OfFlow: layer.OfFlow{Flow: f}})
			return f.Response.Headers
		}
		if got := answer(); got.Get("Alt-Svc") != c.want || got.Get("A") != "b" || (len(got) == 1) != (c.want == "") {
			t.Errorf("%s: %s: %v", c.mode, c.in, got)
		}
		a.Keep.Store(true)
		if got := answer(); got.Get("Alt-Svc") != c.in {
			t.Errorf("not kept: %v", got)
		}
	}
}
