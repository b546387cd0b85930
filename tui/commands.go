package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/actions"
	"sluice/tui/browser"
	"sluice/tui/keymap"
	"sluice/tui/prompt"
)

// runner is what a command does.
type runner = func(ctx context.Context, args command.Args) (any, error)

// registerAll fills the registry.
func (a *App) registerAll(cfg Config) {
	all := actions.Commands(actions.Env{
		Store: a.store, Engine: a.engine, Options: a.options, Say: a.say, Go: a.work, Clip: a.clips.add, Read: cfg.Read, Browse: a.browse,
	})
	all = slices.Concat(all, a.viewCommands(), a.viewFlowCommands(), a.windowCommands(), a.navCommands(),
		a.askCommands(), a.keyCommands(), a.editCommands(), a.messageCommands(), a.modeCommands(), a.historyCommands(), a.loadCommands(),
		[]command.Command{lists("browser.options", "List the browsers that can be started.", browser.Names)}, cfg.Commands)
	a.registry.Add(all...)
	a.typing = command.NewRegistry(anyFlow{})
	a.typing.Add(all...)
	a.history, a.filterHistory, a.searches = &prompt.History{}, &prompt.History{}, &prompt.History{}
	if cfg.Confdir != "" && a.options.Bool("command_history") {
		a.historyPath = filepath.Join(cfg.Confdir, "command_history")
	}
}

// anyFlow lets flow specs pass while a line is being typed, on whatever goroutine.
type anyFlow struct{}

func (anyFlow) Resolve(string) ([]*flow.Flow, error) { return []*flow.Flow{{}}, nil }

// param makes a parameter.
func param(name string, t command.Type) command.Param { return command.Param{Name: name, Type: t} }

func params(ps ...command.Param) []command.Param { return ps }

func choice(name, from string) command.Param {
	return command.Param{Name: name, Type: command.Choice, Choices: from}
}

func variadic(name string, t command.Type) command.Param {
	return command.Param{Name: name, Type: t, Variadic: true}
}

// does makes a command without parameters that returns nothing.
func does(name, help string, fn func() error) command.Command {
	return command.Command{Name: name,
		Help: help, Run: func(context.Context, command.Args) (any, error) { return nil, fn() }}
}

// lists makes a command that returns texts. It may be run on any goroutine, for completion.
func lists(name, help string, fn func() []string) command.Command {
	return command.Command{Name: name, Help: help, Result: command.StrSeq,
		Run: func(context.Context, command.Args) (any, error) { return fn(), nil }}
}

func (a *App) windowCommands() []command.Command {
	view := func(name, help string) command.Command {
		return does("console.view."+name, help, func() error {
			w, err := a.window(name)
			if err != nil {
				return err
			}
			a.later(a.push(w))
			return nil
		})
	}
	return []command.Command{
		view("keybindings", "View the key bindings."), view("commands", "View all commands."),
		view("options", "View and change the options."), view("eventlog", "View the event log."), view("help", "View help."),
		{Name: "console.view.flow", Params: params(param("flow", command.Flow)),
			Help: "View a flow.", Run: a.viewFlow},
		does("console.view.pop", "Leave the current view; with the last one, ask whether to quit.", func() error {
			a.later(a.pop())
			return nil
		}),
		does("console.exit", "Exit at once.", func() error {
			a.later(tea.Quit)
			return nil
		}),
		lists("console.layout.options", "List the layouts.", layouts),
		does("console.layout.cycle", "Go on to the next layout.", a.cycleLayout),
		does("console.panes.next", "Go to the other pane.", a.switchPane),
		does("console.panes.prev", "Go to the other pane.", a.switchPane),
		does("console.options.reset.focus", "Reset the focused option.", a.resetFocused),
		does("eventstore.clear", "Clear the event log.", func() error {
			a.events.Clear()
			a.log = nil
			a.later(a.refocus())
			return nil
		}),
	}
}

// layouts lists the layouts in the order in which they are gone through.
func layouts() []string { return []string{"single", "vertical", "horizontal"} }

func (a *App) cycleLayout() error {
	order := layouts()
	i := slices.Index(order, a.options.Str("console_layout"))
	return a.options.Set("console_layout=" + order[(i+1)%len(order)])
}

func (a *App) switchPane() error {
	if a.options.Str("console_layout") != "single" {
		a.active = 1 - a.active
	}
	return nil
}

func (a *App) viewFlow(_ context.Context, args command.Args) (any, error) {
	f := args[0].(*flow.Flow)
	if a.view.IndexOf(f.ID) >= 0 && a.view.Focus() != f.ID {
		if err := a.view.SetFocus(f.ID); err != nil {
			return nil, err
		}
	}
	a.later(a.push(newFlowView(a)))
	return nil, nil
}

func (a *App) navCommands() []command.Command {
	var cmds []command.Command
	for _, n := range []struct {
		name, help string
		nav        nav
	}{
		{"start", "Go to the start.", navStart}, {"end", "Go to the end.", navEnd},
		{"next", "Go to the next tab or field.", navNext}, {"select", "Select what has the focus.", navSelect}, {"up", "Go up.", navUp}, {"down", "Go down.", navDown},
		{"pageup", "Go a page up.", navPageUp}, {"pagedown", "Go a page down.", navPageDown},
		{"left", "Go left.", navLeft}, {"right", "Go right.", navRight},
	} {
		cmds = append(cmds, does("console.nav."+n.name, n.help, func() error {
			a.later(a.front().Nav(n.nav))
			return nil
		}))
	}
	return cmds
}

