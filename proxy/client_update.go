package proxy

import (
	"slices"
	"time"

	"sluice/proxy/layer"
)

// lateAfter is how long a flow that grows waits at most until it is shown again.
const lateAfter = 100 * time.Millisecond

// update has a flow published, at once or together with all others that can wait.
func (c *client) update(cmd *layer.Update) {
	if !cmd.Later {
		c.mark(cmd.Flow)
		return
	}
	if slices.Contains(c.late, cmd.Flow) {
		return
	}
	if c.late = append(c.late, cmd.Flow); len(c.late) == 1 {
		c.wg.Go(c.showLate)
	}
}

// showLate has the flows that wait published, but for those that have ended, for they have been.
func (c *client) showLate() {
	t := time.NewTimer(lateAfter)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.done:
		return
	}
	c.mu.Lock()
	for i, f := range c.late {
		if slices.Contains(c.flows, f) {
			c.mark(f)
		}
		c.late[i] = nil
	}
	c.late = c.late[:0]
	c.mu.Unlock()
	c.post(nil)
}
