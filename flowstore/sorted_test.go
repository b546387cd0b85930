package flowstore

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSortedAgainstSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l, want := newSorted(nil), []*item(nil)
	check := func() {
		t.Helper()
		if l.n != len(want) {
			t.Fatalf("n is %d, want %d", l.n, len(want))
		}
		for i, it := range want {
			if l.at(i) != it || l.rank(it) != i {
				t.Fatalf("index %d: at and rank %d do not agree with the slice", i, l.rank(it))
			}
		}
		for k, c := range l.chunks {
			if len(c) == 0 || len(c) > chunkMax {
				t.Fatalf("chunk %d has %d items", k, len(c))
			}
		}
	}
	grow := func(n int) {
		for range n {
			it := &item{key: key{n: r.Int64N(500)}, state: state{seq: r.Uint64()}}
			i, _ := slices.BinarySearchFunc(want, it, (*item).compare)
			want = slices.Insert(want, i, it)
			l.insert(it)
		}
	}
	shrink := func(n int) {
		for range n {
			i := r.IntN(len(want))
			l.remove(want[i])
			want = slices.Delete(want, i, i+1)
		}
	}
	for _, step := range []int{3000, -1500, 500, -1900, 700, -800} {
		if step > 0 {
			grow(step)
		} else {
			shrink(-step)
		}
		check()
	}
	l.keep(func(it *item) bool { return it.key.n%2 == 0 })
	want = slices.DeleteFunc(want, func(it *item) bool { return it.key.n%2 != 0 })
	check()
	grow(1000)
	check()
}

func TestSortedStaysDense(t *testing.T) {
	l := newSorted(nil)
	var items []*item
	for i := range 20_000 {
		it := &item{key: key{n: int64(i)}}
		items = append(items, it)
		l.insert(it)
	}
	for i, it := range items {
		if i%50 != 0 {
			l.remove(it)
		}
	}
	if n := len(l.chunks); n > 8 {
		t.Errorf("%d items are in %d chunks", l.n, n)
	}
}
