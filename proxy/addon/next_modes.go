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
		outer = layers.NewServerTLS(ctx, nil)
	}
	var middle *layers.ClientTLS
	if tlshello.IsRecord(client) {
		middle = layers.NewClientTLS(ctx)
	}
	var inner layer.Layer
	if r.Scheme == "http" || r.Scheme == "https" {
		inner = layers.NewHTTP(ctx, layers.HTTPTransparent)
	} else {
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

// datagrams chooses for a client that sends datagrams.
func (r *hostRules) datagrams(ctx *layer.Context) layer.Layer {
	ignored, _ := r.ignored(ctx, nil, nil)
	return layers.NewUDP(ctx, ignored)
}
