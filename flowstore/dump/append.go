package dump

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/proxy/flow"
)

// Values that are written but never read.
type (
	// octets are bytes.
	octets string
	// raw is a value as it is in a file, prefix and tag included.
	raw []byte
)

// appendValue appends a value. It goes through the value twice: first it measures all that has to have its length in front.
func appendValue(b []byte, v any) []byte {
	var room [128]int
	m := measure{sizes: room[:0]}
	b = slices.Grow(b, m.size(v))
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
	if done, ok := v.(raw); ok {
		return len(done)
	}
	i := len(m.sizes)
	m.sizes = append(m.sizes, 0)
	n := 0
	switch v := v.(type) {
	case []byte:
		n = len(v)
	case octets:
		n = len(v)
	case *flow.Body:
		n = int(v.Len())
	case flow.Headers:
		for i := range v {
			n += around(pairSize(&v[i]))
		}
	case []any:
		for _, item := range v {
			n += m.size(item)
		}
	case *dict:
		for _, f := range v.fields {
			n += around(len(f.name)) + m.size(f.value)
		}
	default:
		m.text = appendScalar(m.text[:0], v)
		n = len(m.text)
	}
	m.sizes[i] = n
	return around(n)
}

// around is the length of a value whose payload has n bytes.
func around(n int) int {
	digits := 1
	for x := n; x > 9; x /= 10 {
		digits++
	}
	return digits + 1 + n + 1
}

func pairSize(h *flow.Header) int { return around(len(h.Name)) + around(len(h.Value)) }

// writeValue is appendValue that hands bytes of which there are many on from where they are.
func writeValue(out io.Writer, v any) error {
	var m measure
	m.size(v)
	w := appender{sizes: m.sizes, out: out}
	w.value(v)
	w.flush()
	return w.err
}

// An appender writes values whose lengths are known.
type appender struct {
	b     []byte
	sizes []int
	out   io.Writer // nil: everything stays in b
	err   error
}

// maxGathered is how many bytes an appender copies to b, if there is an out.
const maxGathered = 64 << 10

func (w *appender) flush() {
	if w.err == nil {
		_, w.err = w.out.Write(w.b)
	}
	w.b = w.b[:0]
}

func (w *appender) bytes(p []byte) {
	if w.out == nil || len(w.b)+len(p) <= maxGathered {
		w.b = append(w.b, p...)
		return
	}
	if w.flush(); w.err == nil {
		_, w.err = w.out.Write(p)
	}
}

func (w *appender) value(v any) {
	if done, ok := v.(raw); ok {
		w.b = append(w.b, done...)
		return
	}
	w.prefix(w.sizes[0])
	w.sizes = w.sizes[1:]
	switch v := v.(type) {
	case []byte:
		w.bytes(v)
	case octets:
		w.b = append(w.b, v...)
	case *flow.Body:
		for p := range v.Chunks {
			w.bytes(p)
		}
	case flow.Headers:
		for i := range v {
			w.prefix(pairSize(&v[i]))
			w.text(v[i].Name, ',')
			w.text(v[i].Value, ',')
			w.b = append(w.b, ']')
		}
	case []any:
		for _, item := range v {
			w.value(item)
		}
	case *dict:
		for _, f := range v.fields {
			w.text(f.name, ';')
			w.value(f.value)
		}
	default:
		w.b = appendScalar(w.b, v)
	}
	if w.b = append(w.b, tag(v)); w.out != nil && len(w.b) > maxGathered {
		w.flush()
	}
}

func (w *appender) prefix(n int) { w.b = append(strconv.AppendInt(w.b, int64(n), 10), ':') }

func (w *appender) text(text string, tag byte) {
	w.prefix(len(text))
	w.b = append(append(w.b, text...), tag)
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
	case []byte, octets, *flow.Body:
		return ','
	case []any, flow.Headers:
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
	case x >= 1<<30 && x < 1<<31:
		return appendEpoch(b, x)
	case x == math.Trunc(x) && math.Abs(x) < 1e16:
		return append(strconv.AppendFloat(b, x, 'f', -1, 64), ".0"...)
	case math.Abs(x) >= 1e-4 && math.Abs(x) < 1e16:
		return strconv.AppendFloat(b, x, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, x, 'e', -1, 64)
}

// appendEpoch is appendFloat of seconds since 1970 in the years 2004 to 2037, which most numbers are: they are whole multiples of
// 2^-22, so that integers tell which decimals are read as the same one. Seven always are, and never two of six.
func appendEpoch(b []byte, x float64) []byte {
	const unit = 1 << 22
	n := int64(x * unit)
	b = append(strconv.AppendInt(b, n/unit, 10), '.')
	part, digits := n%unit, 7
	d := part * 1e7 / unit
	d = (part*1e7 + unit/2 - 1 + d%2) / unit // half goes to the even one
	if short := (part*1e6 + unit/2) / unit; max(short*unit-part*1e6, part*1e6-short*unit) < 1e6/2 {
		d, digits = short, 6
	}
	for digits > 1 && d%10 == 0 {
		d, digits = d/10, digits-1
	}
	end := len(b) + digits
	b = append(b, "0000000"[:digits]...)
	for ; d > 0; d /= 10 {
		end--
		b[end] = byte('0' + d%10)
	}
	return b
}
