package content

import "unicode/utf8"

// Clean returns s as it may be shown on a terminal. Control characters become
// their pictures (ESC is ␛), and C1 controls, bidirectional overrides, line
// separators and bytes that are not UTF-8 become escapes such as \x9b and \u202e.
// A string that is clean already is returned as it is, without allocating.
func Clean(s string) string {
	if firstUnclean(s) == len(s) {
		return s
	}
	return string(appendClean(make([]byte, 0, len(s)+16), s))
}

// appendClean appends Clean(s).
func appendClean[T string | []byte](dst []byte, s T) []byte {
	for {
		i := firstUnclean(s)
		dst = append(dst, s[:i]...)
		if i == len(s) {
			return dst
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		dst = appendVisible(dst, r, s[i])
		s = s[i+n:]
	}
}

// firstUnclean returns the index of the first character that Clean replaces, len(s) for none.
func firstUnclean[T string | []byte](s T) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)])) // short enough not to be allocated
		if r == utf8.RuneError && n == 1 || !showable(r) {
			return i
		}
		i += n
	}
	return len(s)
}

// showable says whether a rune above ASCII may reach a terminal.
func showable(r rune) bool {
	switch {
	case r < 0xa0: // C1
		return false
	case r == 0x061c, r == 0x200e, r == 0x200f: // bidirectional marks
		return false
	case r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // separators, embeddings, isolates
		return false
	}
	return true
}

// appendVisible appends the visible form of the rune r, whose first byte is c.
func appendVisible(dst []byte, r rune, c byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r < 0x20:
		return utf8.AppendRune(dst, '␀'+r)
	case r == 0x7f:
		return utf8.AppendRune(dst, '␡')
	case r == utf8.RuneError:
		return append(dst, '\\', 'x', hex[c>>4], hex[c&15])
	case r < 0xa0:
		return append(dst, '\\', 'x', hex[r>>4], hex[r&15])
	}
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
