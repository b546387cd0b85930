package dump

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// maxDepth is how deep values may lie in each other.
const maxDepth = 64

// maxValues is how many values a flow may have: the smallest ones take several times the memory that they take of a file.
const maxValues = 1 << 24

// Values are nil, bool, int, bigInt, float64, string, []byte, []any and *dict.
type (
	// A dict keeps its fields in their order. Of several with one name the last counts.
	dict struct{ fields []field }

	field struct {
		name  string
		value any
	}

	// A bigInt is a whole number, in decimal, that is too large for an int.
	bigInt string
)

func (d *dict) index(name string) int {
	for i := len(d.fields) - 1; i >= 0; i-- {
		if d.fields[i].name == name {
			return i
		}
	}
	return -1
}

// lookup returns the value of a field and whether there is one. A nil dict has none.
func (d *dict) lookup(name string) (any, bool) {
	if d == nil {
		return nil, false
	}
	if i := d.index(name); i >= 0 {
		return d.fields[i].value, true
	}
	return nil, false
}

func (d *dict) get(name string) any {
	v, _ := d.lookup(name)
	return v
}

// dict returns the dictionary in a field, or nil.
func (d *dict) dict(name string) *dict {
	v, _ := d.get(name).(*dict)
	return v
}

func (d *dict) set(name string, v any) {
	if i := d.index(name); i >= 0 {
		d.fields[i].value = v
		return
	}
	d.add(name, v)
}

// add is set for a name that the dict does not have.
func (d *dict) add(name string, v any) { d.fields = append(d.fields, field{name, v}) }

// pop takes a field out and returns its value, nil if there was none.
func (d *dict) pop(name string) any {
	i := d.index(name)
	if i < 0 {
		return nil
	}
	v := d.fields[i].value
	d.fields = slices.Delete(d.fields, i, i+1)
	return v
}

// rename gives a field another name, and makes it nil if there is none.
func (d *dict) rename(from, to string) { d.set(to, d.pop(from)) }

// A parser reads the values in the bytes after the outermost prefix, which lie at base in the file.
type parser struct {
	b    []byte
	base int64
	left *int // how many more values there may be

	names map[string]string // of fields, so that not every flow has its own copies
}

// within returns a parser for what ends at to.
func (p *parser) within(to int) parser { return parser{p.b[:to], p.base, p.left, p.names} }

func (p *parser) fail(i int, format string, args ...any) error {
	return &Error{p.base + int64(i), fmt.Errorf(format, args...)}
}

// value reads the value that begins at i, and returns where the next one begins. Bytes are lent.
func (p *parser) value(i, depth int) (v any, next int, err error) {
	from, to, err := p.span(i)
	if err != nil {
		return nil, 0, err
	}
	v, err = p.payload(from, to, depth)
	return v, to + 1, err
}

// span finds the payload of the value that begins at i: it lies between from and the tag at to.
func (p *parser) span(i int) (from, to int, err error) {
	if *p.left--; *p.left < 0 {
		return 0, 0, p.fail(i, "a flow has more than %d values", maxValues)
	}
	colon, n := i, int64(0)
	for colon < len(p.b) && colon-i <= maxDigits && '0' <= p.b[colon] && p.b[colon] <= '9' {
		n = 10*n + int64(p.b[colon]-'0')
		colon++
	}
	if colon == i || colon-i > maxDigits || colon == len(p.b) || p.b[colon] != ':' {
		return 0, 0, p.fail(min(colon, len(p.b)), "want the length of a value")
	}
	if n >= int64(len(p.b)-colon-1) {
		return 0, 0, p.fail(i, "a value is longer than what it lies in")
	}
	return colon + 1, colon + 1 + int(n), nil
}

// name reads the name of a field, which begins at i. Old files have bytes for it.
func (p *parser) name(i int) (name string, next int, err error) {
	from, to, err := p.span(i)
	if err != nil {
		return "", 0, err
	}
	if tag := p.b[to]; tag != ';' && tag != ',' {
		return "", 0, p.fail(i, "want the name of a field")
	}
	b := p.b[from:to]
	if name, ok := p.names[string(b)]; ok {
		return name, to + 1, nil
	}
	return string(b), to + 1, nil
}

// payload reads what lies between from and the tag at to.
func (p *parser) payload(from, to, depth int) (any, error) {
	b := p.b[from:to]
	switch tag := p.b[to]; tag {
	case ',':
		return b, nil
	case ';':
		return string(b), nil
	case '#':
		return p.number(from, b)
	case '^':
		x, err := strconv.ParseFloat(string(b), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return nil, p.fail(from, "%q is no number", short(b))
		}
		return x, nil
	case '!':
		if t := string(b); t == "true" || t == "false" {
			return t == "true", nil
		}
		return nil, p.fail(from, "want true or false")
	case '~':
		if len(b) == 0 {
			return nil, nil
		}
		return nil, p.fail(from, "want nothing here")
	case ']':
		return p.list(from, to, depth)
	case '}':
		return p.dict(from, to, depth)
	default:
		return nil, p.fail(to, "%q is the tag of no value", tag)
	}
}

func (p *parser) number(at int, b []byte) (any, error) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err == nil && int64(int(n)) == n {
		return int(n), nil
	}
	if len(bytes.Trim(bytes.TrimPrefix(b, []byte("-")), "0123456789")) > 0 || errors.Is(err, strconv.ErrSyntax) {
		return nil, p.fail(at, "%q is no whole number", short(b))
	}
	return bigInt(b), nil
}

func (p *parser) list(i, to, depth int) (any, error) {
	if depth == maxDepth {
		return nil, p.fail(i, "values lie deeper in each other than %d", maxDepth)
	}
	list := []any{}
	for inner := p.within(to); i < to; {
		v, next, err := inner.value(i, depth+1)
		if err != nil {
			return nil, err
		}
		list, i = append(list, v), next
	}
	return list, nil
}

func (p *parser) dict(i, to, depth int) (any, error) {
	if depth == maxDepth {
		return nil, p.fail(i, "values lie deeper in each other than %d", maxDepth)
	}
	d := &dict{}
	for inner := p.within(to); i < to; {
		key, next, err := inner.name(i)
		if err != nil {
			return nil, err
		}
		v, after, err := inner.value(next, depth+1)
		if err != nil {
			return nil, err
		}
		d.add(key, v)
		i = after
	}
	return d, nil
}

// textOf returns a text, which old files have as bytes.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

func short(b []byte) []byte { return b[:min(len(b), 40)] }
