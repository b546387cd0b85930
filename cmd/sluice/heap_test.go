package main

import "testing"

func TestRestWatch(t *testing.T) {
	const mib = 1 << 20
	var w restWatch
	for i, look := range []struct {
		allocated uint64
		due       bool
	}{
		{3 * mib, false},   // starting
		{3*mib + 9, false}, // at rest, but after too little
		{40 * mib, false},  // at work
		{90 * mib, false},
		{90*mib + 9, true}, // at rest
		{90*mib + 99, false},
		{95 * mib, false}, // a little work
		{95*mib + 9, false},
		{107 * mib, false},
		{107*mib + 9, true},
	} {
		if got := w.due(look.allocated); got != look.due {
			t.Errorf("look %d at %d bytes: due is %v", i, look.allocated, got)
		}
	}
}
