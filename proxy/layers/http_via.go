package layers

import "sluice/proxy/flow"

// via returns the upstream proxy for a server, nil for none: that of a route, else the one that is meant for all.
// plain says that the proxy reads requests without TLS itself.
func (h *HTTP) via(to flow.Addr, all *flow.Via) (via *flow.Via, plain bool) {
	if route := h.ctx.Options().Route; route != nil && h.mode != HTTPTransparent {
		if via, ok := route(to); ok {
			return via, false
		}
	}
	return all, h.mode == HTTPUpstream && all != nil && all.Scheme != "socks5"
}
