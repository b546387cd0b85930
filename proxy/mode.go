package proxy

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
)

// A Mode is a parsed proxy mode spec: mode[:data][@[host:]port].
type Mode struct {
	Spec     string
	Upstream *flow.Via // upstream mode only
	Host     string    // of the listener; valid if Listen
	Port     int
	Listen   bool // the spec says where to listen
}

// later are the modes of the spec grammar that the engine does not run yet.
var later = map[string]bool{"transparent": true, "reverse": true, "socks5": true, "dns": true, "wireguard": true, "local": true, "tun": true}

// ParseMode reads a mode spec. Its error says what is wrong with it.
func ParseMode(spec string) (Mode, error) {
	m := Mode{Spec: spec}
	fail := func(why string, args ...any) (Mode, error) {
		return Mode{}, fmt.Errorf("invalid proxy mode %q: %s", spec, fmt.Sprintf(why, args...))
	}
	text := spec
	if i := strings.LastIndexByte(spec, '@'); i >= 0 {
		where := spec[i+1:]
		text, m.Listen = spec[:i], true
		if j := strings.LastIndexByte(where, ':'); j >= 0 {
			m.Host, where = strings.Trim(where[:j], "[]"), where[j+1:]
		}
		port, err := strconv.ParseUint(where, 10, 16)
		if err != nil {
			return fail("invalid port %q: want 0 to 65535", where)
		}
		m.Port = int(port)
	}
	name, data, _ := strings.Cut(text, ":")
	switch name = strings.ToLower(name); {
	case name == "regular":
		if data != "" {
			return fail("the regular mode takes no arguments")
		}
	case name == "upstream":
		via, err := parseVia(data)
		if err != nil {
			return fail("%s", err)
		}
		m.Upstream = via
	case later[name]:
		return fail("the %s mode is not available yet; use regular or upstream:URL", name)
	default:
		return fail("unknown mode %q; use regular or upstream:URL", name)
	}
	return m, nil
}

// parseVia reads [scheme://]host[:port][/] of an upstream proxy.
func parseVia(s string) (*flow.Via, error) {
	if s == "" {
		return nil, fmt.Errorf("name the proxy, as in upstream:http://proxy.example:3128")
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := flow.ParseURL(s)
	if err != nil {
		return nil, err
	}
	if u.Path != "/" {
		return nil, fmt.Errorf("a proxy has no path: leave out %q", u.Path)
	}
	return &flow.Via{Scheme: u.Scheme, Addr: flow.Addr{Host: u.Host, Port: u.Port}}, nil
}

// root returns the constructor of the mode's outermost layer.
func (m Mode) root() func(*layer.Context) layer.Layer {
	if m.Upstream != nil {
		return func(ctx *layer.Context) layer.Layer { return layers.NewHTTPUpstreamProxy(ctx) }
	}
	return func(ctx *layer.Context) layer.Layer { return layers.NewHTTPProxy(ctx) }
}
