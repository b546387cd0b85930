package main

import (
	"slices"
	"time"

	"sluice/proxy/option"
)

// lookEvery is how often a proxy that is to end when all is done is looked at.
const lookEvery = 100 * time.Millisecond

// finite reports whether the options give a proxy something to do that comes to an end, after which it is to end too.
func finite(opts *option.Options) bool {
	return !opts.Bool("keepserving") && slices.ContainsFunc([]string{"client_replay", "server_replay", "rfile"}, opts.Changed)
}

// endWhenDone stops a proxy that was given something to do when that is done, reading too, and no client is left.
func endWhenDone(r *running, opts *option.Options, reading <-chan struct{}) {
	if !finite(opts) {
		return
	}
	select {
	case <-reading:
	case <-r.stopped.Done():
		return
	}
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		if finite(opts) && !r.p.Busy() {
			r.stop(nil)
		}
		select {
		case <-r.stopped.Done():
			return
		case <-t.C:
		}
	}
}
