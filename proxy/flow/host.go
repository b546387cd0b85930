package flow

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// maxIDN is the length in bytes of the longest name that ASCIIHost converts, for what that costs grows with its square.
const maxIDN = 4 * 255

// ParseAuthority splits "host", "host:port" and "[v6]:port" and checks the host.
// A missing port is 0. Userinfo, an empty port and an IPv6 literal without brackets are refused.
func ParseAuthority(s string) (host string, port int, ok bool) {
	host, port, ok = SplitHostPort(s)
	v6 := strings.HasPrefix(s, "[")
	if !ok || v6 != (strings.IndexByte(host, ':') >= 0) || !ValidHost(host) {
		return "", 0, false
	}
	return host, port, true
}

// ASCIIHost returns the form of an internationalized name that stands on the wire (RFC 5891 §4). What is no such name stays as it is.
func ASCIIHost(s string) string {
	if len(s) > maxIDN || strings.IndexByte(s, ':') >= 0 {
		return s
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return s
	}
	return ascii
}

// ValidHost reports whether s is an IP address without zone, or a name of at most
// 255 bytes whose labels have 1 to 63 ASCII letters, digits, hyphens and underscores. One dot at its end is fine.
func ValidHost(s string) bool {
	if strings.IndexByte(s, ':') >= 0 {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Zone() == ""
	}
	if len(s) > 255 {
		return false
	}
	s = strings.TrimSuffix(s, ".")
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.' && label > 0:
			label = 0
		case 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_':
			label++
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}
