package addon

import (
	"net/netip"
	"testing"
	"time"

	"sluice/proxy/flow"
)

func TestDumperDNS(t *testing.T) {
	c := &flow.Client{Conn: flow.Conn{Peer: netip.MustParseAddrPort("127.0.0.1:50000")}}
	f := flow.New(flow.DNS, c, flow.NewServer(flow.Addr{}), time.Unix(0, 0))
	f.DNSRequest = &flow.DNSMessage{Query: true, Questions: []flow.DNSQuestion{{Name: "a.test", Type: 28, Class: 1}}}
	f.DNSResponse = &flow.DNSMessage{Answers: []flow.DNSRecord{
		{Name: "a.test", Type: 5, Class: 1, Data: []byte("\x01b\x04test\x00")},
		{Name: "b.test", Type: 28, Class: 1, Data: netip.MustParseAddr("2001:db8::1").AsSlice()}}}
	f.Live = false
	nothing, failed := *f, *f
	nothing.DNSResponse = &flow.DNSMessage{ResponseCode: 3}
	failed.DNSResponse, failed.Error = nil, &flow.Error{Message: "no route"}
	live := *f
	live.Live = true
	const head, indent = "127.0.0.1:50000: DNS QUERY (AAAA) a.test\n", "              << "
	want := head + indent + "b.test, 2001:db8::1\n" + head + indent + "NXDOMAIN\n" + head + indent + "no route\n"
	if got := dump(t, DumperConfig{}, nil, f, &nothing, &failed, &live); got != want {
		t.Errorf("%s", got)
	}
}
