package protofile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A token is a word, a number, a text or one character.
type token struct {
	kind rune   // one of those below, or the character
	text string // as it is written, a text without its quotes
	at   int    // the byte that it begins at
}

const (
	eof    rune = 0 // the end of the file, or of what could be understood
	word   rune = 'a'
	number rune = '0'
	quoted rune = '"'
)

func (t token) String() string {
	if t.kind == eof {
		return "the end of the file"
	}
	return fmt.Sprintf("%.60q", t.text)
}

// A scanner cuts a file into tokens. After an error there is none but eof, so that every loop over them ends too.
type scanner struct {
	name, src string
	pos       int
	tok       token // the next one
	err       error
}

// fail ends the file with an error, the first of which counts.
func (s *scanner) fail(at int, format string, args ...any) {
	if s.err == nil {
		s.err = s.failure(at, format, args...)
	}
	s.pos, s.tok = len(s.src), token{at: len(s.src)}
}

// failure is an error with its place.
func (s *scanner) failure(at int, format string, args ...any) error {
	return fmt.Errorf("%s: %w", s.place(at), fmt.Errorf(format, args...))
}

// place is the file, the line and the column of a byte. Tabs reach to the next eighth column.
func (s *scanner) place(at int) string {
	begin, column := strings.LastIndexByte(s.src[:at], '\n')+1, 0
	for _, r := range s.src[begin:at] {
		if column++; r == '\t' {
			column = (column + 7) / 8 * 8
		}
	}
	return fmt.Sprintf("%s:%d:%d", s.name, 1+strings.Count(s.src[:begin], "\n"), column+1)
}

// next returns the next token and reads the one behind it.
func (s *scanner) next() token {
	t := s.tok
	s.skipSpace()
	s.tok = token{at: s.pos}
	if s.pos == len(s.src) {
		return t
	}
	c, n := utf8.DecodeRuneInString(s.src[s.pos:])
	switch {
	case isLetter(c):
		s.take(word, s.while(isWord))
	case isDigit(c), c == '.' && s.pos+1 < len(s.src) && isDigit(rune(s.src[s.pos+1])):
		s.take(number, s.numberEnd())
	case c == '"' || c == '\'':
		s.take(quoted, s.textEnd(c))
	case strings.ContainsRune(";{}[]()<>=,.:-+/", c):
		s.take(c, s.pos+n)
	default:
		s.fail(s.pos, "%q cannot stand here: take it out", s.src[s.pos:s.pos+n])
	}
	return t
}

// take makes the next token of what ends before a byte.
func (s *scanner) take(kind rune, to int) {
	if s.err != nil {
		return
	}
	s.tok.kind, s.tok.text = kind, s.src[s.pos:to]
	if kind == quoted {
		s.tok.text = s.src[s.pos+1 : to-1]
	}
	s.pos = to
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.src) {
		rest := s.src[s.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\v\f", rest[0]) >= 0:
			s.pos++
		case strings.HasPrefix(rest, "//"):
			line, _, _ := strings.Cut(rest, "\n")
			s.pos += len(line)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				s.fail(s.pos, "this comment has no end: close it with */")
				return
			}
			s.pos += n + 4
		default:
			return
		}
	}
}

// while returns where the characters that belong to a token end.
func (s *scanner) while(belongs func(rune) bool) int {
	if n := strings.IndexFunc(s.src[s.pos:], func(r rune) bool { return !belongs(r) }); n >= 0 {
		return s.pos + n
	}
	return len(s.src)
}

// numberEnd returns where a number ends: 1.5e-3 has a sign in it.
func (s *scanner) numberEnd() int {
	last := rune(0)
	hex := strings.HasPrefix(s.src[s.pos:], "0x") || strings.HasPrefix(s.src[s.pos:], "0X")
	return s.while(func(r rune) bool {
		ok := isWord(r) || r == '.' || (r == '+' || r == '-') && (last == 'e' || last == 'E') && !hex
		last = r
		return ok
	})
}

// textEnd returns where a text between quotes ends.
func (s *scanner) textEnd(quote rune) int {
	for i := s.pos + 1; i < len(s.src) && s.src[i] != '\n'; i++ {
		switch rune(s.src[i]) {
		case '\\':
			if i+1 < len(s.src) && s.src[i+1] != '\n' {
				i++
			}
		case quote:
			return i + 1
		}
	}
	s.fail(s.pos, "this text has no end: close it with %c on the same line", quote)
	return s.pos
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isWord(r rune) bool { return isLetter(r) || isDigit(r) }
