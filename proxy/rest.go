package proxy

import (
	"errors"
	"os"
	"time"
)

// The stack of a goroutine grows with what the layers do on it, and never shrinks to what waiting takes. So a connection that has become
// quiet is waited for on a new one: two connections' worth of stacks is what would take up most of an idle client's memory.

// attend reads from a connection until it ends, on a new goroutine after each rest. Then over is called.
func (c *client) attend(s *socket, over func()) {
	if c.read(s) {
		go c.attend(s, over)
		return
	}
	over()
}

// rest has the connections of quiet clients rest, unless those are the few.
func (e *Engine) rest() bool {
	var quiet []*client
	all := e.all()
	for _, c := range all {
		c.mu.Lock()
		if time.Since(c.now) >= calm {
			quiet = append(quiet, c)
		}
		c.mu.Unlock()
	}
	if 2*len(quiet) < len(all) {
		return false
	}
	for _, c := range quiet {
		c.mu.Lock()
		for _, s := range c.sockets {
			s.rest()
		}
		c.mu.Unlock()
	}
	return true
}

// rest wakes whoever reads, if nothing else is going to.
func (s *socket) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.raw != nil && !s.packet && !s.shut && !s.failed && !s.eof {
		s.resting = true
		s.nc.SetReadDeadline(time.Unix(1, 0))
	}
}

// rests reports whether the error of a read is there to have the connection rest, and has it read again.
func (s *socket) rests(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.resting {
		return false
	}
	s.resting = false
	s.nc.SetReadDeadline(time.Time{})
	return true
}
