package layer

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// newAccounts returns the contexts of so many clients that share a budget.
func newAccounts(clients int, limit int64) (*Budget, []*Context) {
	b, opts := &Budget{}, &atomic.Pointer[Options]{}
	opts.Store(&Options{BodyBudget: limit})
	all := make([]*Context, clients)
	for i := range all {
		all[i] = NewContext(&flow.Client{}, flow.NewServer(flow.Addr{}), opts, time.Now)
		all[i].Within(b)
	}
	return b, all
}

// TestBudgetCountsInSteps: what clients keep is in the budget but for a step of each, however it comes and goes, and none of it is
// when they keep nothing or are stopped.
func TestBudgetCountsInSteps(t *testing.T) {
	const clients = 8
	b, all := newAccounts(clients, 0)
	kept := make([][2]int64, clients)
	for range 20_000 {
		i, n := rand.IntN(clients), rand.Int64N(40<<10)
		k := &kept[i][rand.IntN(2)]
		if *k > 1<<20 || rand.IntN(3) == 0 {
			n = -min(n, *k)
		}
		*k += n
		if k == &kept[i][0] {
			all[i].Charge(n)
		} else {
			all[i].Backlog(n)
		}
		sum := int64(0)
		for _, k := range kept {
			sum += k[0] + k[1]
		}
		if d := sum - b.Used(); d < -clients*countStep || d > clients*countStep {
			t.Fatalf("%d of %d bytes are counted", b.Used(), sum)
		}
	}
	for i, c := range all {
		if i%2 == 0 {
			c.Stop()
			continue
		}
		c.Charge(-kept[i][0])
		c.Backlog(-kept[i][1])
	}
	if b.Used() != 0 {
		t.Errorf("%d bytes are counted when nothing is kept", b.Used())
	}
}

// TestLargestIsOverdrawn: those that come first cannot take so much that nothing is left for those that come later; who asks for more
// than its share is overdrawn, who has little wait never is.
func TestLargestIsOverdrawn(t *testing.T) {
	const clients, limit, piece = 10, 16 << 20, 32 << 10
	b, all := newAccounts(clients+1, limit)
	for i, c := range all[:clients] {
		n := 0
		for ; !c.Overdrawn(); n++ {
			if c.Backlog(piece); n > limit/piece {
				t.Fatalf("client %d is never overdrawn", i)
			}
		}
		if n*piece < freely {
			t.Errorf("client %d is overdrawn with %d bytes", i, n*piece)
		}
	}
	if b.Used() > limit+clients*(freely+countStep) {
		t.Errorf("%d bytes of %d are used", b.Used(), limit)
	}
	last := all[clients]
	if last.Backlog(freely); last.Overdrawn() || last.HasRoom(limit) {
		t.Error("the last client is overdrawn with what any may have wait, or finds room for everything")
	}
	all[0].Stop()
	if last.Backlog(piece); last.Overdrawn() {
		t.Error("overdrawn, although another client has gone")
	}
}

// TestWaitingGoesBeforeRecords: what is recorded leaves room for what has to wait.
func TestWaitingGoesBeforeRecords(t *testing.T) {
	const limit = 16 << 20
	_, all := newAccounts(2, limit)
	greedy, other := all[0], all[1]
	for n := int64(0); greedy.MayRecord(1 << 20); n++ {
		if greedy.Charge(1 << 20); n > limit>>20 {
			t.Fatal("everything may be recorded")
		}
	}
	if !greedy.Scarce() || !other.HasRoom(limit/forWaiting-countStep) || other.MayRecord(2<<20) || !other.MayRecord(countStep) {
		t.Error("no room is left for another one")
	}
}

// TestOverdrawnWhileItLasts: who has had too much wait, and has no more of it by the time it is asked, is not overdrawn.
func TestOverdrawnWhileItLasts(t *testing.T) {
	const limit = 16 << 20
	_, all := newAccounts(1, limit)
	c := all[0]
	c.Backlog(limit)
	c.Backlog(-limit)
	if c.Overdrawn() {
		t.Error("overdrawn with nothing that waits")
	}
	c.Backlog(limit)
	if !c.Overdrawn() || c.Overdrawn() {
		t.Error("not overdrawn, or twice for one reason")
	}
}
