package layers

import "slices"

// Which versions of HTTP a server is offered is up to the addons, who go by what the client has offered. A client without
// TLS has offered nothing, and one that we stand in for the server of has offered it to us.

// bothVersions is what a server is offered for a client that speaks HTTP/2 without TLS, and one that refuses HTTP/1.
var bothVersions = []string{alpnHTTP2, "http/1.1"}

// offers returns what to offer in a new connection; nil: that is up to the addons.
func (h *HTTP) offers(key connKey) []string {
	if h.onlyHTTP2[key] || h.clientPrior() {
		return bothVersions
	}
	return nil
}

// turnedDown notes that a server has refused HTTP/1, if that is, or may be, why TLS with it did not come about, and reports whether it
// is worth another connection on which it is offered HTTP/2. Not all say what they miss: some just leave.
func (h *HTTP) turnedDown(key connKey, t *ServerTLS) bool {
	if t == nil || t.trouble == nil || t.trouble.label != noProtocol && t.trouble.label != serverLeft ||
		h.onlyHTTP2[key] || slices.Contains(t.session.conn.ALPNOffers, alpnHTTP2) {
		return false
	}
	if h.onlyHTTP2 == nil {
		h.onlyHTTP2 = map[connKey]bool{}
	}
	h.onlyHTTP2[key] = true
	return true
}

// ownTLS returns TLS to the server of the context, where it is around this layer, or nil.
func (h *HTTP) ownTLS() *ServerTLS {
	for _, l := range h.ctx.Layers {
		if t, ok := l.(*ServerTLS); ok && t.session.conn == &h.ctx.Server.Conn {
			return t
		}
	}
	return nil
}
