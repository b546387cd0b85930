package addon

import (
	"sluice/proxy/layer"
	"sluice/proxy/layers"
	"sluice/proxy/wire/tlshello"
)

// reversed returns what follows in reverse mode, where the server's protocol is known; nil if this is
// another mode, or not its outermost layer.
func reversed(ctx *layer.Context, client []byte) layer.Layer {
	if len(ctx.Layers) != 1 {
		return nil
	}
	r, ok := ctx.Layers[0].(*layers.ReverseProxy)
	if !ok {
		return nil
	}
	var outer *layers.ServerTLS
	if r.Scheme == "https" || r.Scheme == "tls" {
		if outer = layers.NewServerTLS(ctx, nil); r.Scheme == "https" && looksLikeHTTP2(client) {
			ctx.Server.ALPNOffers = []string{"h2", "http/1.1"}
		}
	}
	var middle *layers.ClientTLS
	if tlshello.IsRecord(client) {
		middle = layers.NewClientTLS(ctx)
	}
	var inner layer.Layer
	switch {
	case r.Scheme == "dns":
		return layers.NewDNS(ctx)
	case r.Scheme == "http" || r.Scheme == "https" || r.Scheme == layers.SchemeHTTP2:
		inner = layers.NewHTTP(ctx, layers.HTTPTransparent)
	case ctx.Client.Transport == "udp":
		return layers.NewUDP(ctx, false)
	default:
		inner = layers.NewTCP(ctx, false)
	}
	if middle != nil {
		middle.Child, inner = inner, middle
	}
	if outer != nil {
		outer.Child, inner = inner, outer
	}
	return inner
}

// relaysBytes reports whether this is reverse mode for a server that may speak anything.
func relaysBytes(ctx *layer.Context) bool {
	if len(ctx.Layers) == 0 {
		return false
	}
	r, ok := ctx.Layers[0].(*layers.ReverseProxy)
	return ok && (r.Scheme == "tcp" || r.Scheme == "tls")
}

// refusesQUIC reports whether a client that does not know of us speaks QUIC, which nobody wants to have passed on.
func (r *hostRules) refusesQUIC(ctx *layer.Context, client []byte) bool {
	if len(ctx.Layers) == 0 || r.udp.match(ctx.Server.Address.Host) {
		return false
	}
	_, through := ctx.Layers[0].(*layers.TransparentProxy)
	return through && layers.IsQUIC(client)
}

// datagrams chooses for a client that sends datagrams.
func (r *hostRules) datagrams(ctx *layer.Context, client []byte) layer.Layer {
	ignored, _ := r.ignored(ctx, nil, nil)
	if ignored {
		return layers.NewUDP(ctx, true)
	}
	if l := reversed(ctx, nil); l != nil {
		return l
	}
	if r.refusesQUIC(ctx, client) {
		return layers.NewRefusedQUIC(ctx)
	}
	if isDNSPort(ctx) && !r.udp.match(ctx.Server.Address.Host) {
		return layers.NewDNS(ctx)
	}
	return layers.NewUDP(ctx, false)
}

// isDNSPort reports whether the client goes to a port of DNS (RFC 1035 §4.2, RFC 6762 §3).
func isDNSPort(ctx *layer.Context) bool {
	return ctx.Server.Address.Port == 53 || ctx.Server.Address.Port == 5353
}
