package addon

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// maxRefusers is how many pairs of client and host are remembered.
const maxRefusers = 4096

// TLSPassthrough lets the TLS of a client to a host through untouched when the
// client has refused our certificate for that host several times in a row, as the
// option tls_passthrough_after says. It counts for each client by itself: one that
// trusts us goes on to be intercepted. What it knows is bounded and lives as long as the process, or until the option is 0.
type TLSPassthrough struct {
	log *slog.Logger

	mu      sync.Mutex
	after   int
	refused map[refuser]int
}

// A refuser is a client that does not accept our certificate for a host.
type refuser struct {
	client netip.Addr
	host   string
}

// NewTLSPassthrough returns the addon, which follows its option from now on. Log may be nil.
func NewTLSPassthrough(opts *option.Options, log *slog.Logger) *TLSPassthrough {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &TLSPassthrough{log: log, refused: map[refuser]int{}}
	_ = opts.Follow(func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.after = opts.Int("tls_passthrough_after"); p.after == 0 {
			clear(p.refused)
		}
		return nil
	}, "tls_passthrough_after")
	return p
}

// Handle counts refusals, forgets them when a handshake succeeds, and passes through who has refused too often.
func (p *TLSPassthrough) Handle(h layer.Hook) <-chan layer.Verdict {
	switch h := h.(type) {
	case *layer.TLSClientHello:
		p.hello(h)
	case *layer.TLSFailed:
		if h.Client && h.Refused {
			p.count(refuserOf(h.Context))
		}
	case *layer.TLSEstablished:
		if h.Client {
			p.forget(refuserOf(h.Context))
		}
	}
	return nil
}

// refuserOf returns the client of a context and the host that it wants; none if that is not known.
func refuserOf(ctx *layer.Context) refuser {
	host := ctx.Client.SNI
	if host == "" {
		host = ctx.Server.Address.Host
	}
	return refuser{ctx.Client.Peer.Addr().Unmap(), strings.ToLower(host)}
}

func (p *TLSPassthrough) hello(h *layer.TLSClientHello) {
	if h.Context.Server.Address == (flow.Addr{}) {
		return // TLS to the proxy itself cannot be passed through
	}
	who := refuserOf(h.Context)
	p.mu.Lock()
	after, n := p.after, p.refused[who]
	p.mu.Unlock()
	if after == 0 || n < after {
		return
	}
	h.Ignore = true
	h.Reason = fmt.Sprintf("%s refused the certificate for %s %s (tls_passthrough_after=%d)", who.client, who.host, inARow(n), after)
	h.Remedy = "to intercept it again, have the client trust sluice's CA and set tls_passthrough_after=0"
}

// count notes a refusal and says so when it was the last one.
func (p *TLSPassthrough) count(who refuser) {
	p.mu.Lock()
	after, n := p.after, 0
	if after > 0 && who.host != "" {
		if _, known := p.refused[who]; !known && len(p.refused) >= maxRefusers {
			for other := range p.refused { // any of them
				delete(p.refused, other)
				break
			}
		}
		p.refused[who]++
		n = p.refused[who]
	}
	p.mu.Unlock()
	if after > 0 && n == after {
		p.log.Warn(fmt.Sprintf("TLS to %s passes through untouched from now on: %s has refused the certificate %s; "+
			"set tls_passthrough_after=0 to end that", who.host, who.client, inARow(n)))
	}
}

func inARow(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times in a row", n)
}

func (p *TLSPassthrough) forget(who refuser) {
	p.mu.Lock()
	delete(p.refused, who)
	p.mu.Unlock()
}
