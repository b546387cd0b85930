package layer_test

import (
	"strings"
	"testing"

	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// undecided returns a layer that waits until the client has sent "end" or all its time is over.
func undecided(t *testing.T) *layertest.Playbook {
	ctx := layertest.Context(layer.Options{})
	p := layertest.New(t, ctx, layer.NewNextLayer(ctx))
	p.AutoHooks, p.HideHooks = true, true
	p.OnNext = func(n *layer.NextLayer) {
		if n.Late() || strings.HasSuffix(string(n.ClientData()), "end") {
			n.Decide(layers.NewTCP(n.Context, true))
		}
	}
	ctx.Server.Address.Host, ctx.Server.Address.Port = "example.com", 80
	return p
}

// What is never decided is not kept for ever.
func TestNextLayerTime(t *testing.T) {
	undecided(t).Run(`
		>> client "a"
		<< wakeup 30s
		>> client "b"
		>> wakeup
		<< open server example.com:80
		>> opened
		<< send server "ab"
	`)
	undecided(t).Run(`
		>> client "a"
		<< wakeup 30s
		>> client "b"
		>> client "end"
		<< cancel wakeup 30s
		<< open server example.com:80
		>> opened
		<< send server "abend"
	`)
	undecided(t).Run(`
		>> client "end"
		<< open server example.com:80
		>> opened
		<< send server "end"
	`)
}
