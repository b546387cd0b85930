package content

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Tags of YAML for what MsgPack has besides. An extension's has its type behind it.
const (
	tagFloat32 = "!float32"
	tagBytes   = "!bytes" // a text that is no UTF-8, in base64
	tagExt     = "!ext"
)

// msgpackText writes each value as a YAML document.
func msgpackText(_ Meta, data []byte) ([]byte, error) {
	var b bytes.Buffer
	out := yaml.NewEncoder(&b)
	out.SetIndent(2)
	m := &msgpackPrinter{b: data}
	for m.i < len(data) {
		node, err := m.node(0)
		if err != nil {
			return nil, err
		}
		if err := out.Encode(node); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), out.Close()
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// node reads one value at a depth.
func (m *msgpackPrinter) node(depth int) (*yaml.Node, error) {
	head, err := m.take(1)
	if err != nil {
		return nil, err
	}
	switch c := head[0]; {
	case c < 0x80:
		return scalar("!!int", strconv.Itoa(int(c))), nil
	case c < 0x90:
		return m.nodes(uint64(c&15), depth, false)
	case c < 0xa0:
		return m.nodes(uint64(c&15), depth, true)
	case c < 0xc0:
		return m.textNode(uint64(c & 31))
	case c >= 0xe0:
		return scalar("!!int", strconv.Itoa(int(int8(c)))), nil
	case c == 0xc0:
		return scalar("!!null", "null"), nil
	case c == 0xc1:
		return nil, fmt.Errorf("no MsgPack from byte %d on", m.i-1)
	case c <= 0xc3:
		return scalar("!!bool", strconv.FormatBool(c == 0xc3)), nil
	case c <= 0xd3 && c >= 0xca:
		return m.numberNode(c)
	case c >= 0xd4 && c <= 0xd8:
		return m.extNode(1 << (c - 0xd4))
	default:
		return m.sized(c, depth)
	}
}

// sized reads a value whose length comes before it.
func (m *msgpackPrinter) sized(c byte, depth int) (*yaml.Node, error) {
	width := map[byte]uint64{0xc4: 1, 0xc5: 2, 0xc6: 4, 0xc7: 1, 0xc8: 2, 0xc9: 4,
		0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4}[c]
	n, err := m.uint(width)
	if err != nil {
		return nil, err
	}
	switch {
	case c <= 0xc6:
		b, err := m.take(n)
		return scalar("!!binary", base64.StdEncoding.EncodeToString(b)), err
	case c <= 0xc9:
		return m.extNode(n)
	case c <= 0xdb:
		return m.textNode(n)
	}
	return m.nodes(n, depth, c < 0xde)
}

func (m *msgpackPrinter) numberNode(c byte) (*yaml.Node, error) {
	size := uint64(4) << (c & 1)
	if c >= 0xcc {
		size = 1 << (c & 3)
	}
	v, err := m.uint(size)
	shift := 64 - 8*size
	switch {
	case c == 0xca:
		return scalar(tagFloat32, floatText(float64(math.Float32frombits(uint32(v))), 32)), err
	case c == 0xcb:
		return scalar("!!float", floatText(math.Float64frombits(v), 64)), err
	case c >= 0xd0:
		return scalar("!!int", strconv.FormatInt(int64(v<<shift)>>shift, 10)), err
	}
	return scalar("!!int", strconv.FormatUint(v, 10)), err
}

// floatText writes a float so that YAML takes it for one.
func floatText(f float64, bits int) string {
	s := strconv.FormatFloat(f, 'g', -1, bits)
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 0):
		return strings.Replace(strings.ToLower(s), "inf", ".inf", 1)
	case !strings.ContainsAny(s, ".e"):
		s += ".0"
	}
	return s
}

