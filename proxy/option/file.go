package option

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/proxy/file"
)

// configFiles are read from the configuration directory in this order; later ones win.
var configFiles = [...]string{"config.yaml", "config.yml"}

// Sources say where values come from when the program starts.
type Sources struct {
	Set   []string       // what --set was given, in the form that Options.Set takes
	Flags map[string]any // values of dedicated flags, from FlagValues
}

// Apply sets options from all sources, all or none: config files first, then
// Set, then Flags, the later winning. The config files are those of the
// directory that confdir names in Flags or Set.
func (o *Options) Apply(src Sources) error {
	early, err := parseSpecs(src.Set, o.read)
	if err != nil {
		return err
	}
	dir := o.Str("confdir")
	for _, values := range []map[string]any{early, src.Flags} {
		if d, ok := values["confdir"].(string); ok {
			dir = d
		}
	}
	merged, passed, err := readDir(dir)
	if err != nil {
		return err
	}
	set, err := parseSpecs(src.Set, func(name string) any {
		if v, ok := merged[name]; ok {
			return v
		}
		return o.read(name)
	})
	if err != nil {
		return err
	}
	maps.Copy(merged, set)
	maps.Copy(merged, src.Flags)
	if err := o.Update(merged); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.passed = passed
	return nil
}

// LoadFile sets the options that a config file names, all or none. Errors name
// the file and the line. Names that are no options are passed over, see Passed.
func (o *Options) LoadFile(path string) (passed []string, err error) {
	values, passed, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if err := o.Update(values); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return passed, nil
}

// ExpandHome makes a path of an option's value: see file.ExpandHome.
func ExpandHome(path string) string { return file.ExpandHome(path) }

// readDir returns the values of config.yaml and then config.yml of a directory. Missing files are fine.
func readDir(confdir string) (merged map[string]any, passed []string, err error) {
	merged = make(map[string]any)
	for _, name := range configFiles {
		values, more, err := readFile(filepath.Join(ExpandHome(confdir), name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(merged, values)
		passed = append(passed, more...)
	}
	return merged, passed, nil
}

// readFile returns the checked values of a config file, and what it has passed over.
func readFile(path string) (values map[string]any, passed []string, err error) {
	path = ExpandHome(path)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read options: %w", err)
	}
	_, root, err := parseDocument(data)
	if err == nil && root != nil {
		values, passed, err = decodeMapping(root)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	for i := range passed {
		passed[i] = "passed over in " + path + ", " + passed[i]
	}
	if list, ok := values["scripts"].([]string); ok {
		for i, script := range list {
			if script = ExpandHome(script); !filepath.IsAbs(script) {
				script = filepath.Join(filepath.Dir(path), script)
			}
			list[i] = script
		}
	}
	return values, passed, nil
}

// parseDocument returns the only document in data and the mapping it holds,
// both nil if there is nothing in it.
func parseDocument(data []byte) (doc, root *yaml.Node, err error) {
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	doc = new(yaml.Node)
	if err := dec.Decode(doc); err == io.EOF {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	if err := dec.Decode(new(yaml.Node)); err != io.EOF {
		return nil, nil, errors.New("there is a second document: keep all options in one")
	}
	root = doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, nil, fmt.Errorf("line %d: no keys found: write options as name: value", root.Line)
	}
	return doc, root, nil
}

// decodeMapping returns the checked values, and says at which lines there are names that are no options.
func decodeMapping(root *yaml.Node) (values map[string]any, passed []string, err error) {
	values, lines := make(map[string]any), make(map[string]int)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, node := root.Content[i], root.Content[i+1]
		if line, twice := lines[key.Value]; twice {
			return nil, nil, fmt.Errorf("line %d: %s is already set on line %d: remove one", key.Line, key.Value, line)
		}
		lines[key.Value] = key.Line
		s, err := lookup(key.Value)
		switch {
		case err != nil && misspelt(key.Value):
			return nil, nil, fmt.Errorf("line %d: %w", key.Line, err)
		case err != nil:
			passed = append(passed, fmt.Sprintf("line %d: %v", key.Line, err))
			continue
		}
		v, err := s.decode(node)
		if err == nil {
			err = s.valid(v)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", node.Line, err)
		}
		values[s.Name] = v
	}
	return values, passed, nil
}

// decode reads a YAML value. A number may stand where text is wanted, and a
// single text where a sequence is.
func (s *Spec) decode(n *yaml.Node) (any, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if s.Type == StrSeq {
		return s.decodeSeq(n)
	}
	if n.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("%s wants a single value of type %s", s.Name, s.Type)
	}
	if n.Tag == "!!null" && s.optional() {
		return nil, nil
	}
	switch {
	case s.Type == Bool && n.Tag == "!!bool":
		var on bool
		err := n.Decode(&on)
		return on, err
	case (s.Type == Int || s.Type == OptionalInt) && n.Tag == "!!int":
		var num int
		if err := n.Decode(&num); err != nil {
			return nil, fmt.Errorf("%s: %q does not fit: write a smaller number", s.Name, n.Value)
		}
		return num, nil
	case (s.Type == Str || s.Type == OptionalStr) && textual(n):
		return n.Value, nil
	}
	return nil, fmt.Errorf("%s cannot be %q: write a value of type %s", s.Name, n.Value, s.Type)
}

func (s *Spec) decodeSeq(n *yaml.Node) (any, error) {
	items := []string{}
	if n.Kind == yaml.ScalarNode {
		if n.Tag == "!!null" {
			return items, nil
		}
		n = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}}
	}
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s wants a sequence: write it as [a, b]", s.Name)
	}
	for _, item := range n.Content {
		if item.Kind == yaml.AliasNode {
			item = item.Alias
		}
		if item.Kind != yaml.ScalarNode || !textual(item) {
			return nil, fmt.Errorf("%s wants texts: put the item of line %d in quotes", s.Name, item.Line)
		}
		items = append(items, item.Value)
	}
	return items, nil
}

// textual reports whether a scalar can be read as text. Booleans and nulls
// cannot: off and ~ are likely meant as such.
func textual(n *yaml.Node) bool {
	return n.Tag != "!!bool" && n.Tag != "!!null" && n.Tag != "!!binary"
}
