package text

import (
	"iter"

	"sluice/proxy/content"
)

// A Source is where lines come from.
type Source struct {
	// Lines may be ranged over again and again, on any goroutine, and always gives the same lines.
	Lines iter.Seq[content.Line]

	// Hang has the columns at which the first lines go on where they are wrapped; all others do at their own indentation.
	Hang []int
}

// Roles of lines that are ours, beside those of content.
const (
	FromClient content.Role = content.Error + 1 + iota
	ToClient
	Header
	Remark
	Alert
	Held
	Strong
	Head
	Bar    // a line that begins with it is a bar across the whole width, never wrapped
	BarEnd // the part of a bar that stands at its right end
)

// Of returns lines that are in memory as a sequence.
func Of(lines []content.Line) iter.Seq[content.Line] {
	return func(yield func(content.Line) bool) {
		for _, l := range lines {
			if !yield(l) {
				return
			}
		}
	}
}

// Join returns the lines of one sequence after those of another.
func Join(seqs ...iter.Seq[content.Line]) iter.Seq[content.Line] {
	return func(yield func(content.Line) bool) {
		for _, s := range seqs {
			for l := range s {
				if !yield(l) {
					return
				}
			}
		}
	}
}
