package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/proxy/file"
	"sluice/proxy/flow"
)

// parsable reports whether an argument can be of type t.
func parsable(t Type) bool {
	switch t {
	case Str, Bytes, Bool, Int, Path, Cmd, Arg, StrSeq, CutSpec, Flow, FlowSeq, Choice, Marker:
		return true
	}
	return false
}

// parseArg parses the unquoted text of an argument.
func (r *Registry) parseArg(ctx context.Context, p Param, text string) (any, error) {
	switch p.Type {
	case Str:
		return unescape(text, p.Pattern), nil
	case Bytes:
		return unescapeBytes(text)
	case Bool:
		return parseBool(text)
	case Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number: write digits", text)
		}
		return n, nil
	case Path:
		return file.ExpandHome(text), nil
	case Cmd:
		if _, ok := r.commands[text]; !ok {
			return nil, r.unknown(text)
		}
		return text, nil
	case Arg:
		return text, nil
	case StrSeq, CutSpec:
		return splitCommas(text), nil
	case Flow, FlowSeq:
		return r.parseFlows(p.Type, text)
	case Choice:
		return r.parseChoice(ctx, p, text)
	case Marker:
		return parseMarker(text)
	}
	return nil, errors.New("one argument too many: remove it")
}

func parseBool(text string) (any, error) {
	if text == "true" || text == "false" {
		return text == "true", nil
	}
	return nil, fmt.Errorf("%q is neither true nor false", text)
}

func splitCommas(text string) []string {
	items := strings.Split(text, ",")
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
	}
	return items
}

// parseFlows resolves a flow spec; the type Flow wants exactly one.
func (r *Registry) parseFlows(t Type, spec string) (any, error) {
	if r.env == nil {
		return nil, errors.New("there are no flows here")
	}
	flows, err := r.env.Resolve(spec)
	if err != nil {
		return nil, err
	}
	if t == FlowSeq {
		return flows, nil
	}
	switch {
	case len(flows) == 0 && spec == "@focus":
		return nil, errors.New("requires one flow, and none is selected")
	case len(flows) == 0:
		return nil, fmt.Errorf("requires one flow, and %q matches none", spec)
	case len(flows) > 1:
		return nil, fmt.Errorf("requires one flow, matched %d: narrow %q down", len(flows), spec)
	}
	return flows[0], nil
}

func (r *Registry) parseChoice(ctx context.Context, p Param, text string) (any, error) {
	choices, err := r.choices(ctx, p)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(choices, text) {
		return nil, fmt.Errorf("invalid choice %q: take one of %s", text, strings.Join(choices, ", "))
	}
	return text, nil
}

// choices lists what a parameter of type Choice can be.
func (r *Registry) choices(ctx context.Context, p Param) ([]string, error) {
	v, err := r.Call(ctx, p.Choices)
	if err != nil {
		return nil, fmt.Errorf("list choices: %w", err)
	}
	choices, ok := v.([]string)
	if !ok {
		return nil, fmt.Errorf("list choices: %s does not return str[]", p.Choices)
	}
	return choices, nil
}

func parseMarker(text string) (any, error) {
	switch text {
	case "true":
		return DefaultMarker, nil
	case "false":
		return "", nil
	}
	if !validMarker(text) {
		return nil, fmt.Errorf("invalid choice %q: take a letter or a name, as :red_circle: is one", text)
	}
	return text, nil
}

// hasType reports whether v can be the result of a command that promises t.
func hasType(v any, t Type) bool {
	switch t {
	case NoResult:
		return v == nil
	case Str, Path, Cmd, Arg, Choice, Marker:
		return is[string](v)
	case Bytes:
		return is[[]byte](v)
	case Bool:
		return is[bool](v)
	case Int:
		return is[int](v)
	case StrSeq, CutSpec:
		return is[[]string](v)
	case Flow:
		return is[*flow.Flow](v)
	case FlowSeq:
		return is[[]*flow.Flow](v)
	case Data:
		return is[[][]string](v)
	}
	return false
}

func is[T any](v any) bool {
	_, ok := v.(T)
	return ok
}
