package content

import "bytes"

// tagEnd returns the index after the ">" of the tag at i, past those in quotes; the end of b if it has none.
func tagEnd(b []byte, i int) int {
	var quote byte
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1
		case (c == '"' || c == '\'') && b[i-1] == '=':
			quote = c
		}
	}
	return i
}

// tagName returns the name at the front of b.
func tagName(b []byte) []byte {
	n := bytes.IndexAny(b, " \t\r\n/>")
	if n < 0 {
		n = len(b)
	}
	return b[:n:n]
}

// tag writes a tag with one blank for each run of them.
func (x *xmlPrinter) tag(b []byte) {
	p := x.p
	n := 1
	if len(b) > 1 && b[1] == '/' {
		n = 2
	}
	name := tagName(b[n:])
	p.put(Punct, b[:n])
	p.put(Tag, name)
	for b = b[n+len(name):]; len(b) > 0 && !p.stopped; {
		rest := bytes.TrimLeft(b, " \t\r\n")
		if len(rest) == 0 {
			return
		}
		if len(rest) < len(b) && rest[0] != '>' {
			p.word(Text, " ")
		}
		b = rest[tagPiece(p, rest):]
	}
}

// tagPiece writes an attribute's name, its value with the "=", or a closing mark, and returns its length.
func tagPiece(p *pen, b []byte) int {
	switch b[0] {
	case '>', '/':
		p.put(Punct, b[:1])
		return 1
	case '=':
		p.put(Punct, b[:1])
		n := valueEnd(b)
		p.put(String, b[1:n])
		return n
	}
	n := bytes.IndexAny(b, " \t\r\n=>/")
	switch {
	case n < 0:
		n = len(b)
	case n == 0:
		n = 1
	}
	p.put(Attr, b[:n])
	return n
}

// valueEnd returns the length of "=" with the value after it, quoted or not.
func valueEnd(b []byte) int {
	if len(b) > 1 && (b[1] == '"' || b[1] == '\'') {
		if k := bytes.IndexByte(b[2:], b[1]); k >= 0 {
			return k + 3
		}
		return len(b)
	}
	if k := bytes.IndexAny(b, " \t\r\n>"); k >= 0 {
		return k
	}
	return len(b)
}
