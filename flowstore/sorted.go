package flowstore

import (
	"slices"
	"sort"
)

const (
	chunkMax  = 512 // items of a chunk
	chunkFill = 384 // items that a chunk is built with
	chunkMin  = 128 // a chunk with fewer joins a neighbour if the two have room
)

// A sorted list keeps items in order, in chunks of bounded size, so that inserting one moves
// a chunk's worth of pointers at most. Where a chunk starts is counted when somebody asks.
type sorted struct {
	chunks [][]*item // none is empty
	n      int
	starts []int // of the first counted chunks
}

// newSorted takes over items that are in order.
func newSorted(items []*item) *sorted {
	l := &sorted{n: len(items)}
	for c := range slices.Chunk(items, chunkFill) {
		l.chunks = append(l.chunks, c)
	}
	return l
}

// find returns where it is, or where it would go.
func (l *sorted) find(it *item) (chunk, i int) {
	chunk = len(l.chunks) - 1
	if chunk < 0 {
		return 0, 0
	}
	if c := l.chunks[chunk]; c[len(c)-1].compare(it) < 0 {
		return chunk, len(c)
	}
	chunk = sort.Search(chunk, func(k int) bool {
		c := l.chunks[k]
		return c[len(c)-1].compare(it) >= 0
	})
	i, _ = slices.BinarySearchFunc(l.chunks[chunk], it, (*item).compare)
	return chunk, i
}

func (l *sorted) insert(it *item) {
	k, i := l.find(it)
	l.n++
	if len(l.chunks) == 0 {
		l.chunks = append(l.chunks, []*item{it})
		return
	}
	c := l.chunks[k]
	switch {
	case len(c) < chunkMax:
		l.chunks[k] = slices.Insert(c, i, it)
		l.spoil(k + 1)
	case k == len(l.chunks)-1 && i == len(c): // in order of arrival: leave full chunks behind
		l.chunks = append(l.chunks, append(make([]*item, 0, chunkMax), it))
	default:
		l.split(k)
		l.n--
		l.insert(it)
	}
}

// split makes two chunks of one.
func (l *sorted) split(k int) {
	c := l.chunks[k]
	half := len(c) / 2
	l.chunks = slices.Insert(l.chunks, k+1, slices.Clone(c[half:]))
	clear(c[half:])
	l.chunks[k] = c[:half]
	l.spoil(k + 1)
}

// remove takes out an item that is in the list, with the key that it was inserted with.
func (l *sorted) remove(it *item) {
	k, i := l.find(it)
	c := slices.Delete(l.chunks[k], i, i+1)
	l.chunks[k] = c
	l.n--
	l.spoil(k + 1)
	switch {
	case len(c) == 0:
		l.chunks = slices.Delete(l.chunks, k, k+1)
		l.spoil(k)
	case len(c) < chunkMin:
		if !l.join(k) && k > 0 {
			l.join(k - 1)
		}
	}
}

// join makes one chunk of k and the one after it, if there is one and the two have room.
func (l *sorted) join(k int) bool {
	if k+1 >= len(l.chunks) || len(l.chunks[k])+len(l.chunks[k+1]) > chunkFill {
		return false
	}
	l.chunks[k] = append(l.chunks[k], l.chunks[k+1]...)
	l.chunks = slices.Delete(l.chunks, k+1, k+2)
	l.spoil(k + 1)
	return true
}

// keep removes all items that ok refuses.
func (l *sorted) keep(ok func(*item) bool) {
	kept := make([]*item, 0, l.n)
	for _, c := range l.chunks {
		for _, it := range c {
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
			at = l.starts[j-1] + len(l.chunks[j-1])
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
	return l.chunks[k][i-l.starts[k]]
}

// rank returns how many items come before it, which need not be in the list.
func (l *sorted) rank(it *item) int {
	if l.n == 0 {
		return 0
	}
	k, i := l.find(it)
	return l.start(k) + i
}
