package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/flowstore"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

// Messages from what runs apart.
type (
	storeMsg    struct{} // flows have changed
	logMsg      struct{} // there are new log entries
	optionsMsg  struct{} // options have changed
	tickMsg     struct{}
	quitMsg     struct{} // somebody wants the program to end
	preparedMsg struct {
		token    int
		prepared *flowstore.Prepared
		err      error
	}
	resolvedMsg struct {
		line  string
		found map[string][]*flow.Flow
		err   error
	}
	doneMsg struct {
		text string
		err  error
	}
)

// waitStore waits for a change of the store, but not before a frame has passed.
func (a *App) waitStore(pace time.Duration) tea.Cmd {
	return a.wait(pace, a.store.Changes(), storeMsg{})
}

func (a *App) waitLog(pace time.Duration) tea.Cmd { return a.wait(pace, a.events.Changes(), logMsg{}) }

func (a *App) waitOptions() tea.Cmd { return a.wait(0, a.changed.signal, optionsMsg{}) }

// wait returns msg after the pace and then a signal, nothing once the program has ended.
func (a *App) wait(pace time.Duration, signal <-chan struct{}, msg tea.Msg) tea.Cmd {
	ctx := a.life
	return func() tea.Msg {
		if pace > 0 {
			timer := time.NewTimer(pace)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case <-signal:
			return msg
		case <-ctx.Done():
			return nil
		}
	}
}

// tick looks twice a second at what tells nobody when it changes.
func (a *App) tick() tea.Cmd {
	a.foot.look()
	return tea.Tick(500*time.Millisecond, func(time.Time) tea.Msg { return tickMsg{} })
}

func (a *App) storeChanged() tea.Cmd {
	if a.view.Sync().Any() {
		a.later(a.refocus())
		a.foot.look()
	}
	return a.waitStore(frame)
}

// work runs apart from the screen what a command asks for.
func (a *App) work(job func(ctx context.Context) (string, error)) {
	ctx := a.life
	a.later(func() tea.Msg {
		text, err := job(ctx)
		return doneMsg{text, err}
	})
}

func (a *App) done(msg doneMsg) tea.Cmd {
	for _, text := range a.clips.take() {
		a.later(tea.SetClipboard(text))
	}
	switch {
	case msg.err != nil:
		a.fail(msg.err)
	case msg.text != "":
		a.say(msg.text)
	}
	a.view.Sync()
	return a.refocus()
}

// A queryState is the query that was asked for last.
type queryState struct {
	token  int
	cancel context.CancelFunc
}

// requery asks for what the options say the view should show. An earlier query that is under way is given up.
func (a *App) requery() tea.Cmd {
	if a.query.cancel != nil {
		a.query.cancel()
	}
	ctx, cancel := context.WithCancel(a.life)
	a.query.token++
	a.query.cancel = cancel
	token, expr := a.query.token, a.options.Str("view_filter")
	order, err := flowstore.ParseOrder(a.options.Str("view_order"))
	q := flowstore.Query{Order: order, Reversed: a.options.Bool("view_order_reversed"), MarkedOnly: a.marked}
	view := a.view
	return func() tea.Msg {
		if err != nil {
			return preparedMsg{token: token, err: err}
		}
		if expr != "" {
			f, err := filter.Parse(expr)
			if err != nil {
				return preparedMsg{token: token, err: err}
			}
			q.Filter = f
		}
		p, err := view.Prepare(ctx, q)
		return preparedMsg{token, p, err}
	}
}

func (a *App) prepared(msg preparedMsg) tea.Cmd {
	if msg.token != a.query.token {
		return nil
	}
	a.query.cancel()
	a.query.cancel = nil
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			a.fail(fmt.Errorf("filter the flows: %w", msg.err))
		}
		return nil
	}
	a.view.Apply(msg.prepared)
	return a.refocus()
}

// resolve finds the flows of filters in a line, apart from the screen, and then runs the line.
func (a *App) resolve(line string, specs []string) tea.Cmd {
	store, ctx := a.store, a.life
	words := wordsOf(line)
	c, _ := a.registry.Lookup(words[0])
	torn := len(words) > len(c.Params)+1 // a filter may have fallen into several words
	return func() tea.Msg {
		msg := resolvedMsg{line: line, found: make(map[string][]*flow.Flow)}
		for _, spec := range specs {
			f, err := filter.Parse(spec)
			if err != nil {
				if torn {
					err = fmt.Errorf("%q is not a filter by itself: put a filter that has blanks in quotes", spec)
				}
				return resolvedMsg{line: line, err: err}
			}
			list := []*flow.Flow{}
			store.Each(func(fl *flow.Flow) bool {
				if f.Match(fl) {
					list = append(list, fl)
				}
				return ctx.Err() == nil
			})
			msg.found[spec] = list
		}
		return msg
	}
}

func (a *App) resolved(msg resolvedMsg) tea.Cmd {
	if msg.err != nil {
		a.fail(msg.err)
		return nil
	}
	a.found = msg.found
	defer func() { a.found = nil }()
	return a.runLine(msg.line)
}
