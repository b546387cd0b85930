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
			"taken up and it has the most wait: those that it talks with do not take what is sent to them. "+
			"The option body_record_budget says how much may be kept.", limit))
	}
	for _, f := range c.flows {
		if f.Live && f.Error == nil {
			f.Error = &flow.Error{Time: c.now, Message: fmt.Sprintf("Closed, since the client had too much wait: "+
				"raise body_record_budget, which is %d MiB, to keep more.", limit)}
		}
	}
	c.bury()
}
