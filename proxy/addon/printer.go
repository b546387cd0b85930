package addon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// defaultPrinterLimit is how many bytes a printer keeps unless it is told otherwise.
const defaultPrinterLimit = 16 << 20

// PrinterConfig says where a Printer prints, and what it does when that is slow.
type PrinterConfig struct {
	Out io.Writer
	// Limit is how many bytes may wait to be written. 0: 16 MiB.
	Limit int
	// Patient makes Write wait when Limit is reached, as is right for a file. Otherwise what is
	// too much is dropped, and a line in its place says how many lines were: whoever reads a
	// pipe, or looks at a terminal, may stop to do so for as long as they like.
	Patient bool
}

// A Printer is an io.Writer that does not make its writers wait for a slow reader. A write
// is whole lines, which are printed together or not at all. Use it from any goroutine.
type Printer struct {
	cfg    PrinterConfig
	failed chan error
	ended  chan struct{} // closed when nothing more is written

	mu      sync.Mutex
	change  sync.Cond
	waiting []byte
	writing int // bytes that are being written
	dropped int // lines since the last one that was kept
	closed  bool
	err     error // of the first write that failed; nothing is printed after it
}

// NewPrinter returns a printer. Whoever makes it closes it.
func NewPrinter(cfg PrinterConfig) *Printer {
	if cfg.Limit <= 0 {
		cfg.Limit = defaultPrinterLimit
	}
	p := &Printer{cfg: cfg, failed: make(chan error, 1), ended: make(chan struct{})}
	p.change.L = &p.mu
	go p.run()
	return p
}

// Failed receives the error of a write, after which nothing more is printed.
func (p *Printer) Failed() <-chan error { return p.failed }

// Write takes lines. It fails only after writing has failed.
func (p *Printer) Write(lines []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.cfg.Patient && p.full(len(lines)) && p.err == nil {
		p.change.Wait()
	}
	if p.err != nil {
		return 0, p.err
	}
	if p.full(len(lines)) {
		p.dropped += bytes.Count(lines, []byte("\n"))
		return len(lines), nil
	}
	p.owe()
	p.waiting = append(p.waiting, lines...)
	p.change.Broadcast()
	return len(lines), nil
}

// full reports whether n more bytes are too much. What is more than the limit on its own is not, if it is alone.
func (p *Printer) full(n int) bool {
	kept := len(p.waiting) + p.writing
	return kept > 0 && kept+n > p.cfg.Limit
}

// owe puts the line about dropped lines into their place.
func (p *Printer) owe() {
	if p.dropped > 0 {
		p.waiting = fmt.Appendf(p.waiting, "(%d lines are missing here: they came faster than they were read)\n", p.dropped)
		p.dropped = 0
	}
}

// run writes what comes until the printer is closed or a write fails.
func (p *Printer) run() {
	defer close(p.ended)
	var room []byte
	for {
		lines := p.next(room)
		if lines == nil {
			return
		}
		if _, err := p.cfg.Out.Write(lines); err != nil {
			p.fail(err)
			return
		}
		if room = lines[:0]; cap(room) > 1<<20 {
			room = nil
		}
	}
}

// next waits for what is to be written, and gives room for the next. It returns nil when there will be no more.
func (p *Printer) next(room []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writing = 0
	p.change.Broadcast()
	for len(p.waiting) == 0 {
		if p.owe(); len(p.waiting) > 0 {
			break
		}
		if p.closed {
			return nil
		}
		p.change.Wait()
	}
	lines := p.waiting
	p.waiting, p.writing = room, len(lines)
	return lines
}

func (p *Printer) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.waiting, p.writing = fmt.Errorf("cannot print: %w", err), nil, 0
	p.failed <- p.err
	p.change.Broadcast()
}

// Close waits until all is written, or for ctx; then it says how many lines nobody has read. It returns the error of a write that
// Failed has told nobody of. Nothing may be written after it.
func (p *Printer) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.change.Broadcast()
	p.mu.Unlock()
	select {
	case <-p.ended:
		select {
		case err := <-p.failed:
			return err
		default:
			return nil
		}
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Errorf("the last lines were not read and are lost, %d bytes and %d lines more", len(p.waiting)+p.writing, p.dropped)
}

// Endless reports whether a file takes what is written to it without a reader: a regular one.
func Endless(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}
