package proxy

import (
	"runtime"
	"runtime/debug"
	"time"
)

// calm is how long nothing happens before clients are quiet.
const calm = 250 * time.Millisecond

// A collector has garbage collected while clients come. What a connection keeps lies between what its
// handshake leaves; collected in time, those places are used for the next connection, and
// many that are idle take up a third less memory. The engine's mutex guards it.
type collector struct {
	at   int           // so many clients are the reason for the next collection
	wake chan struct{} // cap 1
	rest func() bool   // has quiet clients take up less; false: there are few, try again
}

// growth is how many clients more than n make the next collection worth its price, which grows with n.
func growth(n int) int { return max(24, n/16) }

// came is told how many clients there are with a new one.
func (c *collector) came(n int) {
	if n < c.at {
		return
	}
	c.at = n + growth(n)
	select {
	case c.wake <- struct{}{}:
	default: // one is due already
	}
}

// left is told how many clients there are without one that has gone.
func (c *collector) left(n int) { c.at = min(c.at, n+growth(n)) }

// run collects until over is closed. When clients have come and become quiet, what they do not need goes back to the system.
func (c *collector) run(over <-chan struct{}) {
	later := time.NewTimer(calm)
	later.Stop()
	defer later.Stop()
	rested := false
	for {
		select {
		case <-c.wake:
			runtime.GC()
			rested = false
			later.Reset(calm)
		case <-later.C:
			if rested {
				debug.FreeOSMemory()
				break
			}
			if rested = c.rest(); rested {
				later.Reset(calm)
			} else {
				later.Reset(8 * calm)
			}
		case <-over:
			return
		}
	}
}
