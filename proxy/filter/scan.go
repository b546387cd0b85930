package filter

import "strings"

// special are the characters that no bare pattern can contain, and blanks.
const special = "()~'\" \t\r\n"

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// endsBare reports whether a bare pattern would end at the front of s.
func endsBare(s string) bool { return s == "" || strings.IndexByte(special, s[0]) >= 0 }

func (p *parser) skipSpace() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

// atEnd skips blanks and reports whether that was all.
func (p *parser) atEnd() bool {
	p.skipSpace()
	return p.i == len(p.s)
}

// atClose skips blanks and reports whether no operand can follow.
func (p *parser) atClose() bool { return p.atEnd() || p.s[p.i] == ')' }

// take skips one character if it is c.
func (p *parser) take(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// name reads an operator with its tilde.
func (p *parser) name() string {
	start := p.i
	p.i++
	for p.i < len(p.s) && !endsBare(p.s[p.i:]) && strings.IndexByte("&|!", p.s[p.i]) < 0 {
		p.i++
	}
	return p.s[start:p.i]
}

// text reads a bare or a quoted pattern, and nothing if there is none.
func (p *parser) text() (string, *SyntaxError) {
	if p.i < len(p.s) && (p.s[p.i] == '\'' || p.s[p.i] == '"') {
		return p.quoted()
	}
	start := p.i
	for !endsBare(p.s[p.i:]) {
		p.i++
	}
	return p.s[start:p.i], nil
}

// quoted reads up to the same quote. A backslash makes a quote, a backslash or a
// control character of what follows, and stays where it is before anything else.
func (p *parser) quoted() (string, *SyntaxError) {
	start, quote := p.i, p.s[p.i]
	var out strings.Builder
	for p.i++; p.i < len(p.s) && p.s[p.i] != '\n' && p.s[p.i] != '\r'; p.i++ {
		c := p.s[p.i]
		if c == quote {
			p.i++
			return out.String(), nil
		}
		if c != '\\' || p.i+1 == len(p.s) || p.s[p.i+1] == '\n' || p.s[p.i+1] == '\r' {
			out.WriteByte(c)
			continue
		}
		p.i++
		if plain, ok := escapes[p.s[p.i]]; ok {
			out.WriteByte(plain)
		} else {
			out.WriteByte('\\')
			out.WriteByte(p.s[p.i])
		}
	}
	return "", errorAt(start, p.i-start, "this %c is never closed: write another %c at the end of the pattern", quote, quote)
}

var escapes = map[byte]byte{'\\': '\\', '"': '"', '\'': '\'', 'n': '\n', 't': '\t', 'r': '\r', 'f': '\f'}

// quote writes a pattern so that text reads it again.
func quote(pattern string) string {
	if pattern != "" && !strings.ContainsAny(pattern, special) {
		return pattern
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(pattern) + "'"
}
