package addon

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"sluice/proxy/layer"
)

// Block refuses clients by where they come from. Loopback is always allowed.
type Block struct {
	Global  atomic.Bool // refuse addresses that are reachable from the internet
	Private atomic.Bool // refuse addresses of private networks
}

// Handle refuses a client as it connects.
func (b *Block) Handle(h layer.Hook) <-chan layer.Verdict {
	c, ok := h.(*layer.ClientConnected)
	if !ok {
		return nil
	}
	ip := c.Client.Peer.Addr().WithZone("").Unmap()
	opt := ""
	switch {
	case !ip.IsValid() || ip.IsLoopback():
	case isPrivate(ip):
		if b.Private.Load() {
			opt = "block_private"
		}
	case b.Global.Load():
		opt = "block_global"
	}
	if opt != "" {
		c.Client.Error = "Connection killed by " + opt + ": set it to false to let the client in."
	}
	return nil
}

// special are the networks that no address of the internet is in, beside those that netip knows
// (the registries of special-purpose addresses, RFC 6890). Programs and labs use some of them as private ones.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001:db8::/32"),
}

// isPrivate reports whether an address cannot be reached from the internet (RFC 1918, 4193, 3927, 4291, 6890).
func isPrivate(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() ||
		slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}
