//go:build !linux

package proxy

import (
	"errors"
	"net"
	"net/netip"
)

// transparentMissing is why the mode transparent cannot be served on this system; nil: it can.
var transparentMissing = errors.New("the transparent mode is only available on Linux; use regular or socks5")

func originalTarget(net.Conn) (netip.AddrPort, error) { return netip.AddrPort{}, transparentMissing }
