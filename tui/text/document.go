package text

import (
	"context"
	"iter"

	"sluice/proxy/content"
)

const (
	maxHeld    = 64 << 20 // bytes of lines that a document keeps; those far away are read again when they are wanted
	batchLines = 16 << 10 // lines read at a time
	batchBytes = 2 << 20
	backBlocks = 48 // blocks read before the one that is wanted again, for whoever scrolls upwards
)

// A Document is a source and the lines that have been read from it. It belongs to
// the Model that shows it; one that is not shown must be closed.
type Document struct {
	src    Source
	blocks []*block // nil: let go
	low    int      // no block before it is held
	held   int      // bytes
	limit  int      // of held
	lines  int      // read so far
	done   bool     // there are no more

	reader *puller
	part   builder // belongs to whoever reads
	more   []iter.Seq[content.Line]
}

// A batch is what was read at a time.
type batch struct {
	first  int // block
	blocks []*block
	done   bool
}

// Load begins to read a source and has at least so many lines of it when it
// returns, unless there are fewer. It is meant for a goroutine apart; when ctx ends it returns early.
func Load(ctx context.Context, src Source, lines int) *Document {
	d := &Document{src: src, limit: maxHeld, reader: pulling(src.Lines)}
	stop := context.AfterFunc(ctx, d.Close)
	defer stop()
	for !d.done && d.lines < lines {
		d.take(d.read(d.lines/blockLines, min(lines-d.lines, batchLines)))
	}
	return d
}

// Close ends the reading of a document that is not needed any more. It may be called on any goroutine.
func (d *Document) Close() { d.reader.cancel() }

// read reads on from the block that is not full yet. One call at a time; it touches nothing that take does.
func (d *Document) read(first, lines int) batch {
	b := batch{first: first}
	n, size := 0, 0
	b.done = d.reader.pull(func(l content.Line) bool {
		before := len(d.part.text)
		d.part.add(l)
		size += len(d.part.text) - before
		n++
		if d.part.full() {
			b.blocks = append(b.blocks, d.part.block())
			d.part.reset()
		}
		return n < lines && size < batchBytes
	})
	if len(d.part.ends) > 0 {
		b.blocks = append(b.blocks, d.part.block())
	}
	return b
}

// take puts what was read at its place.
func (d *Document) take(b batch) {
	for i, blk := range b.blocks {
		d.put(b.first+i, blk)
	}
	if n := len(b.blocks); n > 0 {
		d.lines = max(d.lines, (b.first+n-1)*blockLines+len(b.blocks[n-1].ends))
	}
	d.done = b.done && len(d.more) == 0
}

func (d *Document) put(i int, b *block) {
	for len(d.blocks) <= i {
		d.blocks = append(d.blocks, nil)
	}
	if old := d.blocks[i]; old != nil {
		if len(old.ends) > len(b.ends) { // read again before it was full
			return
		}
		d.held -= old.bytes()
	}
	d.blocks[i] = b
	d.held += b.bytes()
	d.low = min(d.low, i)
}

// trim lets go of the blocks farthest from a line until what is held is within the bound.
func (d *Document) trim(line int) {
	near := line / blockLines
	high := len(d.blocks) - 1
	for d.held > d.limit {
		for d.low < high && d.blocks[d.low] == nil {
			d.low++
		}
		for high > d.low && d.blocks[high] == nil {
			high--
		}
		if high-d.low < 2 {
			return
		}
		far := high
		if near-d.low > high-near {
			far = d.low
		}
		d.held -= d.blocks[far].bytes()
		d.blocks[far] = nil
	}
}

// has reports whether a line is at hand.
func (d *Document) has(i int) bool {
	return i >= 0 && i < d.lines && d.blocks[i/blockLines] != nil
}

// line returns a line that has been read; a mark in its place if it was let go.
func (d *Document) line(i int) line {
	if !d.has(i) {
		return line{text: "…", runs: []run{{uint32(len("…")), content.Comment}}}
	}
	return d.blocks[i/blockLines].line(i % blockLines)
}

// again reads blocks from the beginning of the source, the wanted one and some before and after it.
func again(ctx context.Context, src iter.Seq[content.Line], wanted int) batch {
	b := batch{first: max(wanted-backBlocks, 0)}
	var part builder
	n, last := 0, wanted+backBlocks/4
	pulling(src).each(ctx, func(l content.Line) bool {
		if n++; n > b.first*blockLines {
			part.add(l)
		}
		if part.full() {
			b.blocks = append(b.blocks, part.block())
			part.reset()
		}
		return b.first+len(b.blocks) <= last
	})
	if len(part.ends) > 0 {
		b.blocks = append(b.blocks, part.block())
	}
	return b
}

// each gives all lines to yield until it returns false or ctx ends, and ends the puller.
func (p *puller) each(ctx context.Context, yield func(content.Line) bool) {
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	defer p.cancel()
	p.pull(yield)
}
