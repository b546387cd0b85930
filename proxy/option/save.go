package option

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Save writes the options that differ from their defaults to a config file. A
// file that exists is changed in place: its comments, the order of its keys and
// keys that are no options stay, and options it already sets keep their place.
// The file is replaced in one step, with its mode; on an error it is as it was.
// A new file can be read by its owner only.
func (o *Options) Save(path string) error {
	path = ExpandHome(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no folder %s: choose one that is there, or make it", filepath.Dir(path))
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("save options: %w", err)
	}
	data, err := o.merge(old)
	if err != nil {
		return fmt.Errorf("save options to %s: %w", path, err)
	}
	if bytes.Equal(data, old) {
		return nil
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("save options: %w", err)
	}
	return nil
}

// merge returns the config file old with the current values.
func (o *Options) merge(old []byte) ([]byte, error) {
	doc, root, err := parseDocument(old)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return o.appendTo(old)
	}
	changed, err := o.mergeMapping(root)
	if err != nil || !changed {
		return old, err
	}
	data, err := encode(doc)
	if err != nil {
		return nil, err
	}
	return data, o.verify(data)
}

// appendTo writes all changed options after a file of nothing but comments.
func (o *Options) appendTo(old []byte) ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	if changed, err := o.mergeMapping(root); err != nil || !changed {
		return old, err
	}
	data, err := encode(root)
	if err != nil {
		return nil, err
	}
	if len(old) > 0 && !bytes.HasSuffix(old, []byte("\n")) {
		old = append(slices.Clip(old), '\n')
	}
	data = append(slices.Clip(old), data...)
	return data, o.verify(data)
}

// mergeMapping puts the current values into root and reports whether that changed anything.
func (o *Options) mergeMapping(root *yaml.Node) (changed bool, err error) {
	present := make(map[string]bool)
	for i := 0; i+1 < len(root.Content); i += 2 {
		s, err := lookup(root.Content[i].Value)
		if err != nil {
			continue // not ours: it stays
		}
		present[s.Name] = true
		old := root.Content[i+1]
		value := o.Value(s.Name)
		if v, err := s.decode(old); err == nil && equal(v, value) {
			continue
		}
		if anchored(old) {
			return false, fmt.Errorf("line %d: others refer to the value of %s: change it by hand", old.Line, s.Name)
		}
		root.Content[i+1] = newValue(value, old)
		changed = true
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if present[name] || !o.Changed(name) {
			continue
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
		root.Content = append(root.Content, key, newValue(o.Value(name), &yaml.Node{}))
		root.Style &^= yaml.FlowStyle
		changed = true
	}
	return changed, nil
}

// anchored reports whether an alias elsewhere may refer to n or into it.
func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || slices.ContainsFunc(n.Content, anchored)
}

// newValue makes the node of a value that takes the place of old, with its comments.
func newValue(value any, old *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, HeadComment: old.HeadComment, LineComment: old.LineComment, FootComment: old.FootComment}
	switch v := value.(type) {
	case nil:
		n.Tag, n.Value = "!!null", "null"
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	case int:
		n.Tag, n.Value = "!!int", strconv.Itoa(v)
	case string:
		setText(n, v)
	case []string:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if old.Kind == yaml.SequenceNode {
			n.Style = old.Style
		}
		n.Content = newItems(v, old)
	}
	return n
}

// newItems makes the nodes of a sequence; items that old has too keep their comments.
func newItems(items []string, old *yaml.Node) []*yaml.Node {
	known := make(map[string]*yaml.Node)
	if old.Kind == yaml.SequenceNode {
		for _, n := range old.Content {
			if n.Kind == yaml.ScalarNode && textual(n) {
				known[n.Value] = n
			}
		}
	}
	nodes := make([]*yaml.Node, 0, len(items))
	for _, item := range items {
		n := known[item]
		delete(known, item)
		if n == nil {
			n = new(yaml.Node)
			setText(n, item)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// setText makes n a text. Line breaks and other control characters are escaped:
// blocks of lines cannot hold every text.
func setText(n *yaml.Node, text string) {
	n.SetString(text)
	if strings.ContainsFunc(text, unicode.IsControl) {
		n.Style = yaml.DoubleQuotedStyle
	}
}

func encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return nil, err
	}
	err := enc.Close()
	return b.Bytes(), err
}

// verify reads data back, so that nothing is written that would set other values.
func (o *Options) verify(data []byte) error {
	_, root, err := parseDocument(data)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		s, err := lookup(root.Content[i].Value)
		if err != nil {
			continue
		}
		v, err := s.decode(root.Content[i+1])
		if err != nil {
			return err
		}
		if want := o.Value(s.Name); !reflect.DeepEqual(v, want) {
			return fmt.Errorf("%s cannot be written as YAML: change it by hand", s.Name)
		}
	}
	return nil
}

// replaceFile puts data in the place of the file at path in one step.
func replaceFile(path string, data []byte) (err error) {
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Dump writes all options with their defaults as a config file, each below a
// comment that says what it is for.
func (o *Options) Dump(w io.Writer) error {
	for _, s := range o.All() {
		kind := "Type " + string(s.Type) + "."
		if s.Choices != nil {
			kind = "Valid values are " + strings.Join(s.Choices, ", ") + "."
		}
		if s.Instead != "" {
			kind += " Not supported yet: " + s.Instead + "."
		}
		data, err := encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
			{Kind: yaml.ScalarNode, Value: s.Name}, newValue(s.Default, &yaml.Node{}),
		}})
		if err != nil {
			return fmt.Errorf("dump option %s: %w", s.Name, err)
		}
		if _, err := fmt.Fprintf(w, "%s%s", comment(s.Help+" "+kind), data); err != nil {
			return fmt.Errorf("dump options: %w", err)
		}
	}
	return nil
}

// comment breaks text into lines of at most 80 columns that start with a #.
func comment(text string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		if width == 0 || width+1+len(word) > 80 {
			b.WriteString("\n# ")
			width = 2
		} else {
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return strings.TrimPrefix(b.String(), "\n") + "\n"
}
