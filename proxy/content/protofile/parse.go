package protofile

import (
	"math"
	"strings"
)

const (
	maxName   = 500 // in bytes, without the package
	maxDepth  = 100 // of braces in braces
	maxNumber = 1<<29 - 1
)

// A source is one file as it is written: what it declares, and the names of the types that it refers to.
type source struct {
	scanner
	pkg      string
	encoding Kind // of the messages in fields, if the file says it
	depth    int
	imports  []dependency
	declared []declaration
	wanted   []reference
	messages []*Message
	services []*Service
	methods  map[string]*Method // by Service/Method

	visible, public map[*source]bool // whose names it knows, and whose it hands on
}

type dependency struct {
	name   string
	at     int
	public bool
}

// A declaration gives a name in the package to a *Message, an Enum, a *Service, or to a leaf.
type declaration struct {
	name string
	at   int
	what any
}

// A leaf is a field, a oneof, a value of an enum or a method.
type leaf struct{}

// A reference is a type's name, which is looked for from a scope outwards. What it names is set in a field, or else in a message.
type reference struct {
	scope    string
	name     token
	field    *Field
	encoding Kind // of the field, if it says it
	message  **Message
}

// parse reads the text of a file.
func parse(name, src string) (*source, error) {
	s := &source{scanner: scanner{name: name, src: strings.TrimPrefix(src, "\ufeff")}, methods: map[string]*Method{}}
	for s.next(); s.tok.kind != eof; {
		s.statement()
	}
	return s, s.err
}

func (s *source) statement() {
	switch t := s.tok; {
	case s.is(';'), s.typeIn(""):
	case s.says("syntax"):
		s.expect('=')
		if v := s.text(); v.text != "proto2" && v.text != "proto3" {
			s.fail(v.at, "unknown syntax %v: write proto2 or proto3", v)
		}
		s.expect(';')
	case s.says("edition"):
		s.expect('=')
		s.text()
		s.expect(';')
	case s.says("package"):
		s.pkg = s.dotted().text
		s.expect(';')
	case s.says("import"):
		s.dependency()
	case s.says("option"):
		if e := s.option(); e != "" {
			s.encoding = e
		}
		s.expect(';')
	case s.says("service"):
		s.service()
	default:
		s.fail(t.at, "%v begins no declaration: write a message, an enum, a service, an option or an import", t)
	}
}

// dependency reads the rest of an import. A file that is for options only is not needed.
func (s *source) dependency() {
	options, public := s.says("option"), s.says("public")
	if !options && !public {
		s.says("weak")
	}
	if file := s.short(s.text()); !options {
		s.imports = append(s.imports, dependency{file.text, file.at, public})
	}
	s.expect(';')
}

// typeIn reads what may stand in a file as well as in a message, and reports whether it was there.
func (s *source) typeIn(scope string) bool {
	s.visibility()
	switch {
	case s.says("message"):
		s.message(scope, s.expect(word))
	case s.says("enum"):
		s.enum(scope)
	case s.says("extend"):
		s.wanted = append(s.wanted, reference{scope: scope, name: s.dotted(), message: new(*Message)})
		s.body(func() { s.labelled(nil, scope) })
	default:
		return false
	}
	return true
}

// visibility passes over the word that says who may use a type (edition 2024). A type may have that name too.
func (s *source) visibility() {
	before := s.scanner
	if (s.says("export") || s.says("local")) && s.tok.text != "message" && s.tok.text != "enum" {
		s.scanner = before
	}
}

// message reads the body of a message, which a group has too.
func (s *source) message(scope string, name token) *Message {
	m := &Message{map[int32]*Field{}}
	if scope == "" {
		s.messages = append(s.messages, m)
	}
	s.declare(scope, name, m)
	scope = join(scope, name.text)
	s.body(func() {
		switch {
		case s.typeIn(scope), s.setting(), s.ranges():
		case s.says("oneof"):
			s.declare(scope, s.expect(word), leaf{})
			s.body(func() {
				if !s.setting() {
					s.field(m, scope, "oneof")
				}
			})
		default:
			s.labelled(m, scope)
		}
	})
	return m
}

func (s *source) labelled(m *Message, scope string) {
	label := s.tok.text
	if !s.says("repeated") && !s.says("optional") && !s.says("required") {
		label = ""
	}
	s.field(m, scope, label)
}

