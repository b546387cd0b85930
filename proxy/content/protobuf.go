package content

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"sluice/proxy/content/protofile"
	"sluice/proxy/flow/coding"
)

const (
	protoDepth = 24      // deeper messages are shown as bytes
	protoGuess = 1 << 20 // bytes; a longer field is not tried as a message
)

// showProtobuf writes fields by name, or by number, guessing what their bytes are: text, a message or neither.
func showProtobuf(m Meta, data []byte) (iter.Seq[Line], error) {
	if len(data) > 0 {
		if _, _, n := protowire.ConsumeField(data); n < 0 {
			return nil, fmt.Errorf("no protobuf field at its beginning: %w", protowire.ParseError(n))
		}
	}
	return write(func(p *pen) { printProto(p, m.Protos.message(m), data, 0) }), nil
}

// printProto writes the fields of a message at a depth, and after one that can't be read the rest as a dump.
func printProto(p *pen, md *protofile.Message, b []byte, depth int) {
	whole := len(b)
	for len(b) > 0 && !p.stopped {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			printBroken(p, b, whole, depth)
			return
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			printBroken(p, b, whole, depth)
			return
		}
		p.indent(2 * depth)
		if fd := fieldOf(md, num); fd != nil {
			p.word(Key, fd.Name)
			p.word(Punct, ": ")
			printField(p, fd, num, typ, b[n:n+m], depth)
		} else {
			p.word(Key, strconv.Itoa(int(num)))
			p.word(Punct, ": ")
			printProtoValue(p, num, typ, b[n:n+m], depth)
		}
		b = b[n+m:]
	}
}

func printBroken(p *pen, b []byte, whole, depth int) {
	p.note(fmt.Sprintf("no protobuf field from byte %d on", whole-len(b)))
	printHex(p, b, 2*depth)
}

// printProtoValue writes a value that has been found whole. What a number could be besides is said in a comment.
func printProtoValue(p *pen, num protowire.Number, typ protowire.Type, b []byte, depth int) {
	switch typ {
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(b)
		printNumber(p, strconv.FormatUint(v, 10), varintAlso(v))
	case protowire.Fixed32Type:
		v, _ := protowire.ConsumeFixed32(b)
		f := math.Float32frombits(v)
		printNumber(p, strconv.FormatUint(uint64(v), 10)+" !fixed32", "!float "+strconv.FormatFloat(float64(f), 'g', -1, 32))
	case protowire.Fixed64Type:
		v, _ := protowire.ConsumeFixed64(b)
		f := math.Float64frombits(v)
		printNumber(p, strconv.FormatUint(v, 10)+" !fixed64", "!double "+strconv.FormatFloat(f, 'g', -1, 64))
	case protowire.BytesType:
		v, _ := protowire.ConsumeBytes(b)
		printProtoBytes(p, v, depth)
	case protowire.StartGroupType:
		v, _ := protowire.ConsumeGroup(num, b)
		p.word(Comment, "!group")
		printMessage(p, nil, v, depth)
	}
}

func printNumber(p *pen, value, also string) {
	p.word(Number, value)
	if also != "" {
		p.word(Comment, "  # "+also)
	}
	p.end()
}

// varintAlso says what an unsigned number is in the signed encodings, where that may be meant.
func varintAlso(v uint64) string {
	switch {
	case v > math.MaxInt64:
		return "!int " + strconv.FormatInt(int64(v), 10)
	case v > 1:
		return "!sint " + strconv.FormatInt(protowire.DecodeZigZag(v), 10)
	}
	return ""
}

// printProtoBytes guesses in the order text, message, bytes. Text that begins like a
// field of a message (its first byte is a control character) is a message if it can be one.
func printProtoBytes(p *pen, b []byte, depth int) {
	text := isPlainText(b)
	if len(b) > 0 && (!text || b[0] < 0x20) && depth < protoDepth && isProto(b) {
		printMessage(p, nil, b, depth)
		return
	}
	if text {
		printText(p, b, depth)
		return
	}
	printBinary(p, b, depth)
}

// printBinary writes bytes behind the name of their field, or below it if they are many.
func printBinary(p *pen, b []byte, depth int) {
	if len(b) > 64 {
		printDump(p, b, depth)
		return
	}
	p.word(Keyword, "!binary ")
	p.word(String, hex.EncodeToString(b))
	p.end()
}

func printDump(p *pen, b []byte, depth int) {
	p.word(Keyword, "!binary")
	p.end()
	printHex(p, b, 2*depth+2)
}

// printText writes text behind the name of its field, or below it if it has several lines.
func printText(p *pen, b []byte, depth int) {
	if bytes.IndexByte(b, '\n') >= 0 {
		p.word(Punct, "|")
		p.end()
		block(p, 2*depth+2, String, b)
		return
	}
	p.put(String, b)
	p.end()
}

// isPlainText reports whether b is UTF-8 of characters that can be shown, and line breaks.
func isPlainText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		b = b[n:]
	}
	return true
}

// isProto reports whether b is a list of whole fields.
func isProto(b []byte) bool {
	if len(b) > protoGuess {
		return false
	}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeField(b)
		if n < 0 || typ == protowire.EndGroupType || num > 1<<20 {
			return false
		}
		b = b[n:]
	}
	return true
}

const grpcHead = 5 // a compressed flag and the length of the message

var errGRPCShort = errors.New("the gRPC message ends here, unfinished")

// showGRPC writes each length-prefixed message as protobuf.
func showGRPC(m Meta, data []byte) (iter.Seq[Line], error) {
	if len(data) < grpcHead || data[0] > 1 {
		return nil, errors.New("no gRPC message at its beginning")
	}
	encoding, md := m.Headers.Get("Grpc-Encoding"), m.Protos.message(m)
	return write(func(p *pen) {
		for first := true; len(data) > 0 && !p.stopped; first = false {
			if !first {
				p.word(Comment, "---")
				p.end()
			}
			n, err := printGRPC(p, md, encoding, data)
			if err != nil {
				p.note(err.Error())
				printHex(p, data, 0)
				return
			}
			data = data[n:]
		}
	}), nil
}

// printGRPC writes the message at the front of b and returns what it took.
func printGRPC(p *pen, md *protofile.Message, encoding string, b []byte) (int, error) {
	if len(b) < grpcHead || uint64(binary.BigEndian.Uint32(b[1:])) > uint64(len(b)-grpcHead) {
		return 0, errGRPCShort
	}
	n := grpcHead + int(binary.BigEndian.Uint32(b[1:]))
	message := b[grpcHead:n]
	if b[0] == 1 && encoding != "" && encoding != "identity" {
		plain, err := coding.Decode(encoding, message, MaxDecoded)
		if err != nil {
			return 0, fmt.Errorf("undo grpc-encoding %s: %w", encoding, err)
		}
		message = plain
	}
	printProto(p, md, message, 0)
	return n, nil
}
