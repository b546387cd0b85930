package http1

import (
	"bytes"
	"strings"

	"sluice/proxy/flow"
)

// maxBlankLines is how many empty lines may come before a start line (RFC 9112 §2.2).
const maxBlankLines = 4

// A Scanner parses a head that comes in pieces and remembers how far it has
// looked, so that even a head that comes byte by byte is searched once. Each
// call must be given the same front as the call before, and more behind it.
// After a head or an error the Scanner must be replaced by a zero one, which is ready to use.
type Scanner struct {
	pos    int // everything before it has been searched
	line   int // where the line that pos is in begins
	start  int // where the start line begins
	blanks int // empty lines before it
	lines  int // lines that have ended, start line included
	plain  bool
}

// Plain reports whether the names of all fields of the head that has just been read are
// tokens. Such a message is valid if its framing is.
func (s *Scanner) Plain() bool { return s.plain }

// find returns where the head ends, behind its empty line, or 0 if its end has not come.
func (s *Scanner) find(b []byte) int {
	for s.blanks <= maxBlankLines {
		i := bytes.IndexByte(b[s.pos:], '\n')
		if i < 0 {
			s.pos = len(b)
			return 0
		}
		i += s.pos
		size := i - s.line
		empty := size == 0 || size == 1 && b[s.line] == '\r'
		s.pos, s.line = i+1, i+1
		switch {
		case !empty:
			s.lines++
		case s.lines > 0:
			return s.pos
		default:
			s.blanks++
			s.start = s.pos
		}
	}
	return 0
}

// A head is the text of a start line and its fields, with what is wrong with their size.
type head struct {
	text   string // whole lines with their ends
	lines  int
	strict bool
	plain  bool // the names of the fields that were read are tokens
	err    *Error

	read bool         // the fields have been read already: they are list
	list flow.Headers // all of them with tokens for names
}

// head finds a head and copies it, with whatever of it is whole if it is too large. n == 0 and no error ask for more.
func (s *Scanner) head(b []byte, lim Limits) (h head, n int) {
	if s.pos == 0 {
		if h, n = quick(b, lim); n > 0 {
			return h, n
		}
	}
	h.strict = lim.Strict
	n = s.find(b)
	end := n
	if n == 0 {
		end = len(b)
	}
	switch {
	case s.blanks > maxBlankLines:
		h.err = errorf("too many empty lines before the start line")
		return h, 0
	case end-s.start > lim.Head:
		h.err = errorf("head is larger than %d bytes", lim.Head)
		whole := b[s.start : s.start+lim.Head]
		whole = whole[:bytes.LastIndexByte(whole, '\n')+1]
		h.text, h.lines = string(whole), bytes.Count(whole, []byte("\n"))
	case n == 0:
		return h, 0
	default:
		h.text, h.lines = string(b[s.start:n]), s.lines
	}
	// An empty line is "\n" or "\r\n", so its length tells them apart.
	if lim.Strict && s.start != 2*s.blanks && h.err == nil {
		h.err = errorf("bare LF before the start line")
	}
	if h.lines-1 > lim.Fields {
		if h.err == nil {
			h.err = errorf("head has more than %d fields", lim.Fields)
		}
		h.lines = lim.Fields + 1
	}
	return h, n
}

// next cuts the next line off and returns it without its end; "" is the empty line, or that there is none.
func (h *head) next() string {
	i := strings.IndexByte(h.text, '\n')
	if i < 0 {
		return ""
	}
	line := h.text[:i]
	h.text = h.text[i+1:]
	if strings.HasSuffix(line, "\r") {
		return line[:i-1]
	}
	if h.strict && h.err == nil {
		h.err = errorf("line is ended by a bare LF: %.100q", line)
	}
	return line
}

// fields reads the lines that are left. Bad ones are left out, and the first of them is the error.
func (h *head) fields() flow.Headers {
	h.plain = true
	if h.read {
		return h.list
	}
	if h.lines <= 1 {
		if h.text != "" {
			h.next()
		}
		return nil
	}
	fs := make(flow.Headers, 0, h.lines-1)
	for len(fs) < cap(fs) {
		line := h.next()
		if line == "" {
			return fs
		}
		f, plain, why := parseField(line)
		if why == "" {
			h.plain = h.plain && plain
			fs = append(fs, f)
		} else if h.err == nil {
			h.err = errorf("Invalid header line: %.100q (%s)", line, why)
		}
	}
	h.next()
	return fs
}

// parseField splits a field line. plain says that its name is a token, why what is wrong with the line.
func parseField(line string) (f flow.Header, plain bool, why string) {
	i, all := 0, isToken
	for ; i < len(line); i++ {
		c := chars[line[i]]
		if c&endsName != 0 {
			break
		}
		all &= c
	}
	switch {
	case i == len(line):
		return f, false, "no colon"
	case line[i] == ':' && i > 0:
		f = flow.Header{Name: line[:i], Value: trimBlanks(line[i+1:])}
		if hasControl(f.Value) {
			return f, false, "control character in the value"
		}
		return f, all != 0, ""
	case line[i] == ':':
		return f, false, "no name"
	case i == 0 && isBlank(line[0]):
		return f, false, "folded line" // RFC 9112 §5.2
	case isBlank(line[i]):
		return f, false, "blank in the name" // RFC 9112 §5.1
	}
	return f, false, "control character in the name"
}

// trailers finds the lines behind the last chunk, of which there is at least one,
// up to an empty one. They are never taken with bare LFs, which could hide a request.
func (s *Scanner) trailers(b []byte, limit int) (h head, n int) {
	h.strict = true
	n = s.find(b)
	switch {
	case s.blanks > 0:
		h.err = errorf("trailers begin with a bare LF")
	case max(n, s.pos) > limit:
		h.err = errorf("trailers are larger than %d bytes", limit)
	case s.lines > defaultFields:
		h.err = errorf("more than %d trailers", defaultFields)
	case n > 0:
		h.text, h.lines = string(b[:n]), s.lines+1
	}
	return h, n
}
