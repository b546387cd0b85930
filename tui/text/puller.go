package text

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"sluice/proxy/content"
)

// A puller takes lines from sequences piece by piece. Any goroutine may cancel
// it; it must be cancelled unless it was read to its end, or its coroutine stays.
type puller struct {
	ended atomic.Bool

	mu   sync.Mutex // held while lines are taken
	seqs []iter.Seq[content.Line]
	next func() ([]content.Line, bool)
	stop func()
	rest []content.Line // taken from the sequence, not yet given
}

func pulling(seqs ...iter.Seq[content.Line]) *puller { return &puller{seqs: seqs} }

// pull gives lines to yield until it returns false. It reports whether there are no more of them.
// What panics becomes a line that says so, the last one.
func (p *puller) pull(yield func(content.Line) bool) (done bool) {
	p.mu.Lock()
	defer p.release()
	defer func() {
		if r := recover(); r != nil {
			p.seqs, p.next, p.stop, p.rest = nil, nil, nil, nil
			yield(content.Line{{Text: fmt.Sprintf("the rest cannot be shown, try another view: %v", r), Role: content.Error}})
			done = true
		}
	}()
	for !p.ended.Load() {
		l, ok := p.one()
		if !ok {
			return true
		}
		if !yield(l) {
			return false
		}
	}
	return true
}

func (p *puller) one() (content.Line, bool) {
	for {
		if len(p.rest) > 0 {
			l := p.rest[0]
			p.rest = p.rest[1:]
			return l, true
		}
		if p.next == nil {
			if len(p.seqs) == 0 {
				return nil, false
			}
			p.next, p.stop = iter.Pull(inChunks(p.seqs[0]))
			p.seqs = p.seqs[1:]
		}
		lines, ok := p.next()
		if p.rest = lines; !ok {
			p.next, p.stop = nil, nil
		}
	}
}

// chunkLines is how many lines are taken from a sequence at a time: to switch to it costs more than most lines do.
const chunkLines = 64

// inChunks gives the lines of a sequence several at a time, also those before a panic.
func inChunks(seq iter.Seq[content.Line]) iter.Seq[[]content.Line] {
	return func(yield func([]content.Line) bool) {
		chunk, goes := make([]content.Line, 0, chunkLines), true
		defer func() {
			if r := recover(); r != nil && goes && yield(chunk) {
				panic(r)
			}
		}()
		for l := range seq {
			if chunk = append(chunk, l); len(chunk) == chunkLines {
				if goes = yield(chunk); !goes {
					return
				}
				chunk = make([]content.Line, 0, chunkLines)
			}
		}
		if len(chunk) > 0 {
			goes = yield(chunk)
		}
	}
}

// add puts sequences behind those that are there. It waits while lines are being taken.
func (p *puller) add(seqs []iter.Seq[content.Line]) {
	p.mu.Lock()
	defer p.release()
	p.seqs = append(p.seqs, seqs...)
}

// cancel ends the puller at once, or as soon as the line being taken is there. It does not wait.
func (p *puller) cancel() {
	p.ended.Store(true)
	p.end()
}

// release unlocks and does what a cancel meanwhile could not.
func (p *puller) release() {
	p.mu.Unlock()
	if p.ended.Load() {
		p.end()
	}
}

func (p *puller) end() {
	if !p.mu.TryLock() {
		return // whoever has it will see that it ended
	}
	defer p.mu.Unlock()
	if p.stop != nil {
		p.stop()
	}
	p.seqs, p.next, p.stop, p.rest = nil, nil, nil, nil
}
