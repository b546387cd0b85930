package filter

import (
	"strings"
	"unicode/utf8"
)

// A literal is a pattern of plain ASCII characters, bytes and dots, which is
// found without the regular expression engine. Folding is ASCII only.
type literal struct {
	text   string // lower case when fold is set
	wild   []bool // where text stands for any character; nil for nowhere
	anchor int    // the place of the rarest byte of text
	fold   bool
	dotAll bool // any character may be a line feed
}

// literalsOf returns the alternatives of a pattern that consists of nothing else, or nil.
func literalsOf(source string, mode patternMode) []literal {
	var out []literal
	for {
		l, n, ok := readLiteral(source, mode)
		if !ok {
			return nil
		}
		out = append(out, l)
		if n == len(source) {
			return out
		}
		source = source[n+1:] // and what follows the bar
	}
}

// readLiteral reads one up to a bar or the end; ok is false for anything that only an engine understands.
func readLiteral(source string, mode patternMode) (l literal, n int, ok bool) {
	l = literal{fold: mode.fold, dotAll: strings.Contains(mode.flags, "s")}
	var text []byte
	wild, hasWild := []bool{}, false
	for n < len(source) && source[n] != '|' {
		c, any, size := readPlain(source[n:], mode.bytes)
		if size == 0 {
			return l, 0, false
		}
		text, wild, hasWild = append(text, c), append(wild, any), hasWild || any
		n += size
	}
	l.text = string(text)
	if l.fold {
		l.text = asciiLower(text)
	}
	if hasWild {
		l.wild = wild
	}
	l.anchor = rarest(l.text, l.wild)
	return l, n, l.anchor >= 0 || l.text == ""
}

// readPlain reads one character that stands for itself, or a dot, which stands for any; size is 0 for all else.
func readPlain(s string, bytes bool) (c byte, any bool, size int) {
	switch c := s[0]; {
	case c == '.':
		return 0, true, 1
	case strings.IndexByte(`*+?()[]{}^$`, c) >= 0 || c >= utf8.RuneSelf:
		return 0, false, 0
	case c != '\\':
		return c, false, 1
	}
	if b, ok := hexEscape(s); ok && (b < utf8.RuneSelf || bytes) {
		return b, false, len(`\xff`)
	}
	if len(s) < 2 || isWord(s[1]) || s[1] >= utf8.RuneSelf {
		return 0, false, 0
	}
	return s[1], false, 2
}

// rarest returns the place of the byte that is least likely in headers and text, or -1 if all are wild.
func rarest(text string, wild []bool) int {
	best, least := -1, 1<<10
	for i := range len(text) {
		if wild != nil && wild[i] {
			continue
		}
		if f := frequency(text[i]); f < least {
			best, least = i, f
		}
	}
	return best
}

// frequency is a rough rank of a byte in headers, URLs and text.
func frequency(c byte) int {
	if i := strings.IndexByte("qzjxkvwbyfgupmhdlcrnsioate", c|0x20); i >= 0 {
		return 100 + i
	}
	if strings.IndexByte(" \r\n:/.-,;=\"\x00", c) >= 0 {
		return 90
	}
	return 10
}

// findAny looks for any of the literals. It is not sure when a dot might stand for a character of more than one byte.
func findAny(literals []literal, s string) (found, sure bool) {
	wild := false
	for i := range literals {
		if literals[i].find(s) {
			return true, true
		}
		wild = wild || literals[i].wild != nil
	}
	return false, !wild || isASCII(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// find visits every place of the anchor byte in either case, each once.
func (l *literal) find(s string) bool {
	if l.text == "" {
		return true
	}
	lower := l.text[l.anchor]
	upper := lower
	if l.fold && 'a' <= lower && lower <= 'z' {
		upper -= 'a' - 'A'
	}
	low, up := next(s, l.anchor, lower), len(s)
	if upper != lower {
		up = next(s, l.anchor, upper)
	}
	for low < len(s) || up < len(s) {
		at := min(low, up) - l.anchor
		if at+len(l.text) > len(s) {
			break
		}
		if l.at(s[at : at+len(l.text)]) {
			return true
		}
		if low < up {
			low = next(s, low+1, lower)
		} else {
			up = next(s, up+1, upper)
		}
	}
	return false
}

// next returns the first place of c in s from i on, or len(s).
func next(s string, i int, c byte) int {
	if i >= len(s) {
		return len(s)
	}
	if n := strings.IndexByte(s[i:], c); n >= 0 {
		return i + n
	}
	return len(s)
}

// at compares a text of the same length, whose dots it takes for ASCII characters only.
func (l *literal) at(s string) bool {
	for i := range len(s) {
		c := s[i]
		if l.wild != nil && l.wild[i] {
			if c >= utf8.RuneSelf || c == '\n' && !l.dotAll {
				return false
			}
			continue
		}
		if l.fold && 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != l.text[i] {
			return false
		}
	}
	return true
}

func asciiLower(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return string(out)
}

// hexEscape reads \xhh at the front of s.
func hexEscape(s string) (byte, bool) {
	if len(s) < 4 || s[0] != '\\' || s[1] != 'x' {
		return 0, false
	}
	hi, lo := unhex(s[2]), unhex(s[3])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

func unhex(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20*(c>>6)) }

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
