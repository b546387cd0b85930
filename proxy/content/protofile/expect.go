package protofile

import (
	"strconv"
	"strings"
)

// is takes the next token if it is of a kind.
func (s *scanner) is(kind rune) bool {
	if s.tok.kind != kind || kind == eof {
		return false
	}
	s.next()
	return true
}

// says takes the next token if it is a word.
func (s *scanner) says(keyword string) bool { return s.tok.text == keyword && s.is(word) }

func (s *scanner) keyword(w string) {
	if t := s.tok; !s.says(w) {
		s.fail(t.at, "%q is missing before %v", w, t)
	}
}

// expect takes the next token, which must be of a kind.
func (s *scanner) expect(kind rune) token {
	t := s.tok
	if !s.is(kind) {
		s.fail(t.at, "%s is missing before %v", kindName(kind), t)
	}
	return t
}

// kindName says in an error what a token of a kind is.
func kindName(kind rune) string {
	switch kind {
	case word:
		return "a name"
	case number:
		return "a number"
	case quoted:
		return "a text in quotes"
	}
	return strconv.Quote(string(kind))
}

// dotted reads a name that may have dots in it.
func (s *scanner) dotted() token {
	var name strings.Builder
	at := s.tok.at
	if s.is('.') {
		name.WriteByte('.')
	}
	name.WriteString(s.expect(word).text)
	for s.is('.') {
		name.WriteString("." + s.expect(word).text)
	}
	return s.short(token{word, name.String(), at})
}

// short refuses a name that is so long that many below it would fill the memory.
func (s *scanner) short(name token) token {
	if len(name.text) > maxName {
		s.fail(name.at, "this name has %d bytes: write one of %d at most", len(name.text), maxName)
	}
	return name
}

// text reads one that may be cut in several.
func (s *scanner) text() token {
	t := s.expect(quoted)
	var rest strings.Builder
	for s.tok.kind == quoted {
		rest.WriteString(s.next().text)
	}
	t.text += rest.String()
	return t
}

// integer reads a whole number between two.
func (s *scanner) integer(low, high int64) int64 {
	sign := ""
	at := s.tok.at
	if s.is('-') {
		sign = "-"
	}
	digits, base := s.expect(number).text, 10
	switch {
	case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
		digits, base = digits[2:], 16
	case strings.HasPrefix(digits, "0"):
		base = 8
	}
	n, err := strconv.ParseInt(sign+digits, base, 64)
	if err != nil || n < low || n > high {
		s.fail(at, "this is no whole number from %d to %d: write one", low, high)
	}
	return n
}
