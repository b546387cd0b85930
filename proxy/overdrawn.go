package proxy

import (
	"fmt"
	"log/slog"

	"sluice/proxy/flow"
)

// turnAway ends a client that has more wait, for peers that take nothing, than there is room for beside what all others do.
// The caller holds the lock.
func (c *client) turnAway() {
	if c.dead {
		return
	}
	limit := c.ctx.Options().BodyBudget >> 20
	if c.ctx.RunsShort() {
		c.log(slog.LevelWarn, fmt.Sprintf("A client is turned away, since most of the %d MiB that may be kept of flows that are under way are "+
			"taken up and the most waits for it: it or its servers do not take what is sent to them. "+
			"The option body_record_budget says how much may be kept.", limit))
	}
	for _, f := range c.flows {
		if f.Live && f.Error == nil {
			f.Error = &flow.Error{Time: c.now, Message: fmt.Sprintf("Closed, since too much had to wait for the client or its servers to take it: "+
				"raise body_record_budget, which is %d MiB, to keep more.", limit)}
		}
	}
	c.bury()
}

// someServers is how many connections to servers any client gets, however many there are already.
const someServers = 8

// reserve counts one more connection to a server, if the client may have it: some in any case, and beyond those, no more than are left
// for all. So those with the most go without first. The caller holds the lock.
func (c *client) reserve() error {
	own := len(c.sockets) + len(c.opening)
	limit := c.e.cfg.MaxSockets
	for open := c.e.sockets.Load(); own <= someServers || limit == 0 || own <= limit-int(open); open = c.e.sockets.Load() {
		if c.e.sockets.CompareAndSwap(open, open+1) {
			return nil
		}
	}
	return fmt.Errorf("no more connections: the client has %d already, and nearly all of the %d that are allowed at once are open; "+
		"ulimit -n says how many files a program may open", own, limit)
}
