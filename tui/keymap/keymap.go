// Package keymap is the table of key bindings: which key runs which command line where.
//
// A Map is filled from keybindings.yaml and a person's keys.yaml and changed by
// commands while the program runs. It belongs to one goroutine. Keys have one
// spelling, that of Normalize, which is mitmproxy's: ctrl f, meta x, shift tab, page up.
package keymap

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The contexts that have a meaning of their own.
const (
	Global = "global"    // looked at when the window's own context has nothing
	Common = "commonkey" // bindings that help lists first; keys are never looked up in it
)

var contexts = []string{
	"chooser", "commands", Common, "dataviewer", "eventlog", "flowlist", "flowview",
	Global, "grideditor", "help", "keybindings", "options",
}

// Contexts lists the names of all contexts in order.
func Contexts() []string { return slices.Clone(contexts) }

// A Binding is one row of the table.
type Binding struct {
	Key      string // as Normalize spells it
	Command  string // a command line, without blanks around it but for one at its end
	Contexts []string
	Help     string
}

// In reports whether the binding works in a context.
func (b Binding) In(context string) bool { return slices.Contains(b.Contexts, context) }

// A Map finds bindings by context and key. The zero Map is empty and ready.
type Map struct {
	bindings []*Binding // in the order of definition
	index    map[place]*Binding
}

type place struct{ context, key string }

// New returns a map of default bindings, in the format of keys.yaml.
func New(defaults []byte) (*Map, error) {
	m := &Map{}
	entries, err := Parse(defaults)
	if err != nil {
		return nil, fmt.Errorf("read the default key bindings: %w", err)
	}
	for _, b := range entries {
		if err := m.Add(b); err != nil {
			return nil, fmt.Errorf("read the default key bindings: %w", err)
		}
	}
	return m, nil
}

// Add binds a key in contexts, in place of what it did there. A binding with the
// same key and command gains the contexts.
func (m *Map) Add(b Binding) error {
	if err := checkContexts(b.Contexts); err != nil {
		return err
	}
	b.Key = Normalize(b.Key)
	if b.Key == "" {
		return errors.New("a key binding needs a key, as in: ctrl f")
	}
	same := slices.IndexFunc(m.bindings, func(o *Binding) bool {
		return o.Key == b.Key && strings.TrimSpace(o.Command) == strings.TrimSpace(b.Command)
	})
	target := &Binding{Key: b.Key, Command: b.Command}
	if same >= 0 {
		target = m.bindings[same]
	} else {
		m.bindings = append(m.bindings, target)
	}
	m.remove(b.Key, b.Contexts, target)
	if b.Help != "" {
		target.Help = b.Help
	}
	target.Contexts = append(slices.Clip(target.Contexts), b.Contexts...)
	slices.Sort(target.Contexts)
	target.Contexts = slices.Compact(target.Contexts)
	if m.index == nil {
		m.index = make(map[place]*Binding)
	}
	for _, c := range b.Contexts {
		m.index[place{c, b.Key}] = target
	}
	return nil
}

// Remove unbinds a key in contexts. A key that is not bound there is left alone.
func (m *Map) Remove(key string, in []string) error {
	if err := checkContexts(in); err != nil {
		return err
	}
	m.remove(Normalize(key), in, nil)
	return nil
}

// remove takes a key away from contexts, but not from the binding that is to have it there.
func (m *Map) remove(key string, in []string, but *Binding) {
	for _, c := range in {
		b, ok := m.index[place{c, key}]
		if !ok || b == but {
			continue
		}
		delete(m.index, place{c, key})
		b.Contexts = slices.DeleteFunc(slices.Clone(b.Contexts), func(o string) bool { return o == c })
		if len(b.Contexts) == 0 {
			m.bindings = slices.DeleteFunc(m.bindings, func(o *Binding) bool { return o == b })
		}
	}
}

func checkContexts(in []string) error {
	if len(in) == 0 || len(in) == 1 && in[0] == "" {
		return errors.New("must specify at least one context")
	}
	for _, c := range in {
		if !slices.Contains(contexts, c) {
			return fmt.Errorf("unsupported context: %s; take one of %s", c, strings.Join(contexts, ", "))
		}
	}
	return nil
}

// Lookup returns what a key does in a context, or else globally.
func (m *Map) Lookup(context, key string) (Binding, bool) {
	if b, ok := m.Exact(context, key); ok {
		return b, true
	}
	return m.Exact(Global, key)
}

// Exact returns what a key does in a context itself.
func (m *Map) Exact(context, key string) (Binding, bool) {
	b, ok := m.index[place{context, key}]
	if !ok || context == Common {
		return Binding{}, false
	}
	return *b, true
}

// List returns the bindings of a context, of all if it is empty: keys of one
// word first, then those of several, each in order.
func (m *Map) List(context string) []Binding {
	var list []Binding
	for _, b := range m.bindings {
		if context == "" || b.In(context) {
			list = append(list, *b)
		}
	}
	order := func(b Binding) string { return b.Key + strings.Join(b.Contexts, ",") }
	slices.SortFunc(list, func(a, b Binding) int {
		x, y := strings.Contains(a.Key, " "), strings.Contains(b.Key, " ")
		switch {
		case x && !y:
			return 1
		case y && !x:
			return -1
		}
		return cmp.Compare(order(a), order(b))
	})
	return list
}

// ForHelp returns the first binding, in the order of definition, that has a
// help text and works in a context or globally.
func (m *Map) ForHelp(context, help string) (Binding, bool) {
	for _, b := range m.bindings {
		if b.Help == help && (b.In(context) || b.In(Global)) {
			return *b, true
		}
	}
	return Binding{}, false
}
