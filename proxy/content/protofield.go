package content

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"sluice/proxy/content/protofile"
)

// printField writes a value of a field that is known. One in another encoding than the field has is guessed at.
func printField(p *pen, fd *protofile.Field, num protowire.Number, typ protowire.Type, b []byte, depth int) {
	switch wire := wireOf(fd.Kind); {
	case typ == wire && typ == protowire.BytesType:
		v, _ := protowire.ConsumeBytes(b)
		printNamedBytes(p, fd, v, depth)
	case typ == wire && typ == protowire.StartGroupType:
		v, _ := protowire.ConsumeGroup(num, b)
		printMessage(p, fd.Message, v, depth)
	case typ == wire:
		v, _, _ := protoScalar(fd, b)
		p.word(Number, v)
		p.end()
	case typ == protowire.BytesType && fd.Repeated:
		v, _ := protowire.ConsumeBytes(b)
		printPacked(p, fd, v, depth)
	default:
		printProtoValue(p, num, typ, b, depth)
	}
}

// wireOf is how the values of a kind are encoded.
func wireOf(k protofile.Kind) protowire.Type {
	switch k {
	case "string", "bytes", protofile.Nested:
		return protowire.BytesType
	case protofile.Group:
		return protowire.StartGroupType
	case "fixed32", "sfixed32", "float":
		return protowire.Fixed32Type
	case "fixed64", "sfixed64", "double":
		return protowire.Fixed64Type
	}
	return protowire.VarintType
}

func printNamedBytes(p *pen, fd *protofile.Field, b []byte, depth int) {
	switch {
	case fd.Kind == protofile.Nested:
		printMessage(p, fd.Message, b, depth)
	case fd.Kind == "bytes":
		printBinary(p, b, depth)
	case fd.Kind == "string" && isPlainText(b):
		printText(p, b, depth)
	default:
		printDump(p, b, depth)
	}
}

// printMessage writes the fields of a message below the name of the field that it is in, or a dump where that is too deep.
func printMessage(p *pen, md *protofile.Message, b []byte, depth int) {
	p.end()
	if depth < protoDepth {
		printProto(p, md, b, depth+1)
		return
	}
	printHex(p, b, 2*depth+2)
}

// printPacked writes numbers that stand one behind the other, and after one that can't be read the rest as a dump.
func printPacked(p *pen, fd *protofile.Field, b []byte, depth int) {
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
func protoScalar(fd *protofile.Field, b []byte) (text string, n int, ok bool) {
	var v uint64
	switch wireOf(fd.Kind) {
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
func number(fd *protofile.Field, v uint64) string {
	switch fd.Kind {
	case "bool":
		return strconv.FormatBool(v != 0)
	case protofile.Choice:
		if name, ok := fd.Enum[int32(v)]; ok {
			return name
		}
		return strconv.Itoa(int(int32(v)))
	case "int32", "sfixed32":
		return strconv.Itoa(int(int32(v)))
	case "int64", "sfixed64":
		return strconv.FormatInt(int64(v), 10)
	case "sint32", "sint64":
		return strconv.FormatInt(protowire.DecodeZigZag(v), 10)
	case "float":
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
	case "double":
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	}
	return strconv.FormatUint(v, 10)
}
