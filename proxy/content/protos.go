package content

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Protos are the messages of a .proto file, whose fields have names. They are never written once they are made. The nil Protos has none.
type Protos struct{ file linker.File }

// LoadProtos reads a .proto file and those that it imports, which are searched for below its folder. The error names the file, the
// line and the column.
func LoadProtos(path string) (*Protos, error) {
	dir, name := filepath.Split(path)
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{dir}})}
	files, err := c.Compile(context.Background(), name)
	if err != nil {
		return nil, err
	}
	return &Protos{files[0]}, nil
}

// message returns what content is: what the method takes or returns that a gRPC path names; else, what the first method of the file does;
// else, the first message of the file. It is nil where nothing is known.
func (ps *Protos) message(m Meta) protoreflect.MessageDescriptor {
	if ps == nil {
		return nil
	}
	method := ps.method(m.Path)
	if services := ps.file.Services(); method == nil && services.Len() > 0 && services.Get(0).Methods().Len() > 0 {
		method = services.Get(0).Methods().Get(0)
	}
	switch {
	case method != nil && m.Request:
		return method.Input()
	case method != nil:
		return method.Output()
	case ps.file.Messages().Len() > 0:
		return ps.file.Messages().Get(0)
	}
	return nil
}

// method returns that of a path such as /package.Service/Method, or nil.
func (ps *Protos) method(path string) protoreflect.MethodDescriptor {
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "/"), "?")
	service, name, _ := strings.Cut(path, "/")
	d, err := linker.ResolverFromFile(ps.file).FindDescriptorByName(protoreflect.FullName(service))
	if s, ok := d.(protoreflect.ServiceDescriptor); err == nil && ok {
		return s.Methods().ByName(protoreflect.Name(name))
	}
	return nil
}

// fieldOf returns the field of a number, nil where there is none of this encoding.
func fieldOf(md protoreflect.MessageDescriptor, num protoreflect.FieldNumber) protoreflect.FieldDescriptor {
	if md == nil {
		return nil
	}
	return md.Fields().ByNumber(num)
}
