package layer_test

import (
	"runtime"
	"strings"
	"testing"

	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// A reader is a layer that counts what it is given.
type reader struct{ bytes, pieces int }

func (r *reader) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if d, ok := ev.(*layer.DataReceived); ok {
		r.bytes += len(d.Data)
		r.pieces++
	}
	return cmds
}

// TestUndecidedPieces: what comes in pieces of a byte while nobody knows the protocol costs not much more than its bytes.
func TestUndecidedPieces(t *testing.T) {
	const pieces = 100_000
	for _, transport := range []string{"tcp", "udp"} {
		ctx := layertest.Context(layer.Options{})
		ctx.Client.Transport = transport
		n := layer.NewNextLayer(ctx)
		got := &reader{}
		p := layertest.New(t, ctx, n)
		p.OnNext = func(*layer.NextLayer) {}
		before := heap()
		for range pieces {
			p.Data(p.Client(), []byte("x"))
		}
		if grown := heap() - before; transport == "tcp" && grown > 2<<20 {
			t.Errorf("%d KiB for %d bytes", grown>>10, pieces)
		}
		p.OnNext = func(n *layer.NextLayer) { n.Decide(got) }
		p.Data(p.Client(), []byte("x"))
		if got.bytes != pieces+1 {
			t.Errorf("%d bytes were handed on", got.bytes)
		}
		if transport == "udp" && got.pieces != got.bytes {
			t.Errorf("%d datagrams have become %d", got.bytes, got.pieces)
		}
		p.Expect("wakeup 30s", "cancel wakeup 30s")
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

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
