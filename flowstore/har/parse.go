package har

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"sluice/flowstore/dump"
)

// A parser reads one value of JSON (RFC 8259) that is in memory.
type parser struct {
	b    []byte
	i    int
	base int64 // the byte of the archive that b begins with
	kept *dump.Texts
}

// maxKeptText is how long a text may be that is known again.
const maxKeptText = 256

// A fieldError says what is wrong with a field. Its path is empty for the value itself.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string {
	if e.path == "" {
		return "it " + e.err.Error()
	}
	return e.path + " " + e.err.Error()
}

// in says of which field an error is.
func in(name string, err error) error {
	f, ok := errors.AsType[*fieldError](err)
	switch {
	case !ok:
		return err
	case f.path == "" || f.path[0] == '[':
		return &fieldError{name + f.path, f.err}
	}
	return &fieldError{name + "." + f.path, f.err}
}

// broken says that there is no JSON at the next byte.
func (p *parser) broken() error {
	return fmt.Errorf("there is no JSON at byte %d: it must be mended there", p.base+int64(p.i))
}

func (p *parser) blanks() {
	for p.i < len(p.b) && blank(p.b[p.i]) {
		p.i++
	}
}

// mark takes a mark, and spaces in front of it.
func (p *parser) mark(c byte) bool {
	p.blanks()
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

// object calls field for each one, which must read its value. Null has no fields.
func (p *parser) object(field func(name string) error) error {
	if !p.mark('{') {
		return p.other("object")
	}
	if p.mark('}') {
		return nil
	}
	for {
		if !p.mark('"') {
			return p.broken()
		}
		b, err := p.quoted()
		if err != nil {
			return err
		}
		name := p.kept.Of(b, maxKeptText)
		if !p.mark(':') {
			return p.broken()
		}
		if err := field(name); err != nil {
			return in(name, err)
		}
		switch {
		case p.mark(','):
		case p.mark('}'):
			return nil
		default:
			return p.broken()
		}
	}
}

// list calls element for each one, which must read it. Null has none.
func (p *parser) list(element func() error) error {
	if !p.mark('[') {
		return p.other("list")
	}
	if p.mark(']') {
		return nil
	}
	for n := 0; ; n++ {
		if err := element(); err != nil {
			return in("["+strconv.Itoa(n)+"]", err)
		}
		switch {
		case p.mark(','):
		case p.mark(']'):
			return nil
		default:
			return p.broken()
		}
	}
}

// other takes null in the place of something; anything else is an error.
func (p *parser) other(want string) error {
	kind, err := p.skip()
	if err != nil || kind == "null" {
		return err
	}
	return &fieldError{"", errors.New("must be " + a(want) + ", not " + a(kind))}
}

func a(kind string) string {
	if kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

// skip reads over a value and says what it was. Of an object and a list only the brackets are looked at.
func (p *parser) skip() (kind string, err error) {
	if p.blanks(); p.i == len(p.b) || bytes.IndexByte([]byte(",:]}"), p.b[p.i]) >= 0 {
		return "", p.broken()
	}
	var e extent
	b := p.b[p.i:]
	b = b[:e.scan(b, 0)]
	switch {
	case !e.done && !e.bare:
		return "", p.broken()
	case b[0] == '{':
		kind = "object"
	case b[0] == '[':
		kind = "list"
	case b[0] == '"':
		kind = "text"
	case string(b) == "null" || string(b) == "NaN":
		kind = "null"
	case string(b) == "true" || string(b) == "false":
		kind = "bool"
	default:
		if _, err := strconv.ParseFloat(string(b), 64); err != nil && !errors.Is(err, strconv.ErrRange) {
			return "", p.broken()
		}
		kind = "number"
	}
	p.i += len(b)
	return kind, nil
}

// text reads a string. Null is empty.
func (p *parser) text(to *string) error {
	if !p.mark('"') {
		return p.other("text")
	}
	b, err := p.quoted()
	*to = p.kept.Of(b, maxKeptText)
	return err
}

// bytes reads a string as bytes of its own. Null is nil.
func (p *parser) bytes(to *[]byte) error {
	if !p.mark('"') {
		return p.other("text")
	}
	from := p.i
	b, err := p.quoted()
	if len(b) == p.i-from-1 { // it had no escapes
		b = bytes.Clone(b)
	}
	*to = b
	return err
}

// float reads a number, which may be in quotes. Null, and a text that is none, change nothing.
func (p *parser) float(to *float64) error {
	if p.mark('"') {
		b, err := p.quoted()
		if x, bad := strconv.ParseFloat(string(b), 64); bad == nil {
			*to = x
		}
		return err
	}
	p.blanks()
	from := p.i
	kind, err := p.skip()
	if err != nil || kind == "null" {
		return err
	}
	if kind != "number" {
		return &fieldError{"", errors.New("must be a number, not " + a(kind))}
	}
	*to, _ = strconv.ParseFloat(string(p.b[from:p.i]), 64)
	return nil
}

// bool reads true or false, and takes anything else for false.
func (p *parser) bool(to *bool) error {
	p.blanks()
	from := p.i
	_, err := p.skip()
	*to = err == nil && string(p.b[from:p.i]) == "true"
	return err
}

// quoted reads a string behind its mark. Without escapes it is a part of b.
func (p *parser) quoted() ([]byte, error) {
	from := p.i
	end := endOfString(p.b, from)
	if end < 0 {
		return nil, p.broken()
	}
	p.i = end
	b := p.b[from : end-1 : end-1]
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b, nil
	}
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		next := bytes.IndexByte(b[i:], '\\')
		if next < 0 {
			return append(out, b[i:]...), nil
		}
		out = append(out, b[i:i+next]...)
		i += next
		n := 0
		if out, n = appendUnescaped(out, b[i:]); n == 0 {
			p.i = from + i
			return nil, p.broken()
		}
		i += n
	}
	return out, nil
}

// appendUnescaped appends what the escape at the front of b stands for, and returns its length; 0 if it is none (RFC 8259 §7).
// The escape of a lone surrogate \udc80 to \udcff is a byte, as Python writes those that are no UTF-8 (PEP 383).
func appendUnescaped(out, b []byte) ([]byte, int) {
	if len(b) < 2 {
		return out, 0
	}
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), b[1]); i >= 0 {
		return append(out, "\"\\/\b\f\n\r\t"[i]), 2
	}
	unit, ok := escaped(b)
	switch {
	case !ok:
		return out, 0
	case unit >= 0xdc80 && unit <= 0xdcff:
		return append(out, byte(unit)), 6
	case !utf16.IsSurrogate(unit):
		return utf8.AppendRune(out, unit), 6
	}
	if low, ok := escaped(b[6:]); ok {
		if r := utf16.DecodeRune(unit, low); r != utf8.RuneError {
			return utf8.AppendRune(out, r), 12
		}
	}
	return utf8.AppendRune(out, utf8.RuneError), 6
}

// escaped returns the unit of UTF-16 that \uXXXX at the front of b stands for.
func escaped(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}
