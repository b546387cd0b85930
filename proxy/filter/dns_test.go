package filter

import (
	"testing"
	"time"

	"sluice/proxy/flow"
)

func TestDNS(t *testing.T) {
	f := flow.New(flow.DNS, &flow.Client{}, flow.NewServer(flow.Addr{}), time.Time{})
	f.DNSRequest = &flow.DNSMessage{Query: true, Questions: []flow.DNSQuestion{{Name: "www.example.com", Type: 1, Class: 1}}}
	check := func(expr string, want bool) {
		t.Helper()
		e, err := Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		if e.Match(f) != want {
			t.Errorf("%s: %v", expr, !want)
		}
	}
	check("~dns & ~q & !~s", true)
	check(`~u example\.com`, true)
	check("example", true)
	check("~u org", false)
	check("~bq www", true)
	check("~bs 192", false)
	f.DNSResponse = &flow.DNSMessage{Answers: []flow.DNSRecord{{Name: "www.example.com", Type: 1, Class: 1, Data: []byte{192, 0, 2, 1}}}}
	check("~s & !~q", true)
	check(`~bs "192\.0\.2\.1"`, true)
	check("~b www & ~b 192", true)
	check("~m QUERY | ~c 200 | ~http", false)
}
