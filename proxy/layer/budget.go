package layer

import (
	"math"
	"sync/atomic"
)

// A Budget counts the bytes that all clients together have us keep of what is under way: what is recorded of it, and what waits
// until it can go on. Its methods may be called from any goroutine. The zero Budget has all of it left.
type Budget struct {
	used atomic.Int64
	told atomic.Bool // that it runs short
}

const (
	// countStep is in which steps, in bytes, what a client has us keep is counted in the budget, so that mostly it costs an addition.
	countStep = 64 << 10
	// freely is how many bytes may wait for any client, however little is left of the budget.
	freely = 384 << 10
	// forWaiting is which part of the budget is not there for what is recorded.
	forWaiting = 4
)

// Used returns how many bytes are kept.
func (b *Budget) Used() int64 { return b.used.Load() }

// An account is what one client has us keep, in bytes.
type account struct {
	budget    *Budget // never nil
	recorded  int64
	waiting   int64
	counted   int64 // of both, in the budget
	overdrawn bool
}

// settled reports whether what has changed since it was last counted is not worth counting yet.
func (a *account) settled() bool {
	kept := a.recorded + a.waiting
	d := kept - a.counted
	return d < countStep && d > -countStep && (kept != 0 || d == 0)
}

// settle counts what has changed in the budget.
func (c *Context) settle() {
	a := &c.shared.account
	d := a.recorded + a.waiting - a.counted
	a.counted += d
	if used := a.budget.used.Add(d); d < 0 && used < c.Options().BodyBudget/2 && a.budget.told.Load() {
		a.budget.told.Store(false)
	}
}

// Within makes what the client's layers keep count in a budget that other clients share. It is called before the first event.
func (c *Context) Within(b *Budget) { c.shared.account.budget = b }

// A part is what those layers of a client have us keep that end before it does, in bytes.
type part struct {
	outer             *part
	recorded, waiting int64
	over              bool
}

// count counts what is kept in all parts that it belongs to, unless one of them is over.
func (p *part) count(recorded, waiting int64) bool {
	for o := p; o != nil; o = o.outer {
		if o.over {
			return false
		}
	}
	for ; p != nil; p = p.outer {
		p.recorded, p.waiting = p.recorded+recorded, p.waiting+waiting
	}
	return true
}

// Part makes what is counted in the context, and in those forked from it, count no longer than until EndPart.
func (c *Context) Part() { c.part = &part{outer: c.part} }

// EndPart takes everything off the budget that was counted since Part. Nothing counts in the context from now on.
func (c *Context) EndPart() {
	p := c.part
	c.Charge(-p.recorded)
	c.Backlog(-p.waiting)
	p.over = true
}

// Charge counts n bytes that are recorded from now on, or are not any more if n is negative. Those that
// are left when the client's scripts are stopped are taken off.
func (c *Context) Charge(n int64) {
	a := &c.shared.account
	if !c.part.count(n, 0) {
		return
	}
	if a.recorded += n; !a.settled() {
		c.settle()
	}
}

// Backlog counts n bytes that have to be kept until they can go on, or that have gone if n is negative. A client
// that has more wait than there is room for is overdrawn.
func (c *Context) Backlog(n int64) {
	a := &c.shared.account
	if !c.part.count(0, n) {
		return
	}
	if a.waiting += n; !a.settled() {
		c.settle()
	}
	if n > 0 && a.waiting > freely && !c.HasRoom(0) {
		a.overdrawn = true
	}
}

// HasRoom reports whether n bytes more may wait for the client: as many as any may have wait, and beyond those, no more in all
// than nobody has taken. So the largest give way first, and one that begins always finds some room.
func (c *Context) HasRoom(n int64) bool {
	a := &c.shared.account
	limit := c.Options().BodyBudget
	return limit <= 0 || a.waiting+n <= freely || a.waiting+n <= limit-a.budget.used.Load()
}

// Overdrawn reports whether the client has been overdrawn since it was last asked, and still is.
func (c *Context) Overdrawn() bool {
	a := &c.shared.account
	was := a.overdrawn && !c.HasRoom(0)
	a.overdrawn = false
	return was
}

// MayRecord reports whether something may be recorded that comes to size bytes with that: a little by whoever has recorded little,
// and beyond that no more than nobody has taken.
func (c *Context) MayRecord(size int64) bool {
	return size <= countStep && c.shared.account.recorded <= freely || size <= c.Spare()
}

// Spare returns how many bytes of the budget nobody has taken and may be recorded. What is larger than that is to be recorded no
// further: so the largest give way first, and what has to wait finds room.
func (c *Context) Spare() int64 {
	limit := c.Options().BodyBudget
	if limit <= 0 {
		return math.MaxInt64
	}
	return max(limit-limit/forWaiting-c.shared.account.budget.used.Load(), 0)
}

// Scarce reports whether more than half of the budget is used.
func (c *Context) Scarce() bool {
	limit := c.Options().BodyBudget
	return limit > 0 && c.shared.account.budget.used.Load() > limit/2
}

// RunsShort notes that the budget was too small for somebody, and reports whether that is news.
func (c *Context) RunsShort() bool { return !c.shared.account.budget.told.Swap(true) }

// writeOff takes everything off the budget.
func (c *Context) writeOff() {
	c.shared.account.recorded, c.shared.account.waiting = 0, 0
	c.settle()
}
