package layer_test

import (
	"testing"

	"sluice/proxy/flow"
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
	before := layertest.Goroutines(0)
	for range 10 {
		c := newCounter(ctx)
		c.Handle(layer.Start{}, nil)
		c.Handle(layer.Start{}, nil)
		if !c.Over() || c.events != 2 {
			t.Fatal("over", c.Over(), c.events)
		}
	}
	if n := layertest.Goroutines(before+1) - before; n != 1 {
		t.Errorf("%d coroutines", n)
	}
	many := make([]*counter, 5)
	for i := range many {
		many[i] = newCounter(ctx)
		many[i].Handle(layer.Start{}, nil)
	}
	if n := layertest.Goroutines(before+len(many)) - before; n != len(many) {
		t.Errorf("%d coroutines for %d scripts", n, len(many))
	}
	many[0].Handle(layer.Start{}, nil)
	many[1].Handle(layer.Start{}, nil)
	ctx.Stop()
	if n := layertest.Goroutines(before) - before; n != 0 {
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
	before := layertest.Goroutines(0)
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
	if n := layertest.Goroutines(before + 1); n != before+1 {
		t.Errorf("%d coroutines after three clients", n-before)
	}
	ctx := layertest.Context(layer.Options{})
	ctx.Share(&pool)
	c := newCounter(ctx)
	c.Handle(layer.Start{}, nil)
	pool.Close()
	if c.Handle(layer.Start{}, nil); !c.Over() {
		t.Error("a script was ended by the pool's end")
	}
	if n := layertest.Goroutines(before); n != before {
		t.Errorf("%d coroutines after Close", n-before)
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

// What piles up while a script waits has its connection paused, until all of it has been read.
func TestScriptBacklog(t *testing.T) {
	ctx, conn := layertest.Context(layer.Options{}), &flow.Conn{}
	read := 0
	s := &layer.Script{}
	s.Begin(ctx, func(s *layer.Script) {
		s.Next()
		s.Hook(&layer.TCPStart{})
		for {
			if d, ok := s.Next().(*layer.DataReceived); ok {
				read += len(d.Data)
			}
		}
	})
	defer ctx.Stop()
	hook := s.Handle(layer.Start{}, nil)[0].(layer.Hook)
	paused := 0
	for range 20 {
		for _, c := range s.Handle(&layer.DataReceived{Conn: conn, Data: make([]byte, 64<<10)}, nil) {
			if p, ok := c.(*layer.Pause); !ok || !p.On || p.Conn != conn {
				t.Errorf("%T %+v", c, c)
			}
			paused++
		}
	}
	cmds := s.Handle(&layer.HookCompleted{Hook: hook}, nil)
	if len(cmds) != 1 || cmds[0].(*layer.Pause).On || paused != 1 || read != 20*64<<10 {
		t.Errorf("paused %d times, read %d, then %v", paused, read, cmds)
	}
	if cmds := s.Handle(&layer.DataReceived{Conn: conn, Data: make([]byte, 1<<20)}, nil); len(cmds) != 0 {
		t.Errorf("one large read: %v", cmds)
	}
}
