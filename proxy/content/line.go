package content

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"
)

// Role is what a piece of text is, for the terminal to colour.
type Role uint8

// The roles. Text is the zero one.
const (
	Text Role = iota
	Key
	String
	Number
	Keyword // true, null, function, ...
	Comment
	Punct
	Tag
	Attr
	Offset // the address column of a dump
	Heading
	Error
)

// A Span is a piece of a line in one role. Its text holds no control character.
type Span struct {
	Text string
	Role Role
}

// A Line is one line of output. It is made from at most maxLine bytes of
// content and some indentation; a longer line of content goes on in the next Line.
type Line []Span

// Text returns the line without its roles.
func (l Line) Text() string {
	switch len(l) {
	case 0:
		return ""
	case 1:
		return l[0].Text
	}
	n := 0
	for i := range l {
		n += len(l[i].Text)
	}
	var b strings.Builder
	b.Grow(n)
	for i := range l {
		b.WriteString(l[i].Text)
	}
	return b.String()
}

const (
	maxLine   = 4096 // bytes of content in a line
	maxIndent = 64   // blanks; deeper nesting is shown at this depth, or deep input would grow quadratically
	slabSpans = 256
)

var (
	blanks  = strings.Repeat(" ", maxIndent)
	newline = []byte{'\n'}
)

// A pen writes lines for a consumer that may stop at any of them. Once it has stopped, writing does nothing.
// The text of a line is collected and becomes one string, of which the spans are parts.
type pen struct {
	yield   func(Line) bool
	text    []byte  // of the current line, clean
	pieces  []piece // what it is made of, in order
	slab    []Span  // room for the spans of many lines
	width   int     // bytes of content in the line
	stopped bool
}

// A piece is the text in one role that ends before an offset.
type piece struct {
	role Role
	end  int
}

// write turns a printing function into a sequence of lines, which is run again whenever it is ranged over.
func write(print func(p *pen)) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		p := &pen{yield: yield}
		print(p)
		if !p.empty() {
			p.end()
		}
	}
}

// empty reports whether nothing has been put on the current line.
func (p *pen) empty() bool { return len(p.text) == 0 }

// mark says that the text since the last mark has a role.
func (p *pen) mark(role Role) {
	if n := len(p.pieces); n > 0 && p.pieces[n-1].role == role {
		p.pieces[n-1].end = len(p.text)
		return
	}
	p.pieces = append(p.pieces, piece{role, len(p.text)})
}

// word puts a short text of our own, which has no tabs.
func (p *pen) word(role Role, s string) {
	if p.stopped || s == "" {
		return
	}
	p.text = appendClean(p.text, s)
	p.width += len(s)
	p.mark(role)
}

// put puts content on the current line, whose end it does not look for, and goes on in new lines where it is too long.
func (p *pen) put(role Role, b []byte) {
	for len(b) > 0 && !p.stopped {
		if p.width >= maxLine {
			p.end()
		}
		n := cut(b, maxLine-p.width)
		if n == 0 { // a character that does not fit any more
			p.end()
			continue
		}
		p.content(b[:n])
		p.width += n
		p.mark(role)
		b = b[n:]
	}
}

// content appends clean text, with four blanks for a tab.
func (p *pen) content(b []byte) {
	for {
		text, rest, tab := bytes.Cut(b, []byte{'\t'})
		p.text = appendClean(p.text, text)
		if !tab {
			return
		}
		p.text = append(p.text, blanks[:4]...)
		b = rest
	}
}

// end ends the current line, which may be empty.
func (p *pen) end() {
	if p.stopped {
		return
	}
	if cap(p.slab)-len(p.slab) < len(p.pieces) {
		p.slab = make([]Span, 0, max(slabSpans, len(p.pieces)))
	}
	text, start, from := string(p.text), len(p.slab), 0
	for _, c := range p.pieces {
		p.slab = append(p.slab, Span{text[from:c.end], c.role})
		from = c.end
	}
	p.text, p.pieces, p.width = p.text[:0], p.pieces[:0], 0
	p.stopped = !p.yield(p.slab[start:len(p.slab):len(p.slab)])
}

// fresh ends the current line unless it is empty.
func (p *pen) fresh() {
	if !p.empty() {
		p.end()
	}
}

// indent begins a line at a column.
func (p *pen) indent(columns int) { p.word(Text, blanks[:min(max(columns, 0), maxIndent)]) }

// lines puts content that may have many lines, the first on the current line, the last left open.
func (p *pen) lines(role Role, b []byte) {
	for !p.stopped {
		line, rest, more := bytes.Cut(b, newline)
		if !more {
			p.put(role, line)
			return
		}
		p.put(role, bytes.TrimSuffix(line, []byte{'\r'}))
		p.end()
		b = rest
	}
}

// trimmed puts every line of b that is not blank as a line of its own at one column.
func (p *pen) trimmed(role Role, b []byte, column int) {
	for len(b) > 0 && !p.stopped {
		line, rest, _ := bytes.Cut(b, newline)
		b = rest
		if line = bytes.TrimSpace(line); len(line) > 0 {
			p.indent(column)
			p.put(role, line)
			p.end()
		}
	}
}

// note writes a line of its own that says what is wrong.
func (p *pen) note(s string) {
	p.fresh()
	p.put(Error, []byte(s))
	p.end()
}

// cut returns the greatest length up to n that does not split a character of b. It is 0 only if the first does not fit.
func cut(b []byte, n int) int {
	if len(b) <= n {
		return len(b)
	}
	for i := n; i > 0 && i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	if n >= utf8.UTFMax { // not UTF-8: no character to split
		return n
	}
	return 0
}
