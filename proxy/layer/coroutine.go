package layer

import "iter"

// The numbers of coroutines that a client keeps for the scripts to come. One
// serves a connection whose scripts follow each other, as HTTP/1 exchanges do; HTTP/2 has many at once.
const (
	fewIdle  = 1
	manyIdle = 16
)

// ManyScripts says that many of the client's scripts run at once, so that it is worth keeping what they need.
func (c *Context) ManyScripts() { c.scripts.many = true }

// enough reports whether no more coroutines are to be kept.
func (l *scripts) enough() bool {
	if l.many {
		return len(l.idle) >= manyIdle
	}
	return len(l.idle) >= fewIdle
}

// A coroutine runs the bodies of scripts, one after the other, so that a script
// pays neither for a new one nor for the growth of its stack.
type coroutine struct {
	resume func() (struct{}, bool)
	halt   func()
	park   func(struct{}) bool
	script *Script // nil: idle
}

// run plays scripts until there is no use for another, or one was stopped or has panicked.
func (co *coroutine) run(l *scripts, yield func(struct{}) bool) {
	co.park = yield
	for {
		s := co.script
		s.play()
		co.script = nil
		if s.halted || l.enough() || l.stopped {
			return
		}
		l.idle = append(l.idle, co)
		if !yield(struct{}{}) {
			return
		}
	}
}

// scripts is the list of the client's scripts that hold a coroutine, and the coroutines that are idle.
type scripts struct {
	first   *Script
	idle    []*coroutine
	stopped bool
	many    bool
}

// coroutine returns one that is idle, or a new one.
func (l *scripts) coroutine() *coroutine {
	if n := len(l.idle); n > 0 {
		co := l.idle[n-1]
		l.idle[n-1], l.idle = nil, l.idle[:n-1]
		return co
	}
	co := &coroutine{}
	co.resume, co.halt = iter.Pull(func(yield func(struct{}) bool) { co.run(l, yield) })
	return co
}

// stop ends all of them.
func (l *scripts) stop() {
	l.stopped = true
	for s := l.first; s != nil; s = l.first {
		s.Stop()
	}
	for _, co := range l.idle {
		co.halt()
	}
	l.idle = nil
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
