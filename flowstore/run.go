package flowstore

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A run is a short list of items in order, beside a head for each: the bytes of its text that come
// after what all texts of the run start with. Heads decide nearly all comparisons, and unlike
// the texts they lie side by side in memory.
type run struct {
	items  []*item
	heads  []head // of the items
	prefix string // what all texts start with, or less
}

// A head is sixteen bytes of a text, or a number.
type head struct{ a, b uint64 }

func (h head) less(o head) bool { return h.a < o.a || h.a == o.a && h.b < o.b }

// newRun makes a run of items that are in order, with room for more.
func newRun(items []*item, room int) run {
	r := run{items: make([]*item, len(items), room), heads: make([]head, len(items), room)}
	copy(r.items, items)
	if n := len(items); n > 0 {
		r.prefix = shared(items[0].key.s, items[n-1].key.s)
	}
	r.rehash()
	return r
}

func (r *run) rehash() {
	for i, it := range r.items {
		r.heads[i] = it.key.head(len(r.prefix))
	}
}

// head returns what orders keys whose texts share their first skip bytes as
// the keys are ordered, or as equal. A list has texts or numbers, never both.
func (k *key) head(skip int) head {
	if k.s == "" {
		return head{a: uint64(max(k.n, 0))}
	}
	var b [16]byte
	copy(b[:], k.s[min(skip, len(k.s)):])
	return head{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
}

// shared returns what two texts have in common at their start.
func shared(a, b string) string {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return a[:i]
		}
	}
	return a[:n]
}

// find returns the index of the first item that does not come before it.
func (r *run) find(it *item) int {
	if !strings.HasPrefix(it.key.s, r.prefix) {
		if it.key.s < r.prefix {
			return 0
		}
		return len(r.items)
	}
	h := it.key.head(len(r.prefix))
	lo, hi := 0, len(r.heads)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if m := r.heads[mid]; m.less(h) || m == h && r.items[mid].compare(it) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// insert puts an item where find says.
func (r *run) insert(i int, it *item) {
	r.admit(i, it)
	r.items = slices.Insert(r.items, i, it)
	r.heads = slices.Insert(r.heads, i, it.key.head(len(r.prefix)))
}

// set puts an item in the place of the one at i.
func (r *run) set(i int, it *item) {
	r.admit(i, it)
	r.items[i], r.heads[i] = it, it.key.head(len(r.prefix))
}

// admit makes the run ready for an item at i. One between two others starts as they do.
func (r *run) admit(i int, it *item) {
	if len(r.items) == 0 {
		r.prefix = it.key.s
		return
	}
	if i > 0 && i < len(r.items)-1 {
		return
	}
	if p := shared(r.prefix, it.key.s); len(p) < len(r.prefix) {
		r.prefix = p
		r.rehash()
	}
}

func (r *run) remove(i int) {
	r.items = slices.Delete(r.items, i, i+1)
	r.heads = slices.Delete(r.heads, i, i+1)
}

func (r *run) last() *item { return r.items[len(r.items)-1] }
