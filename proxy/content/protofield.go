package content

import (
	"encoding/hex"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// printField writes a value of a field that is known. One in another encoding than the field has is guessed at.
func printField(p *pen, fd protoreflect.FieldDescriptor, typ protowire.Type, b []byte, depth int) {
	switch wire := wireOf(fd.Kind()); {
	case typ == wire && typ == protowire.BytesType:
		v, _ := protowire.ConsumeBytes(b)
		printNamedBytes(p, fd, v, depth)
	case typ == wire && typ == protowire.StartGroupType:
		v, _ := protowire.ConsumeGroup(fd.Number(), b)
		printMessage(p, fd.Message(), v, depth)
	case typ == wire:
		v, _, _ := protoScalar(fd, b)
		p.word(Number, v)
		p.end()
	case typ == protowire.BytesType && fd.IsList():
		v, _ := protowire.ConsumeBytes(b)
		printPacked(p, fd, v, depth)
	default:
		printProtoValue(p, fd.Number(), typ, b, depth)
	}
}

// wireOf is how the values of a kind are encoded.
func wireOf(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	}
	return protowire.VarintType
}

func printNamedBytes(p *pen, fd protoreflect.FieldDescriptor, b []byte, depth int) {
	switch {
	case fd.Kind() == protoreflect.MessageKind:
		printMessage(p, fd.Message(), b, depth)
	case fd.Kind() == protoreflect.BytesKind && len(b) <= 64:
		p.word(Keyword, "!binary ")
		p.word(String, hex.EncodeToString(b))
		p.end()
	case fd.Kind() == protoreflect.StringKind && isPlainText(b):
		printText(p, b, depth)
	default:
		p.word(Keyword, "!binary")
		p.end()
		printHex(p, b, 2*depth+2)
	}
}

func printMessage(p *pen, md protoreflect.MessageDescriptor, b []byte, depth int) {
	p.end()
	if depth < protoDepth {
		printProto(p, md, b, depth+1)
		return
	}
	printHex(p, b, 2*depth+2)
}

// printPacked writes numbers that stand one behind the other, and after one that can't be read the rest as a dump.
func printPacked(p *pen, fd protoreflect.FieldDescriptor, b []byte, depth int) {
	p.word(Punct, "[")
	for first := true; len(b) > 0 && !p.stopped; first = false {
		v, n, ok := protoScalar(fd, b)
		if !ok {
			break
		}
		if !first {
			p.word(Punct, ", ")
		}
		p.word(Number, v)
		b = b[n:]
	}
	p.word(Punct, "]")
	p.end()
	if len(b) > 0 && !p.stopped {
		printHex(p, b, 2*depth+2)
	}
}

// protoScalar reads the number, switch or choice at the front of b, and says how many bytes it took.
func protoScalar(fd protoreflect.FieldDescriptor, b []byte) (text string, n int, ok bool) {
	var v uint64
	switch wireOf(fd.Kind()) {
	case protowire.VarintType:
		v, n = protowire.ConsumeVarint(b)
	case protowire.Fixed32Type:
		var half uint32
		half, n = protowire.ConsumeFixed32(b)
		v = uint64(half)
	case protowire.Fixed64Type:
		v, n = protowire.ConsumeFixed64(b)
	}
	if n <= 0 {
		return "", 0, false
	}
	return number(fd, v), n, true
}

// number writes what the bits of a value mean.
func number(fd protoreflect.FieldDescriptor, v uint64) string {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return strconv.FormatBool(v != 0)
	case protoreflect.EnumKind:
		if e := fd.Enum().Values().ByNumber(protoreflect.EnumNumber(int32(v))); e != nil {
			return string(e.Name())
		}
		return strconv.Itoa(int(int32(v)))
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		return strconv.Itoa(int(int32(v)))
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return strconv.FormatInt(int64(v), 10)
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return strconv.FormatInt(protowire.DecodeZigZag(v), 10)
	case protoreflect.FloatKind:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
	case protoreflect.DoubleKind:
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	}
	return strconv.FormatUint(v, 10)
}