// field reads what follows the label of a field. In no message it is an extension, which nobody asks for.
func (s *source) field(m *Message, scope, label string) {
	f := &Field{Repeated: label == "repeated"}
	typ := s.dotted()
	if label == "" && typ.text == "map" && s.is('<') {
		f.Kind, f.Message = Nested, s.entry(scope)
	}
	group := typ.text == "group"
	name := s.expect(word)
	f.Name = name.text
	if group {
		f.Name = strings.ToLower(name.text)
	}
	s.declare(scope, token{text: f.Name, at: name.at}, leaf{})
	s.expect('=')
	s.number(m, f)
	encoding := s.options()
	if group {
		f.Kind, f.Message = Group, s.message(scope, name)
		return
	}
	s.expect(';')
	if f.Kind == "" {
		s.refer(reference{scope: scope, name: typ, field: f, encoding: encoding})
	}
}

// number reads that of a field. Of an extension it is only passed over: in a message_set_wire_format it may be any.
func (s *source) number(m *Message, f *Field) {
	at := s.tok.at
	if m == nil {
		s.integer(1, math.MaxInt32)
		return
	}
	n := int32(s.integer(1, maxNumber))
	if other := m.Fields[n]; other != nil {
		s.fail(at, "the field %s has the number %d already: give %s another one", other.Name, n, f.Name)
	}
	m.Fields[n] = f
}

// refer settles the kind of a field, now or when all declarations are known.
func (s *source) refer(r reference) {
	if k := Kind(r.name.text); k.isScalar() {
		r.field.Kind = k
		return
	}
	s.wanted = append(s.wanted, r)
}

// entry reads the types of a map, behind the <.
func (s *source) entry(scope string) *Message {
	key := s.expect(word)
	if !Kind(key.text).isKey() {
		s.fail(key.at, "a map has no keys of the type %v: write one of whole numbers, bool or string", key)
	}
	s.expect(',')
	value := &Field{Name: "value"}
	s.refer(reference{scope: scope, name: s.dotted(), field: value, encoding: Nested})
	s.expect('>')
	return &Message{map[int32]*Field{1: {Name: "key", Kind: Kind(key.text)}, 2: value}}
}

func (s *source) enum(scope string) {
	e := Enum{}
	s.declare(scope, s.expect(word), e)
	s.body(func() {
		if s.setting() || s.tok.text == "reserved" && s.ranges() {
			return
		}
		// Values are named beside their enum, not in it.
		value := s.expect(word)
		s.declare(scope, value, leaf{})
		s.expect('=')
		n := int32(s.integer(math.MinInt32, math.MaxInt32))
		if _, ok := e[n]; !ok {
			e[n] = value.text
		}
		s.options()
		s.expect(';')
	})
}

func (s *source) service() {
	v, name := &Service{}, s.expect(word)
	s.services = append(s.services, v)
	s.declare("", name, v)
	s.body(func() {
		if s.setting() {
			return
		}
		s.keyword("rpc")
		m, rpc := &Method{}, s.expect(word)
		s.declare(name.text, rpc, leaf{})
		s.methods[name.text+"/"+rpc.text] = m
		v.Methods = append(v.Methods, m)
		s.parameter(&m.Input)
		s.keyword("returns")
		s.parameter(&m.Output)
		if !s.is(';') {
			s.body(func() {
				if !s.setting() {
					s.keyword("option")
				}
			})
		}
	})
}

func (s *source) parameter(m **Message) {
	s.expect('(')
	s.says("stream")
	s.wanted = append(s.wanted, reference{name: s.dotted(), message: m})
	s.expect(')')
}

// body reads the members that stand in braces.
func (s *source) body(member func()) { s.between('{', '}', member) }

func (s *source) between(open, close rune, member func()) {
	t := s.expect(open)
	if s.depth++; s.depth > maxDepth {
		s.fail(t.at, "%v lies in %d others: move some out of them", t, maxDepth)
	}
	for s.err == nil && !s.is(close) {
		switch {
		case s.is(';'):
		case s.tok.kind == eof:
			s.fail(t.at, "%v has no end: close it with %q", t, close)
		default:
			member()
		}
	}
	s.depth--
}

func (s *source) declare(scope string, name token, what any) {
	name.text = join(scope, name.text)
	s.declared = append(s.declared, declaration{s.short(name).text, name.at, what})
}

// join puts a name into a scope. Either may be empty.
func join(scope, name string) string {
	if scope == "" || name == "" {
		return scope + name
	}
	return scope + "." + name
}
