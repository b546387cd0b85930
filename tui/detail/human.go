package detail

import (
	"fmt"
	"net/netip"
	"time"
)

// humanSize writes a number of bytes in at most five characters: 512b, 1.5k, 12.0m.
func humanSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%db", max(n, 0))
	}
	v := float64(n)
	for i, unit := range "kmgt" {
		v /= 1024
		if v < 99.95 {
			return fmt.Sprintf("%.1f%c", v, unit)
		}
		if v < 1023.5 || i == 3 {
			return fmt.Sprintf("%.0f%c", v, unit)
		}
	}
	return ""
}

// humanDuration writes a time span in at most five characters up to a day: 12ms, 1.25s, 12.5s, 120s.
func humanDuration(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 99.95:
		return fmt.Sprintf("%.0fs", s)
	case s >= 9.995:
		return fmt.Sprintf("%.1fs", s)
	case s >= 0.9995:
		return fmt.Sprintf("%.2fs", s)
	default:
		return fmt.Sprintf("%.0fms", s*1000)
	}
}

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
