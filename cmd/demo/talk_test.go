package main

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"sluice/proxy"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// TestTalk asks all questions through an engine of its own.
func TestTalk(t *testing.T) {
	k, err := openTalk()
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	opts := option.New()
	sets := []string{"confdir=" + t.TempDir(), "listen_host=127.0.0.1", "listen_port=0"}
	flags := k.flags()
	for i := 0; i < len(flags); i += 2 {
		if flags[i] == "--mode" {
			sets = append(sets, "mode="+flags[i+1])
		} else {
			sets = append(sets, flags[i+1])
		}
	}
	if err := opts.Set(sets...); err != nil {
		t.Fatal(err)
	}
	p, err := proxy.Open(opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		p.Serve(t.Context())
		close(served)
	}()
	kinds := make(chan map[flow.Kind]int, 1)
	go func() {
		got := map[flow.Kind]map[flow.ID]bool{flow.DNS: {}, flow.UDP: {}, flow.TCP: {}}
		for batch := range p.Flows() {
			for _, f := range batch {
				got[f.Kind][f.ID] = true
			}
		}
		kinds <- map[flow.Kind]int{flow.DNS: len(got[flow.DNS]), flow.UDP: len(got[flow.UDP]), flow.TCP: len(got[flow.TCP])}
	}()
	for _, q := range questions {
		m, err := k.ask(t.Context())
		if err != nil || (m.Rcode == dns.RcodeSuccess) != (len(m.Answer) == 1) {
			t.Errorf("%s: %v, %v", q.name, m, err)
		}
	}
	if text, err := k.time(t.Context()); err != nil || !strings.HasPrefix(text, "it is ") {
		t.Error(text, err)
	}
	if text, err := pay(t.Context(), loopback(k.tcpPort)); err != nil || text != "thank you" {
		t.Error(text, err)
	}
	p.Shutdown(t.Context())
	<-served
	if got := <-kinds; got[flow.DNS] != len(questions) || got[flow.UDP] != 1 || got[flow.TCP] != 1 {
		t.Errorf("%v", got)
	}
}
