package flowstore

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestSortedAgainstSlice(t *testing.T) {
	number := func(r *rand.Rand) key { return key{n: r.Int64N(500) - 20} }
	text := func(r *rand.Rand) key {
		starts := []string{"", "http", "https://a.example", "https://a.example/a/long/path/", "https://b.example/\x00", "\xff"}
		return key{s: starts[r.IntN(len(starts))] + strings.Repeat("/", r.IntN(20)) + strconv.Itoa(r.IntN(60))[1:]}
	}
	t.Run("numbers", func(t *testing.T) { testSorted(t, number) })
	t.Run("texts", func(t *testing.T) { testSorted(t, text) })
}

// testSorted compares a sorted list with a slice while both grow and shrink.
func testSorted(t *testing.T, random func(*rand.Rand) key) {
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
			if len(c.items) == 0 || len(c.items) > chunkMax {
				t.Fatalf("chunk %d has %d items", k, len(c.items))
			}
		}
	}
	grow := func(n int) {
		for range n {
			it := &item{key: random(r), state: state{seq: r.Uint64()}}
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
	l.keep(func(it *item) bool { return it.seq%2 == 0 })
	want = slices.DeleteFunc(want, func(it *item) bool { return it.seq%2 != 0 })
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
	if n := len(l.chunks); n > l.n/chunkMin+1 {
		t.Errorf("%d items are in %d chunks", l.n, n)
	}
}
