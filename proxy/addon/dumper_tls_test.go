package addon

import (
	"net/netip"
	"testing"
	"time"

	"sluice/proxy/flow"
)

func TestDumperSaysWhyTLSFailed(t *testing.T) {
	c := &flow.Client{Conn: flow.Conn{Peer: netip.MustParseAddrPort("127.0.0.1:50000")}}
	f := flow.New(flow.TCP, c, flow.NewServer(flow.Addr{Host: "bank.test", Port: 443}), time.Unix(0, 0))
	f.Live = false
	f.Metadata = map[string]string{flow.MetaTLS: "TLS failed: CA not trusted", flow.MetaRemedy: "install it"}
	f.Error = &flow.Error{Message: "the client \x1b[2Jrefused"}
	want := "127.0.0.1:50000: TLS failed: CA not trusted\n    the client ␛[2Jrefused\n    What to do: install it\n"
	if got := dump(t, DumperConfig{}, nil, f); got != want {
		t.Errorf("%q, want\n%q", got, want)
	}
	f.Error = nil
	f.Metadata = map[string]string{flow.MetaTLS: flow.TLSPassed, flow.MetaReason: "it was refused"}
	want = "127.0.0.1:50000: TLS passed through\n    it was refused\n"
	if got := dump(t, DumperConfig{}, nil, f); got != want {
		t.Errorf("%q, want\n%q", got, want)
	}
}
