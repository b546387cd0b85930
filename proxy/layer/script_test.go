package layer_test

import (
	"runtime"
	"testing"

	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// counter is a script that ends with its second event.
type counter struct {
	layer.Script
	events int
}

func newCounter(ctx *layer.Context) *counter {
	c := &counter{}
	c.Begin(ctx, func(s *layer.Script) {
		for c.events < 2 {
			s.Next()
			c.events++
		}
	})
	return c
}

func TestScriptsFollowEachOtherOnOneCoroutine(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	before := runtime.NumGoroutine()
	for range 10 {
		c := newCounter(ctx)
		c.Handle(layer.Start{}, nil)
		c.Handle(layer.Start{}, nil)
		if !c.Over() || c.events != 2 {
			t.Fatal("over", c.Over(), c.events)
		}
	}
	if n := runtime.NumGoroutine() - before; n != 1 {
		t.Errorf("%d coroutines", n)
	}
	many := make([]*counter, 5)
	for i := range many {
		many[i] = newCounter(ctx)
		many[i].Handle(layer.Start{}, nil)
	}
	if n := runtime.NumGoroutine() - before; n != len(many) {
		t.Errorf("%d coroutines for %d scripts", n, len(many))
	}
	many[0].Handle(layer.Start{}, nil)
	many[1].Handle(layer.Start{}, nil)
	ctx.Stop()
	if n := runtime.NumGoroutine() - before; n != 0 {
		t.Errorf("%d coroutines after Stop", n)
	}
	for _, c := range many[2:] {
		if c.Handle(layer.Start{}, nil); c.events != 1 {
			t.Error("a stopped script went on")
		}
	}
}

func TestClientsShareCoroutines(t *testing.T) {
	var pool layer.Coroutines
	before := runtime.NumGoroutine()
	for range 3 {
		ctx := layertest.Context(layer.Options{})
		ctx.Share(&pool)
		for range 2 {
			c := newCounter(ctx)
			c.Handle(layer.Start{}, nil)
			c.Handle(layer.Start{}, nil)
		}
		ctx.Stop()
	}
	if n := runtime.NumGoroutine() - before; n != 1 {
		t.Errorf("%d coroutines after three clients", n)
	}
	ctx := layertest.Context(layer.Options{})
	ctx.Share(&pool)
	c := newCounter(ctx)
	c.Handle(layer.Start{}, nil)
	pool.Close()
	if c.Handle(layer.Start{}, nil); !c.Over() {
		t.Error("a script was ended by the pool's end")
	}
	if n := runtime.NumGoroutine() - before; n != 0 {
		t.Errorf("%d coroutines after Close", n)
	}
}

func TestPanicOfAScriptReachesItsCaller(t *testing.T) {
	ctx := layertest.Context(layer.Options{})
	s := &layer.Script{}
	s.Begin(ctx, func(*layer.Script) { panic("boom") })
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Error(r)
			}
		}()
		s.Handle(layer.Start{}, nil)
	}()
	c := newCounter(ctx)
	c.Handle(layer.Start{}, nil)
	ctx.Stop()
	if c.events != 1 {
		t.Error("the next script did not run")
	}
}
