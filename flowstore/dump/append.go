package dump

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// appendValue appends a value. It goes through the value twice: first it measures all that has to have its length in front.
func appendValue(b []byte, v any) []byte {
	var m measure
	n := m.size(v)
	b = slices.Grow(b, n)
	w := appender{b: b, sizes: m.sizes}
	w.value(v)
	return w.b
}

// A measure gathers the lengths of payloads in the order in which values begin.
type measure struct {
	sizes []int
	text  []byte
}

// size returns the length of a value with its prefix and tag.
func (m *measure) size(v any) int {
	i := len(m.sizes)
	m.sizes = append(m.sizes, 0)
	n := 0
	switch v := v.(type) {
	case []byte:
		n = len(v)
	case []any:
		for _, item := range v {
			n += m.size(item)
		}
	case *dict:
		for _, f := range v.fields {
			n += m.size(f.name) + m.size(f.value)
		}
	default:
		m.text = appendScalar(m.text[:0], v)
		n = len(m.text)
	}
	m.sizes[i] = n
	digits := 1
	for x := n; x > 9; x /= 10 {
		digits++
	}
	return digits + 1 + n + 1
}

// An appender writes values whose lengths are known.
type appender struct {
	b     []byte
	sizes []int
}

func (w *appender) value(v any) {
	w.b = append(strconv.AppendInt(w.b, int64(w.sizes[0]), 10), ':')
	w.sizes = w.sizes[1:]
	switch v := v.(type) {
	case []byte:
		w.b = append(w.b, v...)
	case []any:
		for _, item := range v {
			w.value(item)
		}
	case *dict:
		for _, f := range v.fields {
			w.value(f.name)
			w.value(f.value)
		}
	default:
		w.b = appendScalar(w.b, v)
	}
	w.b = append(w.b, tag(v))
}

func tag(v any) byte {
	switch v.(type) {
	case nil:
		return '~'
	case bool:
		return '!'
	case int, bigInt:
		return '#'
	case float64:
		return '^'
	case string:
		return ';'
	case []byte:
		return ','
	case []any:
		return ']'
	case *dict:
		return '}'
	}
	panic(fmt.Sprintf("dump: %T is no value of a flow file", v))
}

// appendScalar appends the payload of what is neither bytes nor made of other values. What is no UTF-8 in a text is
// replaced: mitmproxy reads no file that has it.
func appendScalar(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case bigInt:
		return append(b, v...)
	case float64:
		return appendFloat(b, v)
	case string:
		return append(b, strings.ToValidUTF8(v, "\ufffd")...)
	}
	return b
}

// appendFloat writes the shortest decimal that is read as the same number, as Python does.
func appendFloat(b []byte, x float64) []byte {
	switch {
	case math.IsInf(x, 1):
		return append(b, "inf"...)
	case math.IsInf(x, -1):
		return append(b, "-inf"...)
	case math.IsNaN(x):
		return append(b, "nan"...)
	case x == math.Trunc(x) && math.Abs(x) < 1e16:
		return append(strconv.AppendFloat(b, x, 'f', -1, 64), ".0"...)
	case math.Abs(x) >= 1e-4 && math.Abs(x) < 1e16:
		return strconv.AppendFloat(b, x, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, x, 'e', -1, 64)
}
