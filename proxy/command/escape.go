package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	escapeLetters = `abfnrtv\'"`
	escapeValues  = "\a\b\f\n\r\t\v\\'\""
)

// unescape replaces the escapes of the type str. What is no escape stays as it is, and so do \1 to \9 and \b of a pattern.
func unescape(s string, pattern bool) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if r, n := escapeAt(s[i:], pattern); n > 0 {
			b.WriteRune(r)
			i += n
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// Literal writes s as one token that the type str, of a pattern or not, reads as s.
func Literal(s string, pattern bool) string { return Quote(Escape(s, pattern)) }

// Escape doubles the backslashes of s that begin an escape of the type str.
func Escape(s string, pattern bool) string {
	var b strings.Builder
	for i := range len(s) {
		if _, n := escapeAt(s[i:], pattern); n > 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escapeAt reads an escape from the front of s, which is not empty; n == 0 if there is none.
func escapeAt(s string, pattern bool) (r rune, n int) {
	if s[0] != '\\' || pattern && len(s) > 1 && strings.IndexByte("123456789b", s[1]) >= 0 {
		return 0, 0
	}
	if r, n = runeEscape(s[1:]); n > 0 {
		n++
	}
	return r, n
}

// runeEscape reads an escape from behind its backslash; n == 0 if there is none.
func runeEscape(s string) (r rune, n int) {
	if s == "" {
		return 0, 0
	}
	if i := strings.IndexByte(escapeLetters, s[0]); i >= 0 {
		return rune(escapeValues[i]), 1
	}
	if v, n := octal(s); n > 0 {
		return rune(v), n
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 || len(s) <= digits {
		return 0, 0
	}
	v, err := strconv.ParseUint(s[1:1+digits], 16, 31)
	if err != nil || !utf8.ValidRune(rune(v)) {
		return 0, 0
	}
	return rune(v), 1 + digits
}

// octal reads up to three octal digits.
func octal(s string) (v, n int) {
	for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		v = v<<3 | int(s[n]-'0')
		n++
	}
	return v, n
}

// unescapeBytes replaces the escapes of the type bytes.
func unescapeBytes(s string) ([]byte, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b = append(b, s[i])
			i++
			continue
		}
		rest := s[i+1:]
		if rest == "" {
			return nil, errors.New(`a backslash at the end escapes nothing: write \\`)
		}
		out, n, err := byteEscape(rest)
		if err != nil {
			return nil, err
		}
		b = append(b, out...)
		i += 1 + n
	}
	return b, nil
}

// byteEscape reads an escape from behind its backslash. What is no escape comes back with it.
func byteEscape(s string) (out []byte, n int, err error) {
	if i := strings.IndexByte(escapeLetters, s[0]); i >= 0 {
		return []byte{escapeValues[i]}, 1, nil
	}
	if s[0] == '\n' {
		return nil, 1, nil
	}
	if v, n := octal(s); n > 0 {
		return []byte{byte(v)}, n, nil
	}
	if s[0] != 'x' {
		return []byte{'\\', s[0]}, 1, nil
	}
	if len(s) >= 3 {
		if v, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return []byte{byte(v)}, 3, nil
		}
	}
	return nil, 0, fmt.Errorf(`\x needs two hex digits, as in \x0a`)
}
