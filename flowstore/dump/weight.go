package dump

import "sluice/proxy/flow"

// ownWeight is about what a flow takes beside its bodies and messages.
const ownWeight = 2 << 10

// Weight returns about how many bytes of memory a flow takes.
func Weight(f *flow.Flow) int64 {
	n := ownWeight + f.BodiesKept()
	for _, m := range f.AllMessages() {
		n += int64(len(m.Content)) + 64
	}
	return n
}
