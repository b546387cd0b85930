package addon

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

func TestTLSPassthrough(t *testing.T) {
	var log bytes.Buffer
	opts := option.New()
	p := NewTLSPassthrough(opts, slog.New(slog.NewTextHandler(&log, nil)))
	context := func(client string) *layer.Context {
		ctx := tlsContext()
		ctx.Client.Peer = netip.MustParseAddrPort(client)
		return ctx
	}
	passed := func(ctx *layer.Context) *layer.TLSClientHello {
		h := &layer.TLSClientHello{Context: ctx, Hello: &layer.ClientHello{}}
		p.Handle(h)
		return h
	}
	a, b := context("192.0.2.1:1000"), context("192.0.2.2:1000")
	refuse := func(ctx *layer.Context) { p.Handle(&layer.TLSFailed{Context: ctx, Client: true, Refused: true}) }
	for range 3 {
		refuse(a)
	}
	if passed(a).Ignore || log.Len() > 0 {
		t.Error("it passes although the option is off")
	}
	if err := opts.Set("tls_passthrough_after=2"); err != nil {
		t.Fatal(err)
	}
	refuse(a)
	p.Handle(&layer.TLSEstablished{Context: a, Client: true})
	refuse(a)
	p.Handle(&layer.TLSFailed{Context: a, Client: true}) // for another reason
	p.Handle(&layer.TLSFailed{Context: a})
	if passed(a).Ignore {
		t.Error("refusals with a success between them were added up")
	}
	refuse(a)
	if h := passed(a); !h.Ignore || !strings.Contains(h.Reason, "192.0.2.1 refused the certificate for a.test 2 times") || h.Remedy == "" {
		t.Errorf("%+v", h)
	}
	if strings.Count(log.String(), "passes through untouched") != 1 || !strings.Contains(log.String(), "tls_passthrough_after") {
		t.Error("the event log says:", log.String())
	}
	if passed(b).Ignore {
		t.Error("another client is passed through")
	}
	self := context("192.0.2.1:1001")
	self.Server.Address = flow.Addr{}
	if passed(self).Ignore {
		t.Error("TLS to the proxy itself is passed through")
	}
	if err := opts.Set("tls_passthrough_after=0"); err != nil {
		t.Fatal(err)
	}
	if err := opts.Set("tls_passthrough_after=1"); err != nil {
		t.Fatal(err)
	}
	if passed(a).Ignore {
		t.Error("0 did not make it forget")
	}
	for i := range 2 * maxRefusers {
		a.Client.SNI = fmt.Sprintf("h%d.test", i)
		refuse(a)
	}
	if len(p.refused) != maxRefusers {
		t.Errorf("%d hosts are remembered", len(p.refused))
	}
}
