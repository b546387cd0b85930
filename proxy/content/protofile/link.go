package protofile

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"strings"

	"sluice/proxy/file"
)

// wellKnown are the files that come with protoc, without all that names no field.
//
//go:embed google
var wellKnown embed.FS

// Load reads a file and what it imports, which is searched for below its folder. The files of google/protobuf need not be there. The error
// has the file, the line and the column in it.
func Load(name string) (*File, error) {
	dir, base := filepath.Split(name)
	src, err := file.Read(name, maxFile)
	if err != nil {
		return nil, err
	}
	return load(base, string(src), func(name string) ([]byte, error) {
		local := filepath.FromSlash(name)
		if !filepath.IsLocal(local) {
			return nil, fmt.Errorf("%s is in another folder", name)
		}
		src, err := file.Read(filepath.Join(dir, local), maxFile)
		if err != nil {
			if known, err := wellKnown.ReadFile(name); err == nil {
				return known, nil
			}
		}
		return src, err
	})
}

// maxFile is more than definitions take, in bytes.
const maxFile = 8 << 20

// load reads a file whose imports read knows.
func load(name, src string, read func(name string) ([]byte, error)) (*File, error) {
	l := &linker{read: read, files: map[string]*source{}, names: map[string]named{}}
	s, err := l.load(name, src)
	if err != nil {
		return nil, err
	}
	f := &File{s.messages, s.services, map[string]*Method{}}
	for v := range s.visible {
		for name, m := range v.methods {
			f.methods[join(v.pkg, name)] = m
		}
	}
	return f, nil
}

// A linker finds what the files that it reads name of each other.
type linker struct {
	read  func(name string) ([]byte, error)
	files map[string]*source // nil while their imports are read
	names map[string]named   // by all of their names
}

type named struct {
	declaration
	file *source
}

// load reads a file after what it imports.
func (l *linker) load(name, src string) (*source, error) {
	s, err := parse(name, src)
	if err != nil {
		return nil, err
	}
	l.files[name] = nil
	s.visible, s.public = map[*source]bool{s: true}, map[*source]bool{s: true}
	for _, i := range s.imports {
		dep, err := l.follow(s, i)
		if err != nil {
			return nil, err
		}
		maps.Copy(s.visible, dep.public)
		if i.public {
			maps.Copy(s.public, dep.public)
		}
	}
	l.files[name] = s
	return s, l.link(s)
}

// follow reads what a file imports, if that has not been done.
func (l *linker) follow(s *source, i dependency) (*source, error) {
	name := path.Clean(i.name)
	dep, ok := l.files[name]
	switch {
	case dep != nil:
		return dep, nil
	case ok:
		return nil, s.failure(i.at, "%s imports this file in turn: take one of the imports out", i.name)
	}
	src, err := l.read(name)
	if err != nil {
		return nil, s.failure(i.at, "%w: imports begin at the folder of the definitions, put the file there", err)
	}
	return l.load(name, string(src))
}

// link finds what the names in a file refer to.
func (l *linker) link(s *source) error {
	for _, d := range s.declared {
		name := join(s.pkg, d.name)
		if first, ok := l.names[name]; ok {
			return s.failure(d.at, "%s is declared already, at %s: rename one of them", name, first.file.place(first.at))
		}
		l.names[name] = named{d, s}
	}
	for _, r := range s.wanted {
		if err := l.resolve(s, r); err != nil {
			return err
		}
	}
	return nil
}

// resolve sets what a reference names.
func (l *linker) resolve(s *source, r reference) error {
	switch what := l.find(s, r).(type) {
	case nil:
		return s.failure(r.name.at, "unknown type %s: declare it, or import the file that does", r.name.text)
	case *Message:
		if r.message != nil {
			*r.message = what
			return nil
		}
		r.field.Kind, r.field.Message = cmp.Or(r.encoding, s.encoding, Nested), what
		return nil
	case Enum:
		if r.message == nil {
			r.field.Kind, r.field.Enum = Choice, what
			return nil
		}
	}
	return s.failure(r.name.at, "%s is no type that fits here: write the name of one that does", r.name.text)
}

// find looks for a name from the innermost scope outwards, and passes over what is no type. The first part of a name with dots decides:
// where there is a Foo, Foo.Bar is nowhere further out.
func (l *linker) find(s *source, r reference) any {
	if name, ok := strings.CutPrefix(r.name.text, "."); ok {
		return l.lookup(s, name)
	}
	first, _, dotted := strings.Cut(r.name.text, ".")
	for scope := join(s.pkg, r.scope); ; {
		switch what := l.lookup(s, join(scope, first)).(type) {
		case nil, leaf:
		case *Message, Enum:
			if !dotted {
				return what
			}
			return l.lookup(s, join(scope, r.name.text))
		default:
			if dotted {
				return l.lookup(s, join(scope, r.name.text))
			}
		}
		if scope == "" {
			return nil
		}
		scope = scope[:max(0, strings.LastIndexByte(scope, '.'))]
	}
}

// A space is a package, or what its name begins with.
type space struct{}

// lookup returns what has a whole name in the files that one may use, or nil.
func (l *linker) lookup(s *source, name string) any {
	if n, ok := l.names[name]; ok && s.visible[n.file] {
		return n.what
	}
	for v := range s.visible {
		if v.pkg == name || strings.HasPrefix(v.pkg, name+".") {
			return space{}
		}
	}
	return nil
}
