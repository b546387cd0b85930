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

// A Chain runs addons in order, each on what those before it have made of a flow.
type Chain []Addon

// Handle shows h to the addons until one holds its flow. The verdict will come on held, and then h is to be shown to rest.
func (c Chain) Handle(h layer.Hook) (held <-chan layer.Verdict, rest Chain) {
	for i, a := range c {
		if held = a.Handle(h); held != nil {
			return held, c[i+1:]
		}
	}
	return nil, nil
}
