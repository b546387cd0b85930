package proxy

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	multicastTimeout = 3 * time.Second // for a name
	multicastPause   = time.Second     // before it is asked for again (RFC 6762 §5.2)
)

// multicastGroup is where the machines of a link are asked for their names.
var multicastGroup = netip.MustParseAddrPort("224.0.0.251:5353")

// dial connects to a name or an address. The names of a link, as "printer.local", are known to the machines that have them, and are
// asked for there too: a program linked without C knows nothing of nsswitch's mdns.
func (e *Engine) dial(ctx context.Context, d *net.Dialer, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !onLink(host) {
		return d.DialContext(ctx, network, localhost(addr))
	}
	ips, err := e.lookupOnLink(ctx, d.Resolver, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return d.DialContext(ctx, network, addr)
	}
	var nc net.Conn
	for _, ip := range ips {
		if nc, err = d.DialContext(ctx, network, net.JoinHostPort(ip.String(), port)); err == nil {
			break
		}
	}
	return nc, err
}

// lookupOnLink returns the addresses of a name that only the link knows, none of one that the system knows. Both are asked at once: where
// there is but a link, name servers are out of reach. The error is the system's.
func (e *Engine) lookupOnLink(ctx context.Context, system *net.Resolver, host string) (ips []netip.Addr, err error) {
	ctx, found := context.WithCancel(ctx)
	defer found()
	var wg sync.WaitGroup
	wg.Go(func() {
		if ips = multicastLookup(ctx, e.multicast, host); len(ips) > 0 {
			found()
		}
	})
	if _, err = system.LookupNetIP(ctx, "ip", host); err == nil {
		found()
	}
	wg.Wait()
	if err == nil || len(ips) == 0 {
		return nil, err
	}
	return ips, nil
}

// onLink reports whether a name is one of the link's: those have two labels, others below local are from name servers (RFC 6762 app. G).
func onLink(host string) bool {
	name, is := strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".local")
	return is && name != "" && !strings.Contains(name, ".")
}

// multicastLookup asks all machines at a group for the IPv4 addresses of a name, with one-shot queries (RFC 6762 §5.1). Nobody need
// answer.
func multicastLookup(ctx context.Context, group netip.AddrPort, host string) []netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, multicastTimeout)
	defer cancel()
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialMulticast(ctx, group) }}
	ips, _ := r.LookupNetIP(ctx, "ip4", strings.TrimSuffix(host, ".")+".")
	return ips
}

// A multicastConn sends to a group and takes what anyone answers.
type multicastConn struct {
	*net.UDPConn
	group netip.AddrPort
}

// dialMulticast makes one that is closed when ctx ends.
func dialMulticast(ctx context.Context, group netip.AddrPort) (net.Conn, error) {
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(ctx, "udp4", "")
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { pc.Close() })
	return &multicastConn{pc.(*net.UDPConn), group}, nil
}

func (c *multicastConn) Write(b []byte) (int, error) { return c.WriteToUDPAddrPort(b, c.group) }

// SetDeadline has the resolver ask again soon.
func (c *multicastConn) SetDeadline(t time.Time) error {
	if soon := time.Now().Add(multicastPause); t.IsZero() || soon.Before(t) {
		t = soon
	}
	return c.UDPConn.SetDeadline(t)
}
