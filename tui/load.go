package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

// loadBatch is how many flows of a file are put into the store at once.
const loadBatch = 256

// A load is a file that is being read.
type load struct {
	path   string
	n      atomic.Int64 // flows so far
	cancel context.CancelFunc

	stopping bool // it ends with the next flow, which may take its time
}

// loadedMsg says that a file has been read, or has not.
type loadedMsg struct {
	load *load
	err  error
}

func (a *App) loadCommands() []command.Command {
	return []command.Command{
		{Name: "view.flows.load", Params: params(param("path", command.Path)), Help: "Load flows from a file.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				return nil, a.loadFile(args[0].(string), nil)
			}},
		{Name: "readfile.reading", Result: command.Bool, Help: "Return whether a file of flows is being read.",
			Run: func(context.Context, command.Args) (any, error) { return len(a.loads) > 0, nil }},
	}
}

// loadFirst loads the file of the option rfile.
func (a *App) loadFirst() tea.Cmd {
	path := a.options.Str("rfile")
	if path == "" {
		return nil
	}
	var wanted *filter.Filter
	if expr := a.options.Str("readfile_filter"); expr != "" {
		var err error
		if wanted, err = filter.Parse(expr); err != nil {
			a.fail(fmt.Errorf("readfile_filter: %w", err))
			return nil
		}
	}
	if err := a.loadFile(path, wanted); err != nil {
		a.fail(err)
	}
	cmds := a.pending
	a.pending = nil
	return tea.Batch(cmds...)
}

// loadFile reads a file apart from the screen. Its flows get new ids, so that a file can be loaded twice.
func (a *App) loadFile(path string, wanted *filter.Filter) error {
	if a.read == nil {
		return errors.New("flow files cannot be read here")
	}
	var aim func(*flow.Flow)
	if a.aim != nil {
		aim = a.aim()
	}
	ctx, cancel := context.WithCancel(a.life)
	l := &load{path: path, cancel: cancel}
	a.loads = append(a.loads, l)
	a.later(func() tea.Msg { return loadedMsg{l, a.loadFlows(ctx, l, wanted, aim)} })
	return nil
}

// loadFlows puts the flows of a file into the store, whole batches and what is left of one at the end. It is called apart from the screen.
func (a *App) loadFlows(ctx context.Context, l *load, wanted *filter.Filter, aim func(*flow.Flow)) error {
	var batch []*flow.Flow
	put := func() {
		a.store.PutAll(batch)
		l.n.Add(int64(len(batch)))
		batch = batch[:0]
	}
	defer put()
	for f, err := range a.read(ctx, l.path) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !wanted.Match(f) {
			continue
		}
		f.ID = flow.NewID() // nobody else has f
		if aim != nil {
			aim(f)
		}
		if batch = append(batch, f); len(batch) == loadBatch {
			put()
		}
	}
	return nil
}

func (a *App) loaded(msg loadedMsg) tea.Cmd {
	msg.load.cancel()
	a.loads = slices.DeleteFunc(a.loads, func(l *load) bool { return l == msg.load })
	n := plural(int(msg.load.n.Load()), "flow")
	switch {
	case errors.Is(msg.err, context.Canceled):
		a.say("Stopped reading " + msg.load.path + ": loaded " + n + ".")
	case msg.err != nil:
		a.fail(fmt.Errorf("%w; loaded %s", msg.err, n))
	default:
		a.say("Loaded " + n + " from " + msg.load.path + ".")
	}
	a.view.Sync()
	return a.refocus()
}

// stopLoads stops reading files. It is false if none was being read, but for those that have been told already.
func (a *App) stopLoads() bool {
	any := false
	for _, l := range a.loads {
		any = any || !l.stopping
		l.stopping = true
		l.cancel()
	}
	return any
}

// loadProgress says in the status line how far reading has come.
func (a *App) loadProgress() string {
	if len(a.loads) == 0 {
		return ""
	}
	n, what := int64(0), "stopping"
	for _, l := range a.loads {
		n += l.n.Load()
		if !l.stopping {
			what = "esc stops"
		}
	}
	return fmt.Sprintf("[loading: %s, %s]", plural(int(n), "flow"), what)
}
