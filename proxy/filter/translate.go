package filter

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A dialect is what a pattern in Python's syntax is translated to.
type dialect struct {
	latin bool // every byte of the pattern is a character
	net   bool // for regexp2, else for regexp
	end   bool // for regexp: a dollar also stands before the line feed at the end, as in Python
}

// namesBytes reports whether a pattern writes a byte as \x80 to \xff.
func namesBytes(source string) bool {
	for i := 0; i < len(source); i++ {
		if source[i] != '\\' {
			continue
		}
		if b, ok := hexEscape(source[i:]); ok && b >= utf8.RuneSelf {
			return true
		}
		i++
	}
	return false
}

// translate rewrites what Python writes otherwise, and leaves the rest, errors too.
func translate(source string, d dialect) string {
	t := translator{dialect: d, s: source}
	// A dollar's meaning is left alone where the pattern may set flags of its own.
	t.end = d.end && !strings.Contains(source, "(?")
	for t.i < len(t.s) {
		t.step()
	}
	return t.out.String()
}

type translator struct {
	dialect
	s     string
	i     int
	class int // where the first member of the open class would stand; 0 outside of classes
	out   strings.Builder
}

// emit writes a text for the next n bytes of the source.
func (t *translator) emit(text string, n int) {
	t.out.WriteString(text)
	t.i += n
}

func (t *translator) step() {
	c := t.s[t.i]
	switch {
	case c == '\\':
		t.escape()
	case c >= utf8.RuneSelf && t.latin:
		t.emit(`\x`+strconv.FormatUint(uint64(c), 16), 1)
	case t.class > 0:
		t.member(c)
	case c == '[':
		t.open()
	case c == '$' && t.end:
		t.emit(`(?:\n?\z)`, 1)
	case strings.HasPrefix(t.s[t.i:], "{,") && t.i > 0 && isBound(t.s[t.i+2:]):
		t.emit("{0,", 2)
	case strings.HasPrefix(t.s[t.i:], "(?P") && t.net:
		t.group()
	default:
		t.emit(t.s[t.i:t.i+1], 1)
	}
}

// isBound reports whether s begins with digits and a brace.
func isBound(s string) bool {
	rest := strings.TrimLeft(s, "0123456789")
	return len(rest) < len(s) && rest[0:min(1, len(rest))] == "}"
}

func (t *translator) open() {
	n := 1
	if strings.HasPrefix(t.s[t.i:], "[^") {
		n = 2
	}
	t.emit(t.s[t.i:t.i+n], n)
	t.class = t.i
}

// member writes a character inside a class, where an opening bracket is nothing special.
func (t *translator) member(c byte) {
	switch {
	case c == '[':
		t.emit(`\[`, 1)
	case c == ']' && t.i == t.class:
		t.emit(`\]`, 1)
	default:
		if c == ']' {
			t.class = 0
		}
		t.emit(t.s[t.i:t.i+1], 1)
	}
}

func (t *translator) escape() {
	rest := t.s[t.i:]
	if len(rest) < 2 {
		t.emit(rest, 1)
		return
	}
	switch c := rest[1]; {
	case c == 'Z' && t.class == 0:
		t.emit(`\z`, 2)
	case c == 'b' && t.class > 0:
		t.emit(`\x08`, 2)
	case c == 'u' || c == 'U':
		t.unicode(rest, map[byte]int{'u': 4, 'U': 8}[c])
	case c >= utf8.RuneSelf && t.latin:
		t.emit("", 1)
	default:
		t.emit(rest[:2], 2)
	}
}

// unicode writes the character of \u and \U itself.
func (t *translator) unicode(rest string, digits int) {
	if len(rest) >= 2+digits {
		n, err := strconv.ParseUint(rest[2:2+digits], 16, 32)
		if r := rune(n); err == nil && utf8.ValidRune(r) {
			text := regexp.QuoteMeta(string(r))
			if r == '-' {
				text = `\-`
			}
			t.emit(text, 2+digits)
			return
		}
	}
	t.emit(rest[:2], 2)
}

// group writes (?P<name> and (?P=name) as .NET does.
func (t *translator) group() {
	rest := t.s[t.i+len("(?P"):]
	if name, _, ok := strings.Cut(strings.TrimPrefix(rest, "="), ")"); ok && strings.HasPrefix(rest, "=") {
		t.emit(`\k<`+name+`>`, len("(?P=)")+len(name))
		return
	}
	t.emit("(?", len("(?P"))
}
