// Package protofile reads .proto files: what names the fields of messages, the values of enums and the methods of services. It passes over
// options, but for the one that says how messages are encoded, and is no compiler: a well-formed file that declares every name and number
// once is taken, whatever else protoc would find wrong with it.
//
// What Load returns is never written again.
package protofile

// A File is what a .proto file declares.
type File struct {
	Messages []*Message // those that lie in no other one, in the file's order
	Services []*Service // in the file's order

	methods map[string]*Method // of the file and of what it imports
}

// Method returns that of a name such as package.Service/Method, or nil.
func (f *File) Method(name string) *Method { return f.methods[name] }

// A Message is a type that has fields, by their numbers.
type Message struct{ Fields map[int32]*Field }

// A Field is what a number means in a message. That of a map has a message with the fields key, 1, and value, 2.
type Field struct {
	Name     string
	Kind     Kind
	Repeated bool     // and no map
	Message  *Message // of the kinds Nested and Group
	Enum     Enum     // of the kind Choice
}

// A Kind is a scalar type as it is spelled in files, such as sint32, or one of those below.
type Kind string

const (
	Nested Kind = "message" // with its length before it
	Group  Kind = "group"   // between two tags
	Choice Kind = "enum"
)

// isScalar reports whether nobody has to declare the type.
func (k Kind) isScalar() bool { return k.isKey() || k == "double" || k == "float" || k == "bytes" }

// isKey reports whether the keys of a map may be of the type.
func (k Kind) isKey() bool {
	switch k {
	case "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string":
		return true
	}
	return false
}

// An Enum has the first name of each number.
type Enum map[int32]string

// A Service has methods, in the file's order.
type Service struct{ Methods []*Method }

// A Method takes messages of one type and returns those of one.
type Method struct{ Input, Output *Message }
