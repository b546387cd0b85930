package addon

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
	"sluice/proxy/option"
	"sluice/proxy/wire/tlshello"
)

// NextLayer decides which protocol follows, by the first bytes of both sides and where they go.
type NextLayer struct{ hosts atomic.Pointer[hostRules] }

// hostRules are the options about hosts. A value is never written once it is shared.
type hostRules struct{ ignore, allow, tcp, udp patterns }

// patterns are regular expressions that are searched in any case.
type patterns []*regexp.Regexp

func (ps patterns) match(s string) bool {
	return slices.ContainsFunc(ps, func(p *regexp.Regexp) bool { return p.MatchString(s) })
}

func (ps patterns) matchAny(list []string) bool { return slices.ContainsFunc(list, ps.match) }

func compilePatterns(name string, exprs []string) (patterns, error) {
	var ps patterns
	for _, e := range exprs {
		p, err := regexp.Compile("(?i)" + e)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a regular expression: %w", name, e, err)
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// NewNextLayer returns the addon, which follows ignore_hosts, allow_hosts, tcp_hosts and udp_hosts from now on.
func NewNextLayer(opts *option.Options) (*NextLayer, error) {
	n := &NextLayer{}
	return n, opts.Follow(func() error {
		var r hostRules
		for name, to := range map[string]*patterns{"ignore_hosts": &r.ignore, "allow_hosts": &r.allow, "tcp_hosts": &r.tcp, "udp_hosts": &r.udp} {
			ps, err := compilePatterns(name, opts.Strs(name))
			if err != nil {
				return err
			}
			*to = ps
		}
		n.hosts.Store(&r)
		return nil
	}, "ignore_hosts", "allow_hosts", "tcp_hosts", "udp_hosts")
}

// Handle answers Next, unless another addon has or more bytes are needed.
func (n *NextLayer) Handle(h layer.Hook) <-chan layer.Verdict {
	if next, ok := h.(*layer.Next); ok && !next.Layer.Decided() {
		if l := n.choose(next.Layer); l != nil {
			next.Layer.Decide(l)
		}
	}
	return nil
}

// choose returns the layer that follows, or nil to be asked again with more data.
func (n *NextLayer) choose(next *layer.NextLayer) layer.Layer {
	ctx, hosts := next.Context, n.hosts.Load()
	client, server := next.ClientData(), next.ServerData()
	if ctx.Client.Transport == "udp" {
		return hosts.datagrams(ctx, client)
	}
	ignored, more := hosts.ignored(ctx, client, server)
	switch {
	case next.Late() && isTLSStart(client) && !ignored:
		return lateTLS(ctx)
	case more && !next.Late():
		return nil
	case ignored && isTLSStart(client):
		return layers.NewPassedTLS(ctx, "", "")
	case ignored:
		return layers.NewTCP(ctx, true)
	case isTLSStart(client) && !tlshello.IsRecord(client):
		return nil
	case len(client) == 0 && layers.IsSettings(server) && !relaysBytes(ctx) && !next.Late():
		return nil // the client may know that its server speaks HTTP/2
	}
	if l := reversed(ctx, client); l != nil {
		return l
	}
	if mode, explicit := explicitMode(ctx); explicit {
		if !tlshello.IsRecord(client) {
			return layers.NewHTTP(ctx, mode)
		}
		t := layers.NewClientTLS(ctx)
		t.Child = layers.NewHTTP(ctx, mode)
		return t
	}
	if tlshello.IsRecord(client) {
		s := layers.NewServerTLS(ctx, nil)
		s.Child = layers.NewClientTLS(ctx)
		return s
	}
	return hosts.plain(ctx, client, server)
}

// lateTLS says of a client that its ClientHello has not come.
func lateTLS(ctx *layer.Context) layer.Layer {
	t := layers.NewClientTLS(ctx)
	t.Overdue = true
	return t
}

// plain chooses for data that is not TLS.
func (r *hostRules) plain(ctx *layer.Context, client, server []byte) layer.Layer {
	switch {
	case r.tcp.match(ctx.Server.Address.Host) || r.tcp.match(ctx.Client.SNI):
		return layers.NewTCP(ctx, false)
	case isHTTPALPN(ctx.Client.ALPN):
		return layers.NewHTTP(ctx, layers.HTTPTransparent)
	case isDNSPort(ctx):
		return layers.NewDNS(ctx)
	case ctx.Options().RawTCP && !looksLikeHTTP(client, server) && !looksLikeHTTP2(client):
		return layers.NewTCP(ctx, false)
	}
	return layers.NewHTTP(ctx, layers.HTTPTransparent)
}

// explicitMode reports whether the client has only just come to us as to a proxy, and of which kind we are.
func explicitMode(ctx *layer.Context) (layers.HTTPMode, bool) {
	if len(ctx.Layers) != 1 {
		return 0, false
	}
	switch ctx.Layers[0].(type) {
	case *layers.HTTPProxy:
		return layers.HTTPRegular, true
	case *layers.HTTPUpstreamProxy:
		return layers.HTTPUpstream, true
	}
	return 0, false
}

// isTLSStart reports whether b can be the beginning of a TLS record, however short.
func isTLSStart(b []byte) bool {
	return len(b) > 0 && b[0] == 0x16 && (len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 3)
}

func isHTTPALPN(p string) bool {
	return p == "h2" || p == "http/1.1" || p == "http/1.0" || p == "http/0.9"
}

// looksLikeHTTP reports whether the client may be sending an HTTP/1 request: a
// method of letters and a blank on the first line, before the server has said anything.
func looksLikeHTTP(client, server []byte) bool {
	if len(client) < 3 || len(server) > 0 || bytes.HasPrefix(client, []byte("SSH")) || looksLikeHTTP2(client) {
		return false
	}
	for _, c := range client[:3] {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	blank, line := bytes.IndexByte(client, ' '), bytes.IndexByte(client, '\n')
	return blank >= 0 && (line < 0 || blank < line)
}

// looksLikeHTTP2 reports whether the client begins as one that knows that its server speaks HTTP/2 (RFC 9113 §3.3, §3.4).
func looksLikeHTTP2(client []byte) bool { return bytes.HasPrefix(client, []byte("PRI * HTTP/2")) }

// ignored reports whether a connection is to be passed through, or whether that takes more bytes to tell.
func (r *hostRules) ignored(ctx *layer.Context, client, server []byte) (ignored, more bool) {
	if len(r.ignore) == 0 && len(r.allow) == 0 {
		return false, false
	}
	var names []string
	if p := ctx.Server.Peer; p.IsValid() {
		names = append(names, p.String())
	}
	addr := ctx.Server.Address
	if !addr.IsZero() {
		names = append(names, addr.String())
		if ctx.Client.SNI != "" {
			names = append(names, flow.JoinHostPort(ctx.Client.SNI, addr.Port))
		}
	}
	if r.ignore.matchAny(names) {
		return true, false
	}
	if !addr.IsZero() {
		name, more := claimedHost(client, server, addr.Port)
		if more {
			return false, true
		}
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return false, false
	}
	if len(r.allow) > 0 && !r.allow.matchAny(names) {
		return true, false
	}
	return r.ignore.matchAny(names), false
}

// maxClaim is how much of a request is searched for the host that it names, in bytes.
const maxClaim = 16 << 10

var (
	hostLine = regexp.MustCompile(`(?i)\nHost:[ \t]*([^\r\n]*?)[ \t]*\r?\n`)
	withPort = regexp.MustCompile(`:[0-9]+$`)
)

// claimedHost returns the host:port that the client names in its first bytes,
// "" if it names none. It asks for more while the ClientHello or the head of the request is not whole.
func claimedHost(client, server []byte, port int) (name string, more bool) {
	if isTLSStart(client) {
		h, n, err := tlshello.Parse(client)
		switch {
		case err != nil:
			return "", false
		case n == 0:
			return "", true
		case h.SNI == "":
			return "", false
		}
		return flow.JoinHostPort(h.SNI, port), false
	}
	if len(server) > 0 || !isRequestLine(client) {
		return "", false
	}
	whole := bytes.Contains(client, []byte("\r\n\r\n")) || bytes.Contains(client, []byte("\n\n"))
	if !whole && len(client) < maxClaim && client[len(client)-1] != '\n' {
		return "", true // nothing to be found yet that has not been looked for
	}
	if m := hostLine.FindSubmatch(client); m != nil {
		host := string(m[1])
		if host == "" || withPort.MatchString(host) {
			return host, false
		}
		return flow.JoinHostPort(strings.Trim(host, "[]"), port), false
	}
	return "", !whole && len(client) < maxClaim
}

// isRequestLine reports whether the first line, as far as it is there, is or may become that of an HTTP/1 request.
func isRequestLine(b []byte) bool {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	for i := range 3 {
		if i == len(line) || line[i]|0x20 < 'a' || line[i]|0x20 > 'z' {
			return false
		}
	}
	return bytes.Contains(line, []byte(" HTTP/"))
}