func (a *App) keyCommands() []command.Command {
	where := param("contexts", command.StrSeq)
	bind := func(_ context.Context, args command.Args) (any, error) {
		return nil, a.bind(args[0].([]string), args[1].(string), args[2].(string), args[3].([]any))
	}
	unbind := func(_ context.Context, args command.Args) (any, error) {
		err := a.unbind(args[1].(string), args[0].([]string))
		a.later(a.refocus())
		return nil, err
	}
	focused := func(name, help string, fn func(b keymap.Binding) tea.Cmd) command.Command {
		return does(name, help, func() error {
			b, err := a.focusedBinding()
			if err == nil {
				a.later(fn(b))
			}
			return err
		})
	}
	return []command.Command{
		lists("console.key.contexts", "List the contexts of key bindings.", keymap.Contexts),
		{Name: "console.key.bind", Help: `Bind a key, such as a, ctrl+f or "page up", to a command.`, Run: bind,
			Params: params(where, param("key", command.Str), param("cmd", command.Cmd), variadic("args", command.Arg))},
		{Name: "console.key.unbind", Params: params(where, param("key", command.Str)),
			Help: "Unbind a key.", Run: unbind},
		focused("console.key.unbind.focus", "Unbind the focused key binding.", func(b keymap.Binding) tea.Cmd {
			if err := a.keys.Remove(b.Key, b.Contexts); err != nil {
				a.fail(err)
			}
			return a.refocus()
		}),
		focused("console.key.execute.focus", "Put the command of the focused key binding into the prompt.",
			func(b keymap.Binding) tea.Cmd { return a.commandPrompt(b.Command, 0) }),
		focused("console.key.edit.focus", "Edit the focused key binding.", a.editBinding),
		{Name: "console.keymap.load", Params: params(param("path", command.Path)),
			Help: "Load key bindings from a file.", Run: a.loadKeys},
	}
}

// loadKeys reads a file of bindings apart from the screen and merges it here.
func (a *App) loadKeys(_ context.Context, args command.Args) (any, error) {
	path := args[0].(string)
	a.later(func() tea.Msg {
		data, err := readKeys(path)
		return keysMsg{path, data, err}
	})
	return nil, nil
}

func (a *App) keysLoaded(msg keysMsg) tea.Cmd {
	err := msg.err
	if err == nil {
		err = a.keys.Merge(msg.path, msg.data)
	}
	if err != nil {
		a.fail(fmt.Errorf("could not load key bindings - %w", err))
	} else {
		a.say("Loaded key bindings from " + msg.path + ".")
	}
	return a.refocus()
}

func (a *App) historyCommands() []command.Command {
	text := func(name, help string, fn func() string) command.Command {
		return command.Command{Name: name, Help: help, Result: command.Str,
			Run: func(context.Context, command.Args) (any, error) { return fn(), nil }}
	}
	one := func(name, help, what string, fn func(string)) command.Command {
		return command.Command{Name: name, Params: params(param(what, command.Str)), Help: help,
			Run: func(_ context.Context, args command.Args) (any, error) {
				fn(args[0].(string))
				return nil, nil
			}}
	}
	return []command.Command{
		one("commands.history.add", "Add a line to the command history.", "command", func(s string) { a.history.Add(s) }),
		lists("commands.history.get", "List the command history.", func() []string { return a.history.Entries() }),
		does("commands.history.clear", "Forget the command history.", func() error {
			h := a.history
			a.work(func(context.Context) (string, error) { return "", h.Clear() })
			return nil
		}),
		one("commands.history.filter", "Go through the lines of the history that begin so.", "prefix",
			func(s string) { a.history.Filter(s) }),
		text("commands.history.next", "Return the next line of the history.", func() string { return a.history.Next() }),
		text("commands.history.prev", "Return the previous line of the history.", func() string { return a.history.Prev() }),
	}
}

func (a *App) modeCommands() []command.Command {
	view := func() (*flowView, error) {
		if v, ok := top[*flowView](a); ok {
			return v, nil
		}
		return nil, errors.New("not viewing a flow: press enter on one")
	}
	return []command.Command{
		lists("console.flowview.mode.options", "List the content views.", content.Names),
		{Name: "console.flowview.mode", Result: command.Str, Help: "Return the content view in use.",
			Run: func(context.Context, command.Args) (any, error) {
				v, err := view()
				if err != nil {
					return nil, err
				}
				return v.Mode(), nil
			}},
		{Name: "console.flowview.mode.set", Params: params(choice("mode", "console.flowview.mode.options")),
			Help: "Show the body in a content view.", Run: func(_ context.Context, args command.Args) (any, error) {
				v, err := view()
				if err != nil {
					return nil, err
				}
				a.later(v.SetMode(args[0].(string)))
				return nil, nil
			}},
	}
}

// join puts words into a command line.
func join(words []any) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = command.Quote(w.(string))
	}
	return strings.Join(quoted, " ")
}
