package ws

import "unicode/utf8"

// A UTF8 checks a text that comes in pieces (RFC 6455 §8.1). The zero value has seen nothing.
type UTF8 struct {
	rest [utf8.UTFMax]byte // of a character that is not whole
	n    int
}

// Check takes the next piece and reports whether the text can still become valid.
func (u *UTF8) Check(p []byte) bool {
	for u.n > 0 && len(p) > 0 {
		u.rest[u.n] = p[0]
		u.n++
		p = p[1:]
		if utf8.FullRune(u.rest[:u.n]) {
			if _, size := utf8.DecodeRune(u.rest[:u.n]); size != u.n {
				return false
			}
			u.n = 0
		}
	}
	if len(p) == 0 {
		return true
	}
	end := len(p)
	for i := end - 1; i >= max(0, end-utf8.UTFMax+1); i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				end = i
			}
			break
		}
	}
	u.n = copy(u.rest[:], p[end:])
	return utf8.Valid(p[:end])
}

// Whole reports whether the text may end here.
func (u *UTF8) Whole() bool { return u.n == 0 }
