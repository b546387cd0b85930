package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/flowstore"
	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/tui/prompt"
)

// maxSeen is how many flows are looked at for what filters can be completed with.
const maxSeen = 2000

func (a *App) askCommands() []command.Command {
	title, cmd, args := param("prompt", command.Str), param("cmd", command.Cmd), variadic("args", command.Arg)
	return []command.Command{
		{Name: "console.command", Params: params(variadic("command_str", command.Str)),
			Help: "Open the command prompt.", Run: a.askCommand},
		{Name: "console.command.set", Params: params(param("option_name", command.Str)),
			Help: "Open the prompt with an option's value.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				a.later(a.askOption(args[0].(string)))
				return nil, nil
			}},
		{Name: "console.command.confirm", Params: params(title, cmd, args),
			Help: "Ask before a command is run.", Run: a.confirm},
		{Name: "console.choose", Params: params(title, param("choices", command.StrSeq), cmd, args),
			Help: "Ask for one of several texts, which takes the place of {choice} in a command.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				a.choose(args[0].(string), args[1].([]string), args[2].(string), args[3].([]any))
				return nil, nil
			}},
		{Name: "console.choose.cmd",
			Params: params(title, param("choicecmd", command.Cmd), param("subcmd", command.Cmd), args),
			Help:   "Ask for one of the texts that a command returns, which takes the place of {choice} in another.",
			Run:    a.chooseCmd},
	}
}

// askCommand opens the prompt with words quoted where they must be. If the last one is empty, the cursor is in it.
func (a *App) askCommand(_ context.Context, args command.Args) (any, error) {
	words := args[0].([]any)
	text := join(words)
	switch n := len(words); {
	case n > 0 && words[n-1] == "":
		a.later(a.commandPrompt(text, 1))
	case n > 0:
		a.later(a.commandPrompt(text+" ", 0))
	default:
		a.later(a.commandPrompt("", 0))
	}
	return nil, nil
}

// commandPrompt opens the prompt with a text, the cursor some bytes before its end.
func (a *App) commandPrompt(text string, back int) tea.Cmd {
	cfg := prompt.Command(a.theme, a.typing, a.history, text)
	cfg.Back = back
	cfg.Complete = completeOptions(a.options.All(), cfg.Complete, a.typing.Paths)
	a.foot.open(prompt.New(a.theme, cfg), a.execute)
	return nil
}

// askOption opens a prompt for an option; that of a filter says while it is typed what is wrong with it.
func (a *App) askOption(name string) tea.Cmd {
	labels := map[string]string{"view_filter": "Show flows: ", "intercept": "Intercept: "}
	label, isFilter := labels[name]
	if !isFilter {
		return a.setPrompt(name)
	}
	a.filterPrompt(name, label, a.options.Str(name))
	return nil
}

// filterPrompt asks for the filter of an option, and again as long as it is wrong.
func (a *App) filterPrompt(name, label, text string) {
	cfg := prompt.Filter(a.theme, a.seen(), label, text)
	cfg.History = a.filterHistory
	line := prompt.New(a.theme, cfg)
	a.later(line.Judge())
	a.foot.open(line, func(text string) tea.Cmd {
		text = strings.TrimSpace(text)
		spec := name
		if text != "" {
			if _, err := filter.Parse(text); err != nil {
				a.filterPrompt(name, label, text)
				return nil
			}
			spec += "=" + text
		}
		if err := a.options.Set(spec); err != nil {
			a.fail(err)
		}
		return nil
	})
}

// seen collects what the latest flows have had, for completion.
func (a *App) seen() filter.Seen {
	var s filter.Seen
	hosts, methods, types := map[string]bool{}, map[string]bool{}, map[string]bool{}
	add := func(list *[]string, known map[string]bool, text string) {
		if text != "" && !known[text] && len(known) < 200 {
			known[text] = true
			*list = append(*list, text)
		}
	}
	n := a.view.Len()
	var rows []flowstore.Row
	for _, r := range a.view.Rows(rows, max(n-maxSeen, 0), min(n, maxSeen)) {
		add(&s.Hosts, hosts, r.Host)
		add(&s.Methods, methods, r.Method)
		kind, _, _ := strings.Cut(r.ContentType, ";")
		add(&s.ContentTypes, types, strings.TrimSpace(kind))
	}
	return s
}

// confirm asks before it runs a command.
func (a *App) confirm(_ context.Context, args command.Args) (any, error) {
	line := args[1].(string) + " " + join(args[2].([]any))
	a.foot.ask(question{text: args[0].(string), yes: func() tea.Cmd { return a.execute(line) }})
	return nil, nil
}

func (a *App) chooseCmd(ctx context.Context, args command.Args) (any, error) {
	result, err := a.registry.Call(ctx, args[1].(string))
	if err != nil {
		return nil, err
	}
	choices, ok := result.([]string)
	if !ok {
		return nil, fmt.Errorf("%s does not return a list to choose from", args[1])
	}
	a.choose(args[0].(string), choices, args[2].(string), args[3].([]any))
	return nil, nil
}

// choose opens a chooser whose choice goes into the arguments of a command.
func (a *App) choose(title string, choices []string, cmd string, args []any) {
	c := newChooser(a, title, choices, func(choice string) tea.Cmd {
		filled := make([]any, len(args))
		for i, arg := range args {
			filled[i] = strings.ReplaceAll(arg.(string), "{choice}", choice)
		}
		return a.execute(command.Quote(cmd) + " " + join(filled))
	})
	c.current(a.currentChoice(title, args))
	a.later(a.overlay(c))
}

// currentChoice is the value that a choice would replace, where that is known.
func (a *App) currentChoice(title string, args []any) string {
	if len(args) > 0 && args[0] == "view_order" {
		return a.options.Str("view_order")
	}
	if v, ok := top[*flowView](a); ok && strings.HasPrefix(title, "Set contentview") {
		return v.Mode()
	}
	return ""
}

// focusFlow returns the flow that has the focus.
func (a *App) focusFlow() (*flow.Flow, error) {
	if f := a.view.FocusFlow(); f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("no flow selected")
}
