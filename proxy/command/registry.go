package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"sluice/proxy/spell"
)

// A Registry knows every command by its name.
type Registry struct {
	// ReadDir lists a directory for the completion of paths. It is os.ReadDir
	// unless replaced before the registry is used.
	ReadDir func(dir string) ([]fs.DirEntry, error)

	env      Env
	commands map[string]Command
}

// NewRegistry returns a registry without commands. A nil env resolves no flows.
func NewRegistry(env Env) *Registry {
	return &Registry{ReadDir: os.ReadDir, env: env, commands: make(map[string]Command)}
}

// Add registers commands. It panics if a name is taken or a command is malformed.
func (r *Registry) Add(cmds ...Command) {
	for _, c := range cmds {
		if err := c.malformed(); err != nil {
			panic(fmt.Sprintf("command %q: %v", c.Name, err))
		}
		if _, taken := r.commands[c.Name]; taken {
			panic(fmt.Sprintf("command %q: the name is taken", c.Name))
		}
		r.commands[c.Name] = c
	}
}

func (c Command) malformed() error {
	if c.Name == "" || Quote(c.Name) != c.Name {
		return errors.New("the name must be a single word")
	}
	if c.Run == nil {
		return errors.New("it has no Run")
	}
	optional := false
	for i, p := range c.Params {
		switch {
		case p.Name == "":
			return fmt.Errorf("parameter %d has no name", i)
		case p.Variadic && i < len(c.Params)-1:
			return fmt.Errorf("only the last parameter can be variadic, not %s", p.Name)
		case p.Type == Choice && p.Choices == "":
			return fmt.Errorf("nothing lists the choices of %s", p.Name)
		case !parsable(p.Type):
			return fmt.Errorf("%s has the type %q, which no argument can have", p.Name, p.Type)
		case optional && p.Default == nil && !p.Variadic:
			return fmt.Errorf("%s needs a default because the parameter before it has one", p.Name)
		}
		optional = optional || p.Default != nil
	}
	return nil
}

// Lookup returns the command of that name.
func (r *Registry) Lookup(name string) (Command, bool) {
	c, ok := r.commands[name]
	return c, ok
}

// All lists the commands in the order of their names.
func (r *Registry) All() []Command {
	return slices.SortedFunc(maps.Values(r.commands), func(a, b Command) int { return cmp.Compare(a.Name, b.Name) })
}

// Run executes a command line. It blocks as long as the command does.
func (r *Registry) Run(ctx context.Context, line string) (any, error) {
	var words []string
	for _, t := range Split(line) {
		if !t.Space {
			words = append(words, Unquote(t.Text))
		}
	}
	if len(words) == 0 {
		return nil, errors.New("invalid command: the line is empty")
	}
	return r.Call(ctx, words[0], words[1:]...)
}

// Call executes a command with arguments that are text without quotes around
// it; each is parsed by the type of its parameter.
func (r *Registry) Call(ctx context.Context, name string, args ...string) (any, error) {
	c, ok := r.commands[name]
	if !ok {
		return nil, r.unknown(name)
	}
	parsed, err := r.bind(ctx, c, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	result, err := c.Run(ctx, parsed)
	if err != nil {
		return nil, err
	}
	if !hasType(result, c.Result) {
		return nil, fmt.Errorf("%s returned a %T where its signature promises %q: please report this", name, result, c.Result)
	}
	return result, nil
}

// bind parses the arguments of c and fills in defaults.
func (r *Registry) bind(ctx context.Context, c Command, texts []string) (Args, error) {
	args := make(Args, 0, len(c.Params))
	for i, p := range c.Params {
		if p.Variadic {
			rest, err := r.parseRest(ctx, p, texts[min(i, len(texts)):])
			if err != nil {
				return nil, err
			}
			return append(args, rest), nil
		}
		if i >= len(texts) {
			if p.Default == nil {
				return nil, countError(c, len(texts))
			}
			args = append(args, p.Default)
			continue
		}
		v, err := r.parseArg(ctx, p, texts[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		args = append(args, v)
	}
	if len(texts) > len(c.Params) {
		return nil, countError(c, len(texts))
	}
	return args, nil
}

func (r *Registry) parseRest(ctx context.Context, p Param, texts []string) ([]any, error) {
	rest := make([]any, 0, len(texts))
	for _, text := range texts {
		v, err := r.parseArg(ctx, p, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		rest = append(rest, v)
	}
	return rest, nil
}

func countError(c Command, got int) error {
	least, most := 0, len(c.Params)
	for _, p := range c.Params {
		if p.Default == nil && !p.Variadic {
			least++
		}
	}
	want := fmt.Sprint(least)
	switch {
	case most > 0 && c.Params[most-1].Variadic:
		want = fmt.Sprintf("at least %d", least)
	case most > least:
		want = fmt.Sprintf("%d to %d", least, most)
	}
	things := "arguments"
	if strings.HasSuffix(" "+want, " 1") {
		things = "argument"
	}
	hint := ""
	if got > most && most > 0 {
		hint = ", with quotes around a text that has blanks"
	}
	return fmt.Errorf("wants %s %s, got %d: write %s%s", want, things, got, usage(c), hint)
}

// Signature returns the command as help shows it: name a b *rest -> type.
func Signature(c Command) string {
	if c.Result == NoResult {
		return usage(c)
	}
	return usage(c) + " -> " + string(c.Result)
}

func usage(c Command) string {
	var b strings.Builder
	b.WriteString(c.Name)
	for _, p := range c.Params {
		b.WriteString(" " + p.String())
	}
	return b.String()
}

// String returns the parameter's name as signatures show it, with a * if it is variadic.
func (p Param) String() string {
	if p.Variadic {
		return "*" + p.Name
	}
	return p.Name
}

// unknown is the error for a name that no command has.
func (r *Registry) unknown(name string) error {
	if near := spell.Nearest(name, maps.Keys(r.commands)); near != "" {
		return fmt.Errorf("unknown command %q: did you mean %s?", name, near)
	}
	return fmt.Errorf("unknown command %q: press tab at an empty prompt to go through all commands", name)
}
