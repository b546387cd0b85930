package tui

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// source is a file whose flows come when the test lets them.
func source(more <-chan *flow.Flow, end error) func(context.Context, string) iter.Seq2[*flow.Flow, error] {
	return func(context.Context, string) iter.Seq2[*flow.Flow, error] {
		return func(yield func(*flow.Flow, error) bool) {
			for f := range more {
				if !yield(f, nil) {
					return
				}
			}
			if end != nil {
				yield(nil, end)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	drive(t, 120, 24, nil, func(d *driver) {
		more := make(chan *flow.Flow)
		d.app.read = source(more, errors.New("damaged flow file, at byte 7"))
		d.run("view.flows.load x.mitm")
		d.wantScreen("[loading: 0 flows, esc stops]")
		for i := range loadBatch + 1 {
			more <- gallery()[i%3]
		}
		d.settle()
		d.wantScreen("[loading: 256 flows, esc stops]")
		d.press("?") // the console works meanwhile
		d.press("q")
		close(more)
		d.settle()
		d.wantScreen("Error: damaged flow file, at byte 7; loaded 257 flows")
		if strings.Contains(d.screen(), "[loading") || d.app.view.Len() != 257 {
			t.Errorf("%d flows\n%s", d.app.view.Len(), d.screen())
		}
	})
}

// TestSetRfile loads a file that is named while the program runs, and only what is wanted of it.
func TestSetRfile(t *testing.T) {
	drive(t, 120, 24, nil, func(d *driver) {
		more := make(chan *flow.Flow, 3)
		for _, f := range gallery()[:3] {
			more <- f
		}
		close(more)
		d.app.read = source(more, nil)
		d.run("set readfile_filter ~zz")
		d.wantScreen("readfile_filter: ", "unknown operator ~zz")
		d.run("set readfile_filter '~m POST'")
		d.app.aim = func() func(*flow.Flow) {
			return func(f *flow.Flow) { f.Request.Host, f.Request.Headers = "stage.test", nil }
		}
		d.run("set rfile x.mitm")
		d.wantScreen("Loaded 1 flow from x.mitm.", "stage.test")
		d.run("set rfile")
		if d.app.view.Len() != 1 {
			t.Error(d.app.view.Len(), "flows")
		}
		other := make(chan *flow.Flow, 1)
		other <- gallery()[0]
		close(other)
		d.app.read = source(other, nil)
		d.run("view.flows.load y.mitm")
		d.settle()
		if f := d.app.view.FlowAt(1); f.Request.Host != "stage.test" {
			t.Error("a file that is loaded later does not go where the proxy stands in for")
		}
	})
}

func TestLoadTwice(t *testing.T) {
	drive(t, 120, 24, nil, func(d *driver) {
		for range 2 {
			more := make(chan *flow.Flow, 1)
			more <- gallery()[0]
			close(more)
			d.app.read = source(more, nil)
			d.run("view.flows.load x.mitm")
			d.wantScreen("Loaded 1 flow from x.mitm.")
		}
		if d.app.view.Len() != 2 {
			t.Error(d.app.view.Len(), "flows")
		}
	})
}

func TestStopLoad(t *testing.T) {
	for _, key := range []string{"esc", "ctrl c"} {
		drive(t, 120, 24, nil, func(d *driver) {
			more := make(chan *flow.Flow)
			d.app.read = source(more, nil)
			d.run("view.flows.load x.mitm")
			more <- gallery()[0]
			d.settle()
			d.press(key)
			d.wantScreen("[loading: 0 flows, stopping]")
			d.press("ctrl c") // means what it always does
			d.wantScreen("Quit")
			d.press("n")
			more <- gallery()[1]
			d.settle()
			d.wantScreen("Stopped reading x.mitm: loaded 1 flow.")
			if d.app.view.Len() != 1 {
				t.Error(d.app.view.Len(), "flows")
			}
		})
	}
}
