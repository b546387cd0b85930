package proxy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
)

// A Mode is a parsed proxy mode spec: mode[:data][@[host:]port].
type Mode struct {
	Spec     string
	Name     string    // regular, transparent, upstream, reverse, socks5, dns or wireguard
	Upstream *flow.Via // upstream mode only: the other proxy
	Reverse  *flow.Via // reverse mode only: what it stands in for
	KeyFile  string    // wireguard mode only; empty: the one in confdir
	Host     string    // of the listener; valid if Listen
	Port     int
	Listen   bool // the spec says where to listen
}

// A modeKind is what all specs of one mode have in common.
type modeKind struct {
	about string // what listens, in words
	port  int    // where, unless it is told otherwise
}

var modeKinds = map[string]modeKind{
	"regular":     {"HTTP(S) proxy", defaultPort},
	"transparent": {"Transparent proxy", defaultPort},
	"upstream":    {"HTTP(S) proxy (upstream mode)", defaultPort},
	"reverse":     {"Reverse proxy", defaultPort},
	"socks5":      {"SOCKS v5 proxy", 1080},
	"dns":         {"DNS server", 53},
	"wireguard":   {"WireGuard server", 51820},
}

// modeNames says what there is to choose from.
const modeNames = "use regular, transparent, socks5, dns, wireguard, reverse:URL or upstream:URL"

// later are the modes and schemes of the grammar that the engine does not run yet, and what to do without them.
var later = map[string]string{
	"local":   "the local mode is not available yet; set the program's proxy and use regular, or use socks5",
	"tun":     "the tun mode is not available yet; use transparent",
	"osproxy": "the osproxy mode is called local now, which is not available yet; use regular",
	"http3":   "HTTP/3 is not available yet; use reverse:https",
	"quic":    "QUIC is not available yet; use reverse:udp to see its datagrams as they are",
	"dtls":    "DTLS is not available yet; use reverse:udp to see its datagrams as they are",
}

// defaultPorts are the ports of the schemes that have one.
var defaultPorts = map[string]int{"http": 80, "https": 443, layers.SchemeHTTP2: 80, "dns": 53, "socks5": 1080}

var (
	reverseSchemes  = []string{"http", "https", layers.SchemeHTTP2, "tcp", "tls", "udp", "dns"}
	upstreamSchemes = []string{"http", "https", "socks5"}
)

// ParseMode reads a mode spec. Its error says what is wrong with it.
func ParseMode(spec string) (Mode, error) {
	m := Mode{Spec: spec}
	text, err := m.parseListen(spec)
	if err == nil {
		name, data, _ := strings.Cut(text, ":")
		m.Name = strings.ToLower(name)
		err = m.parseData(data)
	}
	if err != nil {
		return Mode{}, fmt.Errorf("invalid proxy mode %q: %w", spec, err)
	}
	return m, nil
}

// parseListen reads what follows the last @ and returns what stands before it.
func (m *Mode) parseListen(spec string) (string, error) {
	i := strings.LastIndexByte(spec, '@')
	if i < 0 {
		return spec, nil
	}
	where := spec[i+1:]
	m.Listen = true
	if j := strings.LastIndexByte(where, ':'); j >= 0 {
		m.Host, where = strings.Trim(where[:j], "[]"), where[j+1:]
	}
	port, err := strconv.ParseUint(where, 10, 16)
	if err != nil {
		return "", fmt.Errorf("invalid port %q: want 0 to 65535", where)
	}
	m.Port = int(port)
	return spec[:i], nil
}

func (m *Mode) parseData(data string) (err error) {
	switch m.Name {
	case "regular", "transparent", "socks5", "dns":
		if data != "" {
			return fmt.Errorf("the %s mode takes no arguments", m.Name)
		}
		if m.Name == "transparent" {
			return transparentMissing
		}
	case "wireguard":
		m.KeyFile = data
	case "upstream":
		if data == "" {
			return fmt.Errorf("name the proxy, as in upstream:http://proxy.example:3128")
		}
		m.Upstream, err = parseVia(data, "http", upstreamSchemes)
	case "reverse":
		if data == "" {
			return fmt.Errorf("name the server, as in reverse:https://server.example")
		}
		m.Reverse, err = parseVia(data, "https", reverseSchemes)
	default:
		if why := later[m.Name]; why != "" {
			return fmt.Errorf("%s", why)
		}
		return fmt.Errorf("unknown mode %q; %s", m.Name, modeNames)
	}
	return err
}

