package command

import "strings"

// A Token is a piece of a command line. The tokens of a line, put together, are the line.
type Token struct {
	Text  string // as written, with its quotes
	Pos   int    // byte offset in the line
	Space bool   // a run of whitespace
}

const (
	spaces = " \r\n\t"
	quotes = `"'`
)

// Split cuts a line into quoted texts, words and the whitespace between them. A
// quote reaches to the next one of its kind or to the end of the line, and ends
// a word before it; nothing escapes it.
func Split(line string) []Token {
	var tokens []Token
	for pos := 0; pos < len(line); {
		n, space := tokenLen(line[pos:])
		tokens = append(tokens, Token{Text: line[pos : pos+n], Pos: pos, Space: space})
		pos += n
	}
	return tokens
}

// tokenLen returns the length of the token at the front of s, which is not empty.
func tokenLen(s string) (n int, space bool) {
	switch {
	case strings.IndexByte(quotes, s[0]) >= 0:
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return end + 2, false
		}
		return len(s), false
	case strings.IndexByte(spaces, s[0]) >= 0:
		return len(s) - len(strings.TrimLeft(s, spaces)), true
	}
	if end := strings.IndexAny(s, spaces+quotes); end >= 0 {
		return end, false
	}
	return len(s), false
}

// Unquote strips the quotes of a quoted text. A quote that is not closed stays.
func Unquote(s string) string {
	if len(s) > 1 && strings.IndexByte(quotes, s[0]) >= 0 && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// Quote writes s as one token. If s has quotes of both kinds, its double quotes
// become \x22, which the types str and bytes turn back.
func Quote(s string) string {
	switch {
	case s != "" && !strings.ContainsAny(s, spaces+quotes):
		return s
	case !strings.Contains(s, `"`):
		return `"` + s + `"`
	case !strings.Contains(s, `'`):
		return `'` + s + `'`
	}
	return `"` + strings.ReplaceAll(s, `"`, `\x22`) + `"`
}
