package keymap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// FileName is the name of a person's bindings in the configuration directory.
const FileName = "keys.yaml"

// Load reads the bindings of a file and adds them; all, or none if one is
// wrong. A file that does not exist has none.
func (m *Map) Load(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("error reading %s: %w", path, err)
	}
	return m.Merge(path, data)
}

// Merge adds the bindings in data, which was read from path; all or none.
func (m *Map) Merge(path string, data []byte) error {
	entries, err := Parse(data)
	if err != nil {
		return fmt.Errorf("error reading %s: %w", path, err)
	}
	for _, b := range entries {
		if err := m.Add(b); err != nil {
			return fmt.Errorf("error reading %s: %w", path, err)
		}
	}
	return nil
}

// Parse reads a list of bindings and checks each. Its errors name the line.
func Parse(data []byte) ([]Binding, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8: save it in that encoding")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	list := doc.Content[0]
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: want a list of bindings, each starting with \"- key:\"", list.Line)
	}
	bindings := make([]Binding, 0, len(list.Content))
	for _, item := range list.Content {
		b, err := parseBinding(item)
		if err != nil {
			return nil, err
		}
		bindings = append(bindings, b)
	}
	return bindings, nil
}

// attributes are the keys of an entry and what they must be.
var attributes = map[string]string{"key": "!!str", "cmd": "!!str", "help": "!!str", "ctx": "!!seq"}

func parseBinding(item *yaml.Node) (Binding, error) {
	if item.Kind != yaml.MappingNode {
		return Binding{}, fmt.Errorf("line %d: want a binding with key and cmd", item.Line)
	}
	b := Binding{Contexts: []string{Global}}
	seen := make(map[string]bool)
	for i := 0; i < len(item.Content); i += 2 {
		name, value := item.Content[i].Value, item.Content[i+1]
		want, known := attributes[name]
		if !known {
			return b, fmt.Errorf("line %d: unknown attribute: %s; take key, ctx, cmd or help", item.Content[i].Line, name)
		}
		if value.Tag != want {
			return b, fmt.Errorf("line %d: %s must be %s", value.Line, name, describe(want))
		}
		seen[name] = true
		switch name {
		case "key":
			b.Key = Normalize(value.Value)
		case "cmd":
			b.Command = value.Value
		case "help":
			b.Help = value.Value
		case "ctx":
			b.Contexts = texts(value)
		}
	}
	for _, name := range []string{"key", "cmd"} {
		if !seen[name] {
			return b, fmt.Errorf("line %d: missing required attribute: %s", item.Line, name)
		}
	}
	if b.Key == "" || strings.TrimSpace(b.Command) == "" {
		return b, fmt.Errorf("line %d: key and cmd must not be empty", item.Line)
	}
	if err := checkContexts(b.Contexts); err != nil {
		return b, fmt.Errorf("line %d: %w", item.Line, err)
	}
	return b, nil
}

func describe(tag string) string {
	if tag == "!!seq" {
		return "a list, as in: [flowlist, flowview]"
	}
	return "text: put it in quotes"
}

func texts(list *yaml.Node) []string {
	var out []string
	for _, n := range list.Content {
		out = append(out, n.Value)
	}
	return slices.Clip(out)
}
