package flowstore

import (
	"slices"
	"sort"
)

const (
	chunkMax  = 64 // items of a chunk
	chunkFill = 48 // items that a chunk is built with
	chunkMin  = 16 // a chunk with fewer joins a neighbour if the two have room
)

// A sorted list keeps items in order, in chunks of bounded size, so that inserting one moves
// a chunk's worth of pointers at most. Where a chunk starts is counted when somebody asks.
type sorted struct {
	chunks []run // none is empty
	lasts  run   // the last item of every chunk but the last one
	n      int
	starts []int // of the first counted chunks
}

// newSorted makes a list of items that are in order.
func newSorted(items []*item) *sorted {
	l := &sorted{n: len(items)}
	var lasts []*item
	for c := range slices.Chunk(items, chunkFill) {
		l.chunks = append(l.chunks, newRun(c, chunkFill+chunkFill/8))
		lasts = append(lasts, c[len(c)-1])
	}
	l.lasts = newRun(lasts[:max(len(lasts)-1, 0)], len(lasts))
	return l
}

// find returns where it is, or where it would go.
func (l *sorted) find(it *item) (chunk, i int) {
	chunk = len(l.chunks) - 1
	if chunk < 0 {
		return 0, 0
	}
	c := &l.chunks[chunk]
	if c.last().compare(it) < 0 {
		return chunk, len(c.items)
	}
	chunk = l.lasts.find(it)
	return chunk, l.chunks[chunk].find(it)
}

func (l *sorted) insert(it *item) {
	k, i := l.find(it)
	l.n++
	if len(l.chunks) == 0 {
		l.chunks = append(l.chunks, newRun([]*item{it}, 1))
		return
	}
	c := &l.chunks[k]
	switch {
	case len(c.items) < chunkMax:
		c.insert(i, it)
		l.spoil(k + 1)
	case k == len(l.chunks)-1 && i == len(c.items): // in order of arrival: leave full chunks behind
		l.lasts.insert(k, c.last())
		l.chunks = append(l.chunks, newRun([]*item{it}, chunkMax))
	default:
		l.split(k)
		l.n--
		l.insert(it)
	}
}

// split makes two chunks of one.
func (l *sorted) split(k int) {
	items := l.chunks[k].items
	half := len(items) / 2
	l.lasts.insert(k, items[half-1])
	l.chunks[k] = newRun(items[:half], chunkMax)
	l.chunks = slices.Insert(l.chunks, k+1, newRun(items[half:], chunkMax))
	l.spoil(k + 1)
}

// remove takes out an item that is in the list, with the key that it was inserted with.
func (l *sorted) remove(it *item) {
	k, i := l.find(it)
	c := &l.chunks[k]
	c.remove(i)
	l.n--
	l.spoil(k + 1)
	switch n := len(c.items); {
	case n == 0:
		l.drop(k)
	case n < chunkMin && (l.join(k) || k > 0 && l.join(k-1)):
	case i == n && k < len(l.chunks)-1:
		l.lasts.set(k, c.last())
	}
}

// drop takes out chunk k.
func (l *sorted) drop(k int) {
	l.chunks = slices.Delete(l.chunks, k, k+1)
	if n := len(l.lasts.items); n > 0 {
		l.lasts.remove(min(k, n-1))
	}
	l.spoil(k)
}

// join makes one chunk of k and the one after it, if there is one and the two have room.
func (l *sorted) join(k int) bool {
	if k+1 >= len(l.chunks) || len(l.chunks[k].items)+len(l.chunks[k+1].items) > chunkFill {
		return false
	}
	l.chunks[k] = newRun(slices.Concat(l.chunks[k].items, l.chunks[k+1].items), chunkMax)
	l.chunks = slices.Delete(l.chunks, k+1, k+2)
	l.lasts.remove(k)
	l.spoil(k + 1)
	return true
}

// keep removes all items that ok refuses.
func (l *sorted) keep(ok func(*item) bool) {
	kept := make([]*item, 0, l.n)
	for _, c := range l.chunks {
		for _, it := range c.items {
			if ok(it) {
				kept = append(kept, it)
			}
		}
	}
	*l = *newSorted(kept)
}

// spoil forgets where the chunks from k on start.
func (l *sorted) spoil(k int) { l.starts = l.starts[:min(k, len(l.starts))] }

// start returns the index of the first item of chunk k.
func (l *sorted) start(k int) int {
	for j := len(l.starts); j <= k; j++ {
		at := 0
		if j > 0 {
			at = l.starts[j-1] + len(l.chunks[j-1].items)
		}
		l.starts = append(l.starts, at)
	}
	return l.starts[k]
}

// at returns the item with index i, which must be below n.
func (l *sorted) at(i int) *item {
	k := len(l.chunks) - 1
	if i < l.start(k) {
		k = sort.Search(len(l.chunks), func(k int) bool { return l.starts[k] > i }) - 1
	}
	return l.chunks[k].items[i-l.starts[k]]
}

// rank returns how many items come before it, which need not be in the list.
func (l *sorted) rank(it *item) int {
	if l.n == 0 {
		return 0
	}
	k, i := l.find(it)
	return l.start(k) + i
}
