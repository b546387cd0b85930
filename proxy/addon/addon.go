// Package addon holds the standard addons: what reacts to the engine's hooks.
//
// Hooks run in line, under the lock of the client they are about, on whichever
// goroutine had the event. An addon is shared by all clients: its state is
// immutable, atomic or behind a lock held for moments.
package addon

import "sluice/proxy/layer"

// An Addon sees every hook. It returns nil to let the flow go on at once, or a
// channel on which the verdict will come. It must not block.
type Addon interface {
	Handle(h layer.Hook) <-chan layer.Verdict
}

// A Chain runs addons in order. All of them see a hook, even when one of them
// holds its flow; if several do, the first one's verdict counts.
type Chain []Addon

// Handle shows h to every addon.
func (c Chain) Handle(h layer.Hook) <-chan layer.Verdict {
	var held <-chan layer.Verdict
	for _, a := range c {
		if w := a.Handle(h); held == nil {
			held = w
		}
	}
	return held
}
