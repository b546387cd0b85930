package layer

import (
	"iter"
	"sync"
)

// maxIdle bounds the coroutines that wait for a script.
const maxIdle = 64

// A coroutine runs the bodies of scripts, one after the other, so that a script
// pays neither for a new one nor for the growth of its stack.
type coroutine struct {
	resume func() (struct{}, bool)
	halt   func()
	park   func(struct{}) bool
	script *Script // nil: idle
}

func newCoroutine() *coroutine {
	co := &coroutine{}
	co.resume, co.halt = iter.Pull(co.run)
	return co
}

// run plays scripts until it is halted, or one was stopped or has panicked.
func (co *coroutine) run(yield func(struct{}) bool) {
	co.park = yield
	for {
		s := co.script
		s.play()
		co.script = nil
		if s.halted || !yield(struct{}{}) {
			return
		}
	}
}

// Coroutines are those that no script runs on. All clients of an engine share them, so that a connection at rest
// has none, and a script mostly gets one whose stack has grown and is warm. The
// zero value is empty. They may be used from any goroutine, and belong to whoever calls Close.
type Coroutines struct {
	mu     sync.Mutex
	idle   []*coroutine // the last one in is the first out
	closed bool
}

// get returns one that is idle, or a new one.
func (p *Coroutines) get() *coroutine {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return newCoroutine()
	}
	co := p.idle[n-1]
	p.idle[n-1], p.idle = nil, p.idle[:n-1]
	return co
}

// put takes back one that has given way after the end of its script.
func (p *Coroutines) put(co *coroutine) {
	p.mu.Lock()
	keep := len(p.idle) < maxIdle && !p.closed
	if keep {
		p.idle = append(p.idle, co)
	}
	p.mu.Unlock()
	if !keep {
		co.halt()
	}
}

// Close ends those that are idle, and from then on each one as it becomes idle.
func (p *Coroutines) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, co := range idle {
		co.halt()
	}
}

// scripts is the list of a client's scripts that hold a coroutine.
type scripts struct {
	first  *Script
	pool   *Coroutines
	shared bool // pool is somebody else's
}

// stop ends all of them.
func (l *scripts) stop() {
	for s := l.first; s != nil; s = l.first {
		s.Stop()
	}
	if !l.shared {
		l.pool.Close()
	}
}

func (l *scripts) add(s *Script) {
	s.next = l.first
	if s.next != nil {
		s.next.prev = s
	}
	l.first = s
}

func (l *scripts) remove(s *Script) {
	if s.prev != nil {
		s.prev.next = s.next
	} else if l.first == s {
		l.first = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next = nil, nil
}
