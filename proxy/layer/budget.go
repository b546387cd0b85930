package layer

import (
	"math"
	"sync/atomic"
)

// A Budget counts the bytes that all clients together keep of bodies that are under way.
// Its methods may be called from any goroutine. The zero Budget has all of it left.
type Budget struct {
	used atomic.Int64
	told atomic.Bool // that it runs short
}

// Used returns how many bytes are kept.
func (b *Budget) Used() int64 { return b.used.Load() }

// Within makes what the client's layers keep count in a budget that other clients share. It is called before the first event.
func (c *Context) Within(b *Budget) { c.shared.budget = b }

// Charge counts n bytes that are kept from now on, or are not any more if n is negative. Those that
// are left when the client's scripts are stopped are taken off.
func (c *Context) Charge(n int64) {
	s := c.shared
	s.charged += n
	if used := s.budget.used.Add(n); n < 0 && used < c.Options().BodyBudget/2 && s.budget.told.Load() {
		s.budget.told.Store(false)
	}
}

// Spare returns how many bytes of the budget nobody has taken. A body that is larger than that is to be kept no
// further: so the largest give way first, and one that begins always finds some room.
func (c *Context) Spare() int64 {
	limit := c.Options().BodyBudget
	if limit <= 0 {
		return math.MaxInt64
	}
	return max(limit-c.shared.budget.used.Load(), 0)
}

// RunsShort notes that the budget was too small for somebody, and reports whether that is news.
func (c *Context) RunsShort() bool { return !c.shared.budget.told.Swap(true) }
