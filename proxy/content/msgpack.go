package content

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
)

const msgpackDepth = 512

var errMsgPackShort = errors.New("the MsgPack ends here, unfinished")

// showMsgPack writes values as YAML would, maps and lists by their nesting.
func showMsgPack(_ Meta, data []byte) (iter.Seq[Line], error) {
	if len(data) == 0 {
		return nil, errors.New("it is empty")
	}
	return write(func(p *pen) {
		m := &msgpackPrinter{p: p, b: data}
		for m.i < len(data) && !p.stopped {
			if err := m.value(0, String); err != nil {
				p.note(err.Error())
				printHex(p, data[m.i:], 0)
				return
			}
			p.fresh()
		}
	}), nil
}

type msgpackPrinter struct {
	p *pen
	b []byte
	i int
}

// take returns the next n bytes.
func (m *msgpackPrinter) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.b)-m.i) {
		return nil, errMsgPackShort
	}
	b := m.b[m.i : m.i+int(n)]
	m.i += int(n)
	return b, nil
}

// uint reads a big-endian number of n bytes.
func (m *msgpackPrinter) uint(n uint64) (uint64, error) {
	b, err := m.take(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-n:], b)
	return binary.BigEndian.Uint64(wide[:]), nil
}

// value writes one value at a depth; text has the role that is given. It leaves the line open after a scalar.
func (m *msgpackPrinter) value(depth int, role Role) error {
	head, err := m.take(1)
	if err != nil {
		return err
	}
	switch c := head[0]; {
	case c < 0x80:
		m.p.word(Number, strconv.Itoa(int(c)))
	case c < 0x90:
		return m.container(uint64(c&15), depth, false)
	case c < 0xa0:
		return m.container(uint64(c&15), depth, true)
	case c < 0xc0:
		return m.text(uint64(c&31), role)
	case c >= 0xe0:
		m.p.word(Number, strconv.Itoa(int(int8(c))))
	default:
		return m.typed(c, depth, role)
	}
	return nil
}

// typed writes a value whose first byte is only a type.
func (m *msgpackPrinter) typed(c byte, depth int, role Role) error {
	switch {
	case c == 0xc0:
		m.p.word(Keyword, "null")
	case c == 0xc1:
		m.i--
		return fmt.Errorf("no MsgPack from byte %d on", m.i)
	case c == 0xc2:
		m.p.word(Keyword, "false")
	case c == 0xc3:
		m.p.word(Keyword, "true")
	case c <= 0xc6:
		return m.binary(1<<(c-0xc4), "!binary ")
	case c <= 0xc9:
		return m.ext(1 << (c - 0xc7))
	case c <= 0xd3:
		return m.number(c)
	case c <= 0xd8:
		return m.extOf(1 << (c - 0xd4))
	case c <= 0xdb:
		n, err := m.uint(1 << (c - 0xd9))
		if err != nil {
			return err
		}
		return m.text(n, role)
	default: // 0xdc, 0xdd: list, 0xde, 0xdf: map, with a size of 2 or 4 bytes
		n, err := m.uint(2 << (c & 1))
		if err != nil {
			return err
		}
		return m.container(n, depth, c < 0xde)
	}
	return nil
}

// number writes a float (0xca, 0xcb) or an integer of 1, 2, 4 or 8 bytes.
func (m *msgpackPrinter) number(c byte) error {
	size := uint64(4) << (c & 1)
	if c >= 0xcc {
		size = 1 << (c & 3)
	}
	v, err := m.uint(size)
	if err != nil {
		return err
	}
	s := strconv.FormatUint(v, 10)
	switch {
	case c == 0xca:
		s = strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
	case c == 0xcb:
		s = strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	case c >= 0xd0:
		shift := 64 - 8*size
		s = strconv.FormatInt(int64(v<<shift)>>shift, 10)
	}
	m.p.word(Number, s)
	return nil
}

func (m *msgpackPrinter) text(n uint64, role Role) error {
	b, err := m.take(n)
	if err != nil {
		return err
	}
	m.p.put(role, b)
	return nil
}

// binary writes bytes in hex, after a length of so many bytes.
func (m *msgpackPrinter) binary(lengthSize uint64, tag string) error {
	n, err := m.uint(lengthSize)
	if err != nil {
		return err
	}
	b, err := m.take(n)
	if err != nil {
		return err
	}
	m.p.word(Keyword, tag)
	m.hex(b)
	return nil
}

func (m *msgpackPrinter) hex(b []byte) {
	for len(b) > 0 && !m.p.stopped {
		k := min(len(b), maxLine/2)
		m.p.put(String, hex.AppendEncode(nil, b[:k]))
		b = b[k:]
	}
}

func (m *msgpackPrinter) ext(lengthSize uint64) error {
	n, err := m.uint(lengthSize)
	if err != nil {
		return err
	}
	return m.extOf(n)
}

// extOf writes an extension of n bytes after its type.
func (m *msgpackPrinter) extOf(n uint64) error {
	kind, err := m.take(1)
	if err != nil {
		return err
	}
	b, err := m.take(n)
	if err != nil {
		return err
	}
	m.p.word(Keyword, fmt.Sprintf("!ext %d ", int8(kind[0])))
	m.hex(b)
	return nil
}

// container writes n elements, or pairs, each on lines of its own one step deeper.
func (m *msgpackPrinter) container(n uint64, depth int, list bool) error {
	if depth == msgpackDepth {
		return fmt.Errorf("the MsgPack is nested more than %d deep", msgpackDepth)
	}
	if n == 0 {
		m.p.word(Punct, map[bool]string{true: "[]", false: "{}"}[list])
		return nil
	}
	for range n {
		if m.p.stopped {
			return nil
		}
		m.p.fresh()
		m.p.indent(2 * depth)
		if list {
			m.p.word(Punct, "- ")
		} else {
			if err := m.value(depth+1, Key); err != nil {
				return err
			}
			m.p.word(Punct, ": ")
		}
		if err := m.value(depth+1, String); err != nil {
			return err
		}
	}
	return nil
}
