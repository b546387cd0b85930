package proxy

import (
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// kill ends a live flow of this client.
func (c *client) kill(id flow.ID) bool {
	c.mu.Lock()
	at := slices.IndexFunc(c.flows, func(f *flow.Flow) bool { return f.ID == id })
	var waiting []func()
	for h, stop := range c.held {
		if fh, ok := h.(layer.FlowHook); ok && fh.Subject().ID == id {
			waiting = append(waiting, stop)
		}
	}
	c.mu.Unlock()
	if at < 0 {
		return false
	}
	c.tell(&layer.Kill{Flow: id})
	for _, stop := range waiting {
		stop()
	}
	return true
}

// drain closes the client when it has nothing under way, now or as soon as that is so.
func (c *client) drain() {
	c.mu.Lock()
	c.draining = true
	c.mu.Unlock()
	c.tell(nil)
}

// abort closes the client whatever it does.
func (c *client) abort() {
	if c.sock != nil {
		c.sock.cut()
	}
	c.mu.Lock()
	c.bury()
	c.mu.Unlock()
}

// recover ends this client, and only it, after a panic in a layer or an addon.
func (c *client) recover() {
	r := recover()
	if r == nil {
		return
	}
	c.log(slog.LevelError, "sluice has crashed on this client; please report it", "panic", r, "stack", string(debug.Stack()))
	for _, f := range c.flows {
		f.Error = &flow.Error{Message: "internal error: see the event log", Time: c.now}
		f.Live, f.Intercepted = false, false
		c.mark(f)
	}
	c.flows = nil
	c.bury()
}

// bury makes the layers deaf and closes every socket.
func (c *client) bury() {
	if c.dead {
		return
	}
	c.dead = true
	close(c.done)
	for _, cancel := range c.opening {
		cancel()
	}
	for _, t := range c.alarms {
		if t.Stop() {
			c.wg.Done()
		}
	}
	for _, s := range c.sockets {
		s.cut()
	}
}

// teardown ends what is left of a client whose connection has gone.
func (c *client) teardown() {
	if c.idle != nil {
		c.idle.Stop()
	}
	c.lastWords()
	c.mu.Lock()
	c.bury()
	c.mu.Unlock()
	c.wg.Wait()
	c.ctx.Stop()
	if rest := c.lastFlows(); len(rest) > 0 {
		c.e.flows <- rest
	}
}

// lastWords lets the servers that are being closed have what was sent to them before, for a while.
func (c *client) lastWords() {
	c.mu.Lock()
	sockets := slices.Clone(c.sockets)
	c.mu.Unlock()
	var over <-chan time.Time
	for _, s := range sockets {
		s.mu.Lock()
		closing := s.shut && s.writing
		s.mu.Unlock()
		if !closing {
			continue
		}
		if over == nil {
			over = time.After(linger)
		}
		select {
		case <-s.gone:
		case <-over:
			return
		case <-c.e.force.Done():
			return
		}
	}
}

// lastFlows ends the flows that are still alive and returns what has not been published.
func (c *client) lastFlows() []*flow.Flow {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.flows {
		f.Live, f.Intercepted = false, false
		if f.Error == nil {
			f.Error = &flow.Error{Message: "Client disconnected.", Time: time.Now()}
		}
		c.e.addons.Handle(&layer.Error{OfFlow: layer.OfFlow{Flow: f}})
		c.mark(f)
	}
	c.conn.End = time.Now()
	c.conn.Touch()
	c.flows = nil
	return c.take(nil)
}
