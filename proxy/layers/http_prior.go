package layers

import (
	"strings"

	"sluice/proxy/layer"
)

// SchemeHTTP2 is the scheme of reverse mode for a server that speaks HTTP/2 without TLS.
const SchemeHTTP2 = "http2"

// prior reports whether a server is spoken HTTP/2 with from the first byte, without TLS (RFC 9113 §3.3): the mode says so, or a
// client did so that takes us for that server and so must know.
func (h *HTTP) prior(key connKey) bool {
	if key.tls || key.plain {
		return false
	}
	if len(h.ctx.Layers) > 0 {
		if r, ok := h.ctx.Layers[0].(*ReverseProxy); ok {
			return r.Scheme == SchemeHTTP2 && key.addr == h.ctx.Server.Address
		}
	}
	return h.clientPrior() && h.mode == HTTPTransparent && key.addr == h.ctx.Server.Address
}

// clientPrior reports whether the client speaks HTTP/2 without TLS.
func (h *HTTP) clientPrior() bool {
	_, two := h.client.(*http2Server)
	return two && !h.ctx.Client.TLS
}

// greets reports whether the server of the context speaks first, as is its right in HTTP/2 (RFC 9113 §3.4).
func (h *HTTP) greets() bool {
	return h.ctx.Server.ALPN == alpnHTTP2 || h.prior(keyOf(h.ctx.Server))
}

const (
	settingsHead = "\x04\x00\x00\x00\x00\x00" // of a frame, behind its length: SETTINGS of the connection (RFC 9113 §4.1, §6.5)
	maxGreeting  = 16 << 10
)

// IsSettings reports whether a server begins with SETTINGS, as one does that speaks nothing but HTTP/2, or may be about to.
func IsSettings(b []byte) bool {
	if len(b) == 0 || b[0] != 0 {
		return false
	}
	return len(b) <= 3 || strings.HasPrefix(settingsHead, string(b[3:min(len(b), 9)]))
}

// keepsGreeting keeps what the server of the context says before the client has shown whether it speaks HTTP/2.
func (h *HTTP) keepsGreeting(ev layer.Event) bool {
	s, ok := h.client.(*sniffer)
	d, data := ev.(*layer.DataReceived)
	if !ok || !data || len(s.greeting)+len(d.Data) > maxGreeting || len(s.greeting) == 0 && !IsSettings(d.Data) {
		return false
	}
	s.greeting = append(s.greeting, d.Data...)
	return true
}
