package proxy

import "testing"

// TestCollectorFollowsGrowth counts the collections that are asked for.
func TestCollectorFollowsGrowth(t *testing.T) {
	c := collector{at: growth(0), wake: make(chan struct{}, 1)}
	asked := func() int {
		defer func() {
			if len(c.wake) > 0 {
				<-c.wake
			}
		}()
		return len(c.wake)
	}
	few := 0
	for range 1000 { // eight at a time, again and again
		for n := 1; n <= 8; n++ {
			c.came(n)
			few += asked()
		}
		for n := 7; n >= 0; n-- {
			c.left(n)
		}
	}
	if few != 0 {
		t.Errorf("%d collections for clients that come and go", few)
	}
	many := 0
	for n := 1; n <= 10_000; n++ {
		c.came(n)
		many += asked()
	}
	if many < 40 || many > 80 {
		t.Errorf("%d collections for 10,000 clients", many)
	}
	for n := 9999; n >= 0; n-- {
		c.left(n)
	}
	for n := 1; n <= growth(0); n++ {
		c.came(n)
	}
	if asked() != 1 {
		t.Error("nothing is collected when clients come anew")
	}
}
