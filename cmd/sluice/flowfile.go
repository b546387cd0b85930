package main

import (
	"fmt"
	"iter"

	"sluice/proxy/flow"
)

// readFlows reads the flows of a file one after the other; an error is the last of them. It is what -C, -S and the commands
// that replay files read with.
func readFlows(path string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		yield(nil, fmt.Errorf("cannot read %s: flow files come with a later version", path))
	}
}
