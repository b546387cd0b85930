package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/tui/grid"
)

// A gridWindow edits a part of a flow in a grid. Leaving it takes the changes over.
type gridWindow struct {
	*grid.Model
	app   *App
	part  string
	apply func(rows [][]string) error

	refused [][]string // the rows that could not be taken over
}

func newGridWindow(a *App, part string, spec grid.Spec, apply func(rows [][]string) error) *gridWindow {
	return &gridWindow{Model: grid.New(a.theme, spec), app: a, part: part, apply: apply}
}

func (w *gridWindow) Name() string    { return "edit_focus_" + w.part }
func (w *gridWindow) Context() string { return "grideditor" }

// gridKeys are the keys that the grid knows movements by.
var gridKeys = map[nav]tea.Key{
	navStart: {Code: tea.KeyHome}, navEnd: {Code: tea.KeyEnd}, navNext: {Code: tea.KeyTab}, navUp: {Code: tea.KeyUp},
	navDown: {Code: tea.KeyDown}, navLeft: {Code: tea.KeyLeft}, navRight: {Code: tea.KeyRight},
	navPageUp: {Code: tea.KeyPgUp}, navPageDown: {Code: tea.KeyPgDown},
}

func (w *gridWindow) Nav(n nav) tea.Cmd {
	if n == navSelect {
		w.Select()
		return nil
	}
	cmd, _ := w.Model.Key(tea.KeyPressMsg(gridKeys[n]))
	return cmd
}

// Closing takes the changes over. Rows that are refused stay open to be corrected;
// leaving them a second time as they are drops them.
func (w *gridWindow) Closing() error {
	if !w.Changed() {
		return nil
	}
	rows := w.Rows()
	if w.refused != nil && slices.EqualFunc(rows, w.refused, slices.Equal[[]string]) {
		w.app.say("The changes were dropped.")
		return nil
	}
	if err := w.apply(rows); err != nil {
		w.refused = rows
		return fmt.Errorf("not taken over, leave once more to drop it: %w", err)
	}
	w.app.view.Sync()
	return nil
}

// gridCommands act on the grid that shows.
func (a *App) gridCommands() []command.Command {
	on := func(fn func(g *gridWindow, args command.Args) (tea.Cmd, error)) runner {
		return func(_ context.Context, args command.Args) (any, error) {
			g, ok := top[*gridWindow](a)
			if !ok {
				return nil, errors.New("not in a grideditor: press e on a flow to open one")
			}
			cmd, err := fn(g, args)
			a.later(cmd)
			return nil, err
		}
	}
	verb := func(fn func(g *gridWindow)) runner {
		return on(func(g *gridWindow, _ command.Args) (tea.Cmd, error) {
			fn(g)
			return nil, nil
		})
	}
	path := params(param("path", command.Path))
	return []command.Command{
		{Name: "console.grideditor.add",
			Help: "Add a row after the cursor.", Run: verb(func(g *gridWindow) { g.Add() })},
		{Name: "console.grideditor.insert",
			Help: "Insert a row before the cursor.", Run: verb(func(g *gridWindow) { g.Insert() })},
		{Name: "console.grideditor.delete", Help: "Delete the row.", Run: verb(func(g *gridWindow) { g.Delete() })},
		{Name: "console.grideditor.editor", Help: "Edit the field in the external editor.",
			Run: on(func(g *gridWindow, _ command.Args) (tea.Cmd, error) { return g.Editor() })},
		{Name: "console.grideditor.load", Params: path, Help: "Fill the field with a file.",
			Run: on(func(g *gridWindow, args command.Args) (tea.Cmd, error) { return g.Load(args[0].(string), false) })},
		{Name: "console.grideditor.load_escaped", Params: path,
			Help: "Fill the field with a file whose escapes are undone.",
			Run:  on(func(g *gridWindow, args command.Args) (tea.Cmd, error) { return g.Load(args[0].(string), true) })},
		{Name: "console.grideditor.save", Params: path, Help: "Save the rows as CSV.",
			Run: on(func(g *gridWindow, args command.Args) (tea.Cmd, error) { return g.Save(args[0].(string)), nil })},
	}
}
