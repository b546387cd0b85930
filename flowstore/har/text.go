package har

import (
	"bytes"
	"encoding/json"
	"mime"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// A text is a string of JSON that may have bytes that are no UTF-8 in it. Such a byte is written
// as the escape of a lone surrogate, \udc80 to \udcff, as Python does (PEP 383).
type text string

// MarshalJSON writes the text so that UnmarshalJSON reads the same bytes.
func (t text) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('"')
	for s := string(t); len(s) > 0; {
		n := validPrefix(s)
		if err := quote(&b, s[:n]); err != nil {
			return nil, err
		}
		if s = s[n:]; len(s) > 0 {
			b.WriteString(`\udc` + strconv.FormatUint(uint64(s[0]), 16))
			s = s[1:]
		}
	}
	b.WriteByte('"')
	return b.Bytes(), nil
}

// validPrefix returns how many bytes of s are UTF-8 from the start.
func validPrefix(s string) int {
	if utf8.ValidString(s) {
		return len(s)
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(s)
}

// quote writes s as JSON does, without the marks around it.
func quote(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	start := b.Len()
	if err := enc.Encode(s); err != nil {
		return err
	}
	all := b.Bytes()
	inner := all[start+1 : len(all)-2] // the mark, and a line break after the other
	copy(all[start:], inner)
	b.Truncate(start + len(inner))
	return nil
}

// UnmarshalJSON reads a string. Null changes nothing.
func (t *text) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if len(b) < 2 || b[0] != '"' {
		return &json.UnmarshalTypeError{Value: kindOf(b), Type: reflect.TypeFor[string]()}
	}
	inner := b[1 : len(b)-1]
	var out []byte
	for {
		i := loneSurrogate(inner)
		var s string
		if err := json.Unmarshal(append(append([]byte{'"'}, inner[:i]...), '"'), &s); err != nil {
			return err
		}
		if i == len(inner) && out == nil {
			*t = text(s)
			return nil
		}
		if out = append(out, s...); i == len(inner) {
			*t = text(out)
			return nil
		}
		n, _ := strconv.ParseUint(string(inner[i+4:i+6]), 16, 8)
		out, inner = append(out, byte(n)), inner[i+6:]
	}
}

func kindOf(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("{")):
		return "object"
	case bytes.HasPrefix(b, []byte("[")):
		return "array"
	case bytes.HasPrefix(b, []byte("t")), bytes.HasPrefix(b, []byte("f")):
		return "bool"
	}
	return "number"
}

// loneSurrogate returns where the first escape of a byte is in what stands between the marks of a string, or the length.
func loneSurrogate(b []byte) int {
	if !bytes.Contains(b, []byte(`\ud`)) && !bytes.Contains(b, []byte(`\uD`)) {
		return len(b)
	}
	for i := 0; i < len(b); {
		unit, ok := escaped(b[i:])
		switch {
		case b[i] != '\\':
			i++
		case !ok:
			i += 2
		case unit >= 0xdc80 && unit <= 0xdcff:
			return i
		case unit >= 0xd800 && unit < 0xdc00:
			i += 6
			if low, ok := escaped(b[min(i, len(b)):]); ok && low >= 0xdc00 && low <= 0xdfff {
				i += 6
			}
		default:
			i += 6
		}
	}
	return len(b)
}

// escaped returns the number that \uXXXX at the front of b stands for.
func escaped(b []byte) (uint64, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return n, err == nil
}

// toText returns a body as text if it is mostly that and fromText makes the same bytes of it again.
func toText(mimeType string, b []byte) (string, bool) {
	if binary(b) {
		return "", false
	}
	s := string(b)
	if label := charsetOf(mimeType); label != "" && !utf8.Valid(b) {
		if enc, _ := charset.Lookup(label); enc != nil {
			if plain, err := enc.NewDecoder().Bytes(b); err == nil {
				s = string(plain)
			}
		}
	}
	return s, utf8.ValidString(s) && bytes.Equal(fromText(mimeType, s), b)
}

// fromText returns the bytes of a text in the charset of its type; in UTF-8 if that does not have all of it.
func fromText(mimeType, s string) []byte {
	if label := charsetOf(mimeType); label != "" && !ascii(s) {
		if enc, name := charset.Lookup(label); enc != nil && name != "utf-8" {
			b, err := enc.NewEncoder().Bytes([]byte(s))
			// What a charset does not have is written in some other way, so look what has come of it.
			if back, wrong := enc.NewDecoder().Bytes(b); err == nil && wrong == nil && string(back) == s {
				return b
			}
		}
	}
	return []byte(s)
}

func charsetOf(mimeType string) string {
	if !strings.Contains(mimeType, "=") {
		return ""
	}
	_, ps, _ := mime.ParseMediaType(mimeType)
	return ps["charset"]
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// binary reports whether what b begins with is mostly no text.
func binary(b []byte) bool {
	start := b[:min(len(b), 512)]
	odd := 0
	for _, c := range start {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			odd++
		}
	}
	return odd*10 > len(start)*3
}
