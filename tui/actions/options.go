package actions

import (
	"context"
	"fmt"
	"strings"

	"sluice/proxy/command"
	"sluice/proxy/option"
)

func (e Env) optionCommands() []command.Command {
	path := params(param("path", command.Path))
	return []command.Command{
		{Name: "set", Run: e.setOption,
			Params: params(param("option", command.Str), command.Param{Name: "value", Type: command.Str, Variadic: true, Pattern: true}),
			Help: "Set an option. Without a value an optional one is unset and a switch is turned on; " +
				"toggle turns a switch over."},
		{Name: "options.load", Params: path, Help: "Load options from a file.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				e.Go(func(context.Context) (string, error) {
					passed, err := e.Options.LoadFile(args[0].(string))
					if err != nil {
						return "", fmt.Errorf("could not load options - %w", err)
					}
					if len(passed) > 0 {
						return "Loaded options, but " + strings.Join(passed, "; "), nil
					}
					return "Loaded options.", nil
				})
				return nil, nil
			}},
		{Name: "options.save", Params: path, Help: "Save options to a file.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				e.Go(func(context.Context) (string, error) {
					if err := e.Options.Save(args[0].(string)); err != nil {
						return "", fmt.Errorf("could not save options - %w", err)
					}
					return "Saved options.", nil
				})
				return nil, nil
			}},
		{Name: "options.reset", Help: "Reset all options to their defaults.",
			Run: func(context.Context, command.Args) (any, error) { return nil, e.Options.Reset() }},
		{Name: "options.reset.one", Params: params(param("name", command.Str)),
			Help: "Reset one option to its default.",
			Run:  func(_ context.Context, args command.Args) (any, error) { return nil, e.Options.Reset(args[0].(string)) }},
	}
}

// setOption sets an option; several values are the items of a sequence, or the words of a text.
func (e Env) setOption(_ context.Context, args command.Args) (any, error) {
	name := args[0].(string)
	values := make([]string, 0, 1)
	for _, v := range args[1].([]any) {
		values = append(values, v.(string))
	}
	if strings.Contains(name, "=") && len(values) == 0 {
		return nil, e.Options.Set(name)
	}
	spec, err := option.Lookup(name)
	canBeUnset := spec.Type == option.OptionalStr || spec.Type == option.StrSeq
	switch {
	case err != nil:
		return nil, err
	case len(values) == 0 || canBeUnset && len(values) == 1 && values[0] == "":
		return nil, e.Options.Set(name)
	case spec.Type == option.StrSeq:
		specs := make([]string, len(values))
		for i, v := range values {
			specs[i] = name + "=" + v
		}
		err := e.Options.Set(specs...)
		if err != nil && len(values) > 1 {
			err = fmt.Errorf("%w; put quotes around a value that has blanks", err)
		}
		return nil, err
	}
	return nil, e.Options.Set(name + "=" + strings.Join(values, " "))
}
