package detail

import (
	"fmt"
	"net/netip"
	"time"
)

// stamp writes a time in the local zone with milliseconds.
func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000") }

// address writes an address; an IPv4 one is written as such also where it is mapped to IPv6.
func address(a netip.AddrPort) string {
	switch {
	case !a.IsValid():
		return "<no address>"
	case a.Addr().IsUnspecified():
		return fmt.Sprintf("*:%d", a.Port())
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}

// count writes a number of things.
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
