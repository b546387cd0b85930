package http1

import (
	"encoding/binary"

	"sluice/proxy/flow"
)

// maxQuick is how many fields a head may have to be read in one pass.
const maxQuick = 32

// A span is where a field's name and value lie in a head.
type span struct{ name, colon, value, end int32 }

// quick reads a head that is whole, ordinary and at the front of b, as nearly all are, in one pass.
// Every other one, bad ones first of all, is left to those who look closer: n is 0 then.
func quick(b []byte, lim Limits) (h head, n int) {
	if len(b) > lim.Head {
		b = b[:lim.Head]
	}
	first := lineEnd(b, 0)
	if first <= 0 {
		return h, 0
	}
	var spans [maxQuick]span
	count := 0
	for n = first + 2; ; count++ {
		if n+1 < len(b) && b[n] == '\r' && b[n+1] == '\n' {
			n += 2
			break
		}
		if count == min(maxQuick, lim.Fields) || !spans[count].read(b, n) {
			return h, 0
		}
		n = int(spans[count].end) + 2
	}
	h.text, h.read = string(b[:n]), true
	if count > 0 {
		h.list = make(flow.Headers, count)
		for i := range h.list {
			f := &spans[i]
			h.list[i] = flow.Header{Name: h.text[f.name:f.colon], Value: trimBlanks(h.text[f.value:f.end])}
		}
	}
	return h, n
}

// read finds the field that begins at from, and reports whether it is whole and its name a token.
func (f *span) read(b []byte, from int) bool {
	i := from
	for i < len(b) && chars[b[i]]&isToken != 0 {
		i++
	}
	if i == from || i == len(b) || b[i] != ':' {
		return false
	}
	end := lineEnd(b, i+1)
	*f = span{int32(from), int32(i), int32(i + 1), int32(end)}
	return end > 0
}

// lineEnd returns where the line that from is in ends in CRLF, or -1 if
// that is not here, or another control character than a tab comes first.
func lineEnd(b []byte, from int) int {
	i := from
	for i < len(b) {
		if len(b)-i >= 8 && !maybeControl(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
			continue
		}
		for stop := min(i+8, len(b)); i < stop; i++ {
			if c := b[i]; c < ' ' && c != '\t' || c == 0x7f {
				if c == '\r' && i+1 < len(b) && b[i+1] == '\n' {
					return i
				}
				return -1
			}
		}
	}
	return -1
}
