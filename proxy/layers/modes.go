// Package layers holds the protocols: each one a layer, a state machine without
// sockets, clocks or goroutines, that knows its neighbours only by events and commands.
package layers

import "sluice/proxy/layer"

// HTTPProxy is the outermost layer of a client that knows it talks to a proxy (mode regular).
type HTTPProxy struct{ *layer.NextLayer }

// NewHTTPProxy returns the outermost layer of the mode regular.
func NewHTTPProxy(ctx *layer.Context) *HTTPProxy {
	p := &HTTPProxy{layer.NewNextLayer(ctx)}
	ctx.Push(p)
	return p
}

// HTTPUpstreamProxy is the outermost layer where everything goes on to another proxy (mode upstream), which is the context's Upstream.
type HTTPUpstreamProxy struct{ *layer.NextLayer }

// NewHTTPUpstreamProxy returns the outermost layer of the mode upstream.
func NewHTTPUpstreamProxy(ctx *layer.Context) *HTTPUpstreamProxy {
	p := &HTTPUpstreamProxy{layer.NewNextLayer(ctx)}
	ctx.Push(p)
	return p
}
