package content

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"sluice/proxy/content/protofile"
)

// Protos are the messages of a .proto file, whose fields have names. They are never written once they are made. The nil Protos has none.
type Protos struct{ file *protofile.File }

// LoadProtos reads a .proto file and those that it imports, which are searched for below its folder. The error names the file, the
// line and the column.
func LoadProtos(path string) (*Protos, error) {
	file, err := protofile.Load(path)
	if err != nil {
		return nil, err
	}
	return &Protos{file}, nil
}

// message returns what content is: what the method takes or returns that a gRPC path names; else, what the first method of the file does;
// else, the first message of the file. It is nil where nothing is known.
func (ps *Protos) message(m Meta) *protofile.Message {
	if ps == nil {
		return nil
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(m.Path, "/"), "?")
	method := ps.file.Method(path)
	if services := ps.file.Services; method == nil && len(services) > 0 && len(services[0].Methods) > 0 {
		method = services[0].Methods[0]
	}
	switch {
	case method != nil && m.Request:
		return method.Input
	case method != nil:
		return method.Output
	case len(ps.file.Messages) > 0:
		return ps.file.Messages[0]
	}
	return nil
}

// fieldOf returns the field of a number, nil where there is none.
func fieldOf(md *protofile.Message, num protowire.Number) *protofile.Field {
	if md == nil {
		return nil
	}
	return md.Fields[int32(num)]
}