// parseVia reads [scheme://]host[:port][/] of a server.
func parseVia(s, scheme string, allowed []string) (*flow.Via, error) {
	if before, after, ok := strings.Cut(s, "://"); ok {
		scheme, s = strings.ToLower(before), after
	}
	if !slices.Contains(allowed, scheme) {
		if why := later[scheme]; why != "" {
			return nil, fmt.Errorf("%s", why)
		}
		return nil, fmt.Errorf("unknown scheme %q; use one of %s", scheme, strings.Join(allowed, ", "))
	}
	authority, path, _ := strings.Cut(s, "/")
	if path != "" {
		return nil, fmt.Errorf("this names a server and not a page: leave out %q", "/"+path)
	}
	host, port, ok := flow.ParseAuthority(authority)
	if !ok || port > 65535 {
		return nil, fmt.Errorf("%q is not a server: write host or host:port, and IPv6 addresses in brackets", authority)
	}
	if port == 0 {
		if port = defaultPorts[scheme]; port == 0 {
			return nil, fmt.Errorf("add a port, as in %s://%s:1234", scheme, authority)
		}
	}
	return &flow.Via{Scheme: scheme, Addr: flow.Addr{Host: host, Port: port}}, nil
}

// String says what the mode is, in words.
func (m Mode) String() string {
	if m.Reverse != nil {
		return "Reverse proxy to " + m.Reverse.Scheme + "://" + m.Reverse.Addr.String()
	}
	return modeKinds[m.Name].about
}

// transports returns the networks that the mode listens on.
func (m Mode) transports() []string {
	switch {
	case m.Name == "wireguard":
		return []string{"udp"}
	case m.Name == "dns", m.Reverse != nil && m.Reverse.Scheme == "dns":
		return []string{"tcp", "udp"}
	case m.Reverse != nil && m.Reverse.Scheme == "udp":
		return []string{"udp"}
	}
	return []string{"tcp"}
}

// defaultPort is where the mode listens unless it is told otherwise.
func (m Mode) defaultPort() int {
	if m.Reverse != nil && m.Reverse.Scheme == "dns" {
		return 53
	}
	return modeKinds[m.Name].port
}

// role returns how the mode's clients are served.
func (m Mode) role() *role {
	r := &role{mode: m.Name + m.Spec[len(m.Name):], upstream: m.Upstream, brief: m.Reverse != nil && m.Reverse.Scheme == "dns"}
	switch m.Name {
	case "upstream":
		r.root = func(ctx *layer.Context) layer.Layer { return layers.NewHTTPUpstreamProxy(ctx) }
	case "reverse":
		r.root = func(ctx *layer.Context) layer.Layer { return layers.NewReverseProxy(ctx, m.Reverse) }
	case "socks5":
		r.root = func(ctx *layer.Context) layer.Layer { return layers.NewSocks5Proxy(ctx) }
	case "transparent":
		r.target = originalTarget
		r.root = func(ctx *layer.Context) layer.Layer { return layers.NewTransparentProxy(ctx) }
	case "wireguard":
		r.target, r.root = tunnelTarget, tunnelRoot
	case "dns":
		r.brief = true
		r.root = func(ctx *layer.Context) layer.Layer { return layers.NewDNS(ctx) }
	default:
		r.root = func(ctx *layer.Context) layer.Layer { return layers.NewHTTPProxy(ctx) }
	}
	return r
}

// asksLogin reports whether all that clients do in the mode can be made to need a login.
func (m Mode) asksLogin() bool {
	switch m.Name {
	case "reverse":
		return strings.HasPrefix(m.Reverse.Scheme, "http")
	case "transparent", "dns", "wireguard":
		return false
	}
	return true
}
