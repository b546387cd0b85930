package content

import "bytes"

// markEnd returns the length of b up to the end of a mark, which it searches behind the first two bytes; all of b without one.
func markEnd(b []byte, mark string) int {
	if k := bytes.Index(b[2:], []byte(mark)); k >= 0 {
		return 2 + k + len(mark)
	}
	return len(b)
}

// quoteEnd returns the length of the string at the front of b. One that may not have line breaks ends before the first.
func quoteEnd(b []byte, multiline bool) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case b[0]:
			return i + 1
		case '\n':
			if !multiline {
				return i
			}
		}
	}
	return len(b)
}

// regexpEnd returns the length of the regular expression at the front of b; 1 if
// its line has no end of one, so that the "/" is an operator.
func regexpEnd(b []byte) int {
	const longest = 512 // bytes; a "/" that is none must not cost a walk through the rest of a long line
	class := false
	for i := 1; i < min(len(b), longest); i++ {
		switch c := b[i]; {
		case c == '\n':
			return 1
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			return i + 1
		}
	}
	return 1
}
