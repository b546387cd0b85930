package har

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// An indenter appends JSON with a line for every field and element, as deep as they are.
type indenter struct {
	b     []byte
	depth int
	full  bool // something is in the innermost object or list
}

// open begins an object or a list, by its bracket.
func (w *indenter) open(bracket byte) {
	w.b = append(w.b, bracket)
	w.depth++
	w.full = false
}

// close ends what open began.
func (w *indenter) close(bracket byte) {
	w.depth--
	if w.full {
		w.line()
	}
	w.b = append(w.b, bracket)
	w.full = true
}

const spaces = "                                                                "

func (w *indenter) line() { w.b = append(append(w.b, '\n'), spaces[:4*w.depth]...) }

// next goes to where the next field or element belongs.
func (w *indenter) next() {
	if w.full {
		w.b = append(w.b, ',')
	}
	w.full = true
	w.line()
}

// key begins a field. Names need no escapes.
func (w *indenter) key(name string) {
	w.next()
	w.b = append(append(append(w.b, '"'), name...), `": `...)
}

func (w *indenter) text(name, value string) {
	w.key(name)
	w.b = appendText(w.b, value)
}

// base64 writes bytes as a text of that.
func (w *indenter) base64(name string, b []byte) {
	w.key(name)
	if n := base64.StdEncoding.EncodedLen(len(b)); n > large {
		w.b = slices.Grow(w.b, n+large)
	}
	w.b = append(base64.StdEncoding.AppendEncode(append(w.b, '"'), b), '"')
}

// known writes a text that is left out where there is none.
func (w *indenter) known(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *indenter) int(name string, n int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *indenter) bool(name string, is bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, is)
}

// float writes a number, and 0 for one that JSON does not have.
func (w *indenter) float(name string, x float64) {
	w.key(name)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		x = 0
	}
	w.b = strconv.AppendFloat(w.b, x, 'f', -1, 64)
}

// plain says which bytes stand for themselves in a text.
var plain = func() (is [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		is[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return is
}()

const hexDigits = "0123456789abcdef"

// appendText appends a string of JSON (RFC 8259 §7). A byte that is no UTF-8 is written as the escape of a lone surrogate,
// \udc80 to \udcff, as Python does (PEP 383). What a terminal would obey is escaped.
func appendText(b []byte, s string) []byte {
	return appendQuoted(b, unsafe.Slice(unsafe.StringData(s), len(s)))
}

// large is how long a text is that the room for it is measured of.
const large = 64 << 10

func appendQuoted(b, s []byte) []byte {
	if len(s) > large {
		b = slices.Grow(b, quotedLen(s)+large)
	}
	b = append(b, '"')
	from := 0 // of what stands for itself
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if r >= 0xa0 && (r != utf8.RuneError || n > 1) && r != '\u2028' && r != '\u2029' {
			i += n
			continue
		}
		b = append(b, s[from:i]...)
		if r == utf8.RuneError && n == 1 {
			r = 0xdc00 | rune(s[i])
		}
		b = appendEscape(b, r)
		i += n
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// quotedLen returns about how long a text is in quotes.
func quotedLen(s []byte) int {
	n := len(s) + 2
	for _, c := range s {
		switch {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			n++
		case c < ' ':
			n += 5
		}
	}
	return n
}

func appendEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
