package http1

import "strings"

const (
	isToken  uint8 = 1 << iota // a token character (RFC 9110 §5.6.2)
	endsName                   // a colon, a blank or a control character
)

var chars = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c <= ' ' || c == 0x7f || c == ':':
			t[c] = endsName
		case 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0:
			t[c] = isToken
		}
	}
	return t
}()

func validToken(s string) bool {
	for i := range len(s) {
		if chars[s[i]]&isToken == 0 {
			return false
		}
	}
	return s != ""
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// hasControl reports whether s has a control character that is not a tab.
// It looks at eight bytes at a time, and closer only where one of them is below a blank or a DEL.
func hasControl(s string) bool {
	for len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		if maybeControl(w) && anyControl(s[:8]) {
			return true
		}
		s = s[8:]
	}
	return anyControl(s)
}

// maybeControl reports whether one of eight bytes may be a control character. If not, none is.
func maybeControl(w uint64) bool {
	del := w ^ ones*0x7f
	return ((w-ones*' ')&^w|(del-ones)&^del)&highs != 0
}

func anyControl(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func trimBlanks(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// cutWord returns what is before the first blanks and what is after them.
func cutWord(s string) (word, rest string) {
	for i := range len(s) {
		if !isBlank(s[i]) {
			continue
		}
		rest = s[i+1:]
		for rest != "" && isBlank(rest[0]) {
			rest = rest[1:]
		}
		return s[:i], rest
	}
	return s, ""
}

// equalFold reports whether s is lower, which is in lower case, but for the case of ASCII letters.
func equalFold(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
