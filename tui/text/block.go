package text

import (
	"slices"
	"sort"

	"sluice/proxy/content"
)

// blockLines is how many lines a block has, the last one of a document excepted.
const blockLines = 256

// A block is some lines, stored close together. It is immutable.
type block struct {
	text string
	ends []uint32 // where each line ends in the text
	runs []run    // of all lines in order; the last one of a line ends where the line does
}

// A run is the text in one role that ends at an offset of its block.
type run struct {
	end  uint32
	role content.Role
}

// bytes returns about how much memory a block takes.
func (b *block) bytes() int { return len(b.text) + 4*len(b.ends) + 8*len(b.runs) }

// line returns a line by its place in the block.
func (b *block) line(i int) line {
	from := uint32(0)
	if i > 0 {
		from = b.ends[i-1]
	}
	first := sort.Search(len(b.runs), func(k int) bool { return b.runs[k].end > from })
	return line{text: b.text[from:b.ends[i]], runs: b.runs[first:], base: from}
}

// A line is one line of a block.
type line struct {
	text string
	runs []run // its own and those of later lines
	base uint32
}

// role returns the role of the first byte.
func (l line) role() content.Role {
	if l.text == "" {
		return content.Text
	}
	return l.runs[0].role
}

// at returns the role at a byte and where the text in it ends. The runs before k end before
// the byte; the new k is for the next call.
func (l line) at(off, k int) (role content.Role, end, next int) {
	for int(l.runs[k].end-l.base) <= off {
		k++
	}
	return l.runs[k].role, min(int(l.runs[k].end-l.base), len(l.text)), k
}

// A builder collects the lines of a block.
type builder struct {
	text []byte
	ends []uint32
	runs []run
}

// add appends a line, clean whatever its source was.
func (b *builder) add(l content.Line) {
	first := len(b.runs)
	for _, s := range l {
		if s.Text == "" {
			continue
		}
		b.text = append(b.text, content.Clean(s.Text)...)
		end := uint32(len(b.text))
		if n := len(b.runs); n > first && b.runs[n-1].role == s.Role {
			b.runs[n-1].end = end
			continue
		}
		b.runs = append(b.runs, run{end, s.Role})
	}
	b.ends = append(b.ends, uint32(len(b.text)))
}

func (b *builder) full() bool { return len(b.ends) == blockLines }

// block returns what has been collected so far.
func (b *builder) block() *block {
	return &block{text: string(b.text), ends: slices.Clone(b.ends), runs: slices.Clone(b.runs)}
}

func (b *builder) reset() { b.text, b.ends, b.runs = b.text[:0], b.ends[:0], b.runs[:0] }
