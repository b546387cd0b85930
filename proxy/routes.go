package proxy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"sluice/proxy/flow"
)

// A route says where connections to some servers go. It is immutable.
type route struct {
	prefix netip.Prefix // valid: addresses
	host   string       // else a name in lower case, in which * stands for anything
	port   int          // 0: any
	via    *flow.Via    // nil: straight to the server
}

// parseRoutes reads the option upstream_routes: SERVER=PROXY, the first that fits counts.
func parseRoutes(specs []string) ([]route, error) {
	var rs []route
	for _, spec := range specs {
		server, target, ok := strings.Cut(spec, "=")
		if !ok || server == "" {
			return nil, fmt.Errorf("upstream_routes: %q is not a route: write SERVER=PROXY, as in *.example.com=http://proxy:3128 or 10.0.0.0/8=direct", spec)
		}
		r, err := parseServer(server)
		if err == nil && target != "direct" {
			r.via, err = parseVia(target, "http", upstreamSchemes)
		}
		if err != nil {
			return nil, fmt.Errorf("upstream_routes: %q: %w", spec, err)
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// parseServer reads a network, or a host with an optional port.
func parseServer(s string) (r route, err error) {
	if strings.Contains(s, "/") {
		r.prefix, err = netip.ParsePrefix(s)
		return r, err
	}
	r.host = strings.ToLower(s)
	if ip, err := netip.ParseAddr(s); err == nil {
		r.host = ip.String()
		return r, nil
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		port, err := strconv.ParseUint(s[i+1:], 10, 16)
		if err != nil || port == 0 {
			return r, fmt.Errorf("invalid port %q: want 1 to 65535", s[i+1:])
		}
		r.host, r.port = strings.ToLower(strings.Trim(s[:i], "[]")), int(port)
	}
	return r, nil
}

// find returns the proxy of the first route that fits a server, and whether there is one.
func find(rs []route, to flow.Addr) (*flow.Via, bool) {
	host := strings.ToLower(strings.TrimSuffix(to.Host, "."))
	ip, err := netip.ParseAddr(host)
	if err == nil {
		host = ip.String()
	}
	for _, r := range rs {
		fits := matchName(r.host, host)
		if r.prefix.IsValid() {
			fits = err == nil && r.prefix.Contains(ip.Unmap())
		}
		if fits && (r.port == 0 || r.port == to.Port) {
			return r.via, true
		}
	}
	return nil, false
}

// matchName reports whether a name fits a pattern in which * stands for any text.
func matchName(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(name, first) || len(name) < len(first)+len(last) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(name, p)
		if i < 0 {
			return false
		}
		name = name[i+len(p):]
	}
	return true
}
