package proxy

// maxBacklog bounds the bytes that wait for a layer of one client, which waits for a server or a person
// itself. Over it nobody reads on, so that whoever sends more is slowed by its own network.
const maxBacklog = 4 << 20

// wait keeps a reader from reading on while too much of what has been read waits.
func (c *client) wait(s *socket) {
	if !c.crowded.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.crowded.Load() && !c.dead && !s.isGone() {
		c.room.Wait()
	}
}

// count notes whether too much waits. The caller holds the lock.
func (c *client) count() {
	crowded := c.ctx.Backlog() > maxBacklog
	if c.crowded.Swap(crowded) && !crowded {
		c.room.Broadcast()
	}
}

// isGone reports whether the connection has been closed.
func (s *socket) isGone() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}