func (m *msgpackPrinter) textNode(n uint64) (*yaml.Node, error) {
	b, err := m.take(n)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(b) {
		return scalar(tagBytes, base64.StdEncoding.EncodeToString(b)), nil
	}
	node := scalar("!!str", string(b))
	if strings.ContainsFunc(node.Value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node, nil
}

func (m *msgpackPrinter) extNode(n uint64) (*yaml.Node, error) {
	kind, err := m.take(1)
	if err != nil {
		return nil, err
	}
	b, err := m.take(n)
	return scalar(tagExt+strconv.Itoa(int(int8(kind[0]))), base64.StdEncoding.EncodeToString(b)), err
}

// nodes reads n elements, or pairs.
func (m *msgpackPrinter) nodes(n uint64, depth int, list bool) (*yaml.Node, error) {
	if depth == msgpackDepth {
		return nil, fmt.Errorf("the MsgPack is nested more than %d deep", msgpackDepth)
	}
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if !list {
		node = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		n *= 2
	}
	for range n {
		child, err := m.node(depth + 1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	if n == 0 {
		node.Style = yaml.FlowStyle
	}
	return node, nil
}

// msgpackEncode reads YAML documents. Every number takes the fewest bytes that hold it.
func msgpackEncode(_, text []byte) ([]byte, error) {
	in := yaml.NewDecoder(bytes.NewReader(text))
	var out []byte
	for {
		var doc yaml.Node
		err := in.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
		}
		for _, value := range doc.Content {
			if out, err = appendMsgPack(out, value, 0); err != nil {
				return nil, err
			}
		}
	}
}

func appendMsgPack(b []byte, n *yaml.Node, depth int) ([]byte, error) {
	if depth > msgpackDepth {
		return nil, fmt.Errorf("line %d: nested more than %d deep", n.Line, msgpackDepth)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		b = appendLength(b, len(n.Content), 0x90, 15, 0xdc-1)
	case yaml.MappingNode:
		b = appendLength(b, len(n.Content)/2, 0x80, 15, 0xde-1)
	case yaml.ScalarNode:
		b, err := appendScalar(b, n)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n.Line, err)
		}
		return b, nil
	default:
		return nil, fmt.Errorf("line %d: references cannot be written as MsgPack: write the value itself", n.Line)
	}
	for _, child := range n.Content {
		var err error
		if b, err = appendMsgPack(b, child, depth+1); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendLength writes a length: in the byte short up to most, else behind a byte that counts up
// from that of lengths of one byte.
func appendLength(b []byte, n int, short byte, most int, one byte) []byte {
	list := short&0xf0 == 0x90 || short == 0x80 // has no length of one byte
	switch {
	case n <= most:
		return append(b, short|byte(n))
	case n < 1<<8 && !list:
		return append(b, one, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, one+1), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, one+2), uint32(n))
}

func appendScalar(b []byte, n *yaml.Node) ([]byte, error) {
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		return append(b, 0xc0), nil
	case tag == "!!bool":
		return append(b, 0xc2|map[bool]byte{true: 1}[strings.EqualFold(n.Value, "true")]), nil
	case tag == "!!int":
		return appendInt(b, n.Value)
	case tag == "!!float", tag == tagFloat32:
		return appendFloat(b, tag, n)
	case tag == "!!binary", tag == tagBytes, strings.HasPrefix(tag, tagExt):
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		if err != nil {
			return nil, fmt.Errorf("what follows %s is no base64: %w", tag, err)
		}
		return appendBytes(b, tag, data)
	case tag == "!!str", tag == "!!timestamp", tag == "!!merge":
		return appendText(b, n.Value), nil
	default:
		return nil, fmt.Errorf("%s is no kind of value that MsgPack has", tag)
	}
}

func appendText(b []byte, s string) []byte {
	return append(appendLength(b, len(s), 0xa0, 31, 0xd9), s...)
}

// appendBytes writes bytes that stand in base64.
func appendBytes(b []byte, tag string, data []byte) ([]byte, error) {
	switch tag {
	case tagBytes:
		return appendText(b, string(data)), nil
	case "!!binary":
		return append(appendLength(b, len(data), 0, -1, 0xc4), data...), nil
	}
	kind, err := strconv.ParseInt(strings.TrimPrefix(tag, tagExt), 10, 8)
	if err != nil {
		return nil, fmt.Errorf("%s: the type of an extension is a number from -128 to 127", tag)
	}
	switch len(data) {
	case 1, 2, 4, 8, 16:
		b = append(b, 0xd4+byte(strings.Index("1248f", strconv.FormatInt(int64(min(len(data), 15)), 16))))
	default:
		b = appendLength(b, len(data), 0, -1, 0xc7)
	}
	return append(append(b, byte(kind)), data...), nil
}

func appendInt(b []byte, text string) ([]byte, error) {
	text = strings.ReplaceAll(text, "_", "")
	if u, err := strconv.ParseUint(text, 0, 64); err == nil {
		switch {
		case u < 0x80:
			return append(b, byte(u)), nil
		case u < 1<<8:
			return append(b, 0xcc, byte(u)), nil
		case u < 1<<16:
			return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(u)), nil
		case u < 1<<32:
			return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(u)), nil
		}
		return binary.BigEndian.AppendUint64(append(b, 0xcf), u), nil
	}
	i, err := strconv.ParseInt(text, 0, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s does not fit into 64 bits", text)
	case i >= -32:
		return append(b, byte(i)), nil
	case i >= math.MinInt8:
		return append(b, 0xd0, byte(i)), nil
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(i)), nil
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(i)), nil
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(i)), nil
}

func appendFloat(b []byte, tag string, n *yaml.Node) ([]byte, error) {
	var f float64
	plain := scalar("!!float", n.Value)
	if err := plain.Decode(&f); err != nil {
		return nil, fmt.Errorf("%s is no number", n.Value)
	}
	if tag == tagFloat32 {
		return binary.BigEndian.AppendUint32(append(b, 0xca), math.Float32bits(float32(f))), nil
	}
	return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(f)), nil
}
