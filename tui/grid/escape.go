package grid

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/proxy/content"
)

// Escape writes a value as a person edits it: on one line, with backslashes
// before what cannot be seen. With ascii set, so is everything above ASCII. Unescape
// turns every result back, also when blanks have been put around it.
func Escape(s string, ascii bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		edge := i == 0 || i+n == len(s)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' && edge, r < ' ', r == 0x7f, r == utf8.RuneError && n == 1, ascii && n > 1:
			writeBytes(&b, s[i:i+n])
		case content.Clean(s[i:i+n]) != s[i:i+n], edge && strings.TrimSpace(s[i:i+n]) == "":
			writeBytes(&b, s[i:i+n])
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func writeBytes(b *strings.Builder, s string) {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		b.WriteString(`\x`)
		b.WriteByte(hex[s[i]>>4])
		b.WriteByte(hex[s[i]&15])
	}
}

// letters are the escapes of one letter, and values what they mean.
const (
	letters = `abfnrtv\'"`
	values  = "\a\b\f\n\r\t\v\\'\""
)

// Unescape reads what Escape wrote or a person typed: \n \r \t and the like,
// \xHH for a byte, \uHHHH and \UHHHHHHHH for a character. Blanks around it do not count.
func Unescape(s string) (string, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			i++
			continue
		}
		n, err := unescapeOne(&b, s[i+1:])
		if err != nil {
			return "", err
		}
		i += 1 + n
	}
	return b.String(), nil
}

// unescapeOne reads an escape from behind its backslash and returns how long it is.
func unescapeOne(b *strings.Builder, s string) (int, error) {
	if s == "" {
		return 0, errors.New(`invalid data: a backslash at the end escapes nothing, write \\`)
	}
	if i := strings.IndexByte(letters, s[0]); i >= 0 {
		b.WriteByte(values[i])
		return 1, nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 {
		return 0, fmt.Errorf(`invalid data: \%c is no escape, write \\ for a backslash`, []rune(s)[0])
	}
	code, err := strconv.ParseUint(s[1:min(len(s), 1+digits)], 16, 32)
	if err != nil || len(s) <= digits {
		return 0, fmt.Errorf(`invalid data: \%c wants %d hex digits`, s[0], digits)
	}
	switch {
	case digits == 2:
		b.WriteByte(byte(code))
	case !utf8.ValidRune(rune(code)) || code > utf8.MaxRune:
		return 0, fmt.Errorf(`invalid data: \%s is no character`, s[:1+digits])
	default:
		b.WriteRune(rune(code))
	}
	return 1 + digits, nil
}
