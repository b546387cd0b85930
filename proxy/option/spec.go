package option

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Type is the type of an option, under the name that help and dumps show.
type Type string

// The types and the Go types of their values.
const (
	Bool        Type = "bool"            // bool
	Str         Type = "str"             // string
	OptionalStr Type = "optional str"    // string, or nil when unset
	Int         Type = "int"             // int
	OptionalInt Type = "optional int"    // int, or nil when unset
	StrSeq      Type = "sequence of str" // []string
)

// A Spec describes one option. Specs are shared and must not be changed.
type Spec struct {
	Name    string
	Type    Type
	Default any
	Help    string
	Choices []string // the only values allowed; nil: any
	Instead string   // nothing acts on it yet, though it is kept: what there is instead; "": something does

	check func(v any) error // nil: every value of the type is fine; never sees nil or ""
}

// Unsupported says of an option with an Instead that nothing acts on it, in one sentence.
func (s *Spec) Unsupported() string {
	return s.Name + " is kept, but nothing acts on it yet: " + s.Instead
}

// optional reports whether the option may be unset.
func (s *Spec) optional() bool { return s.Type == OptionalStr || s.Type == OptionalInt }

// valid says what is wrong with v as a value of the option.
func (s *Spec) valid(v any) error {
	if !s.typed(v) {
		return fmt.Errorf("%s wants a value of type %s, not %s", s.Name, s.Type, typeName(v))
	}
	if v == nil {
		return nil
	}
	if text, ok := v.(string); ok && s.Choices != nil && !slices.Contains(s.Choices, text) {
		return fmt.Errorf("%s cannot be %q: choose one of %s", s.Name, text, strings.Join(s.Choices, ", "))
	}
	if s.check == nil || v == "" {
		return nil
	}
	if err := s.check(v); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

func (s *Spec) typed(v any) bool {
	switch v.(type) {
	case nil:
		return s.optional()
	case bool:
		return s.Type == Bool
	case string:
		return s.Type == Str || s.Type == OptionalStr
	case int:
		return s.Type == Int || s.Type == OptionalInt
	case []string:
		return s.Type == StrSeq
	}
	return false
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a bool"
	case string:
		return "a text"
	case int:
		return "an int"
	case []string:
		return "a sequence"
	}
	return "something else"
}

// parse reads the texts given for the option, nil when its bare name was given.
// current is the value that a toggle turns over.
func (s *Spec) parse(texts []string, current any) (any, error) {
	v, err := s.parseTexts(texts, current)
	if err != nil {
		return nil, err
	}
	return v, s.valid(v)
}

func (s *Spec) parseTexts(texts []string, current any) (any, error) {
	if s.Type == StrSeq {
		return slices.Clone(append([]string{}, texts...)), nil
	}
	if len(texts) > 1 {
		return nil, fmt.Errorf("%s takes one value but was given %d", s.Name, len(texts))
	}
	text, given := "", len(texts) == 1
	if given {
		text = texts[0]
	}
	switch s.Type {
	case Bool:
		return s.parseBool(text, current)
	case Int, OptionalInt:
		return s.parseInt(text)
	}
	if !given && s.optional() {
		return nil, nil
	}
	if !given {
		return nil, fmt.Errorf("%s needs a value: write %s=VALUE", s.Name, s.Name)
	}
	return text, nil
}

func (s *Spec) parseBool(text string, current any) (any, error) {
	switch text {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	case "toggle":
		on, _ := current.(bool)
		return !on, nil
	}
	return nil, fmt.Errorf("%s cannot be %q: write true, false or toggle", s.Name, text)
}

func (s *Spec) parseInt(text string) (any, error) {
	if text == "" && s.optional() {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be %q: write a whole number", s.Name, text)
	}
	return n, nil
}
