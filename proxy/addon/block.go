package addon

import (
	"log/slog"
	"net/netip"
	"sync/atomic"

	"sluice/proxy/layer"
)

// Block refuses clients by where they come from. Loopback is always allowed.
type Block struct {
	Global  atomic.Bool // refuse addresses that are reachable from the internet
	Private atomic.Bool // refuse addresses of private networks
	Log     *slog.Logger
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
		c.Client.Error = "Connection killed by " + opt + "."
		b.Log.Warn("client refused: set "+opt+"=false to let it in", "client", c.Client.Peer)
	}
	return nil
}

// shared is the address space of carrier-grade NAT (RFC 6598), neither private nor global.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// isPrivate reports whether an address cannot be reached from the internet (RFC 1918, 4193, 3927, 4291, 6598).
func isPrivate(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || shared.Contains(ip)
}
