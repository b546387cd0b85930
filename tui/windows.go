package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// push brings a window to the front of the pane that has the keys, unless it is there already.
func (a *App) push(w window) tea.Cmd {
	p := a.panes[a.active]
	if p.top().Name() == w.Name() && len(p.overlays) == 0 {
		return nil
	}
	p.overlays = nil
	if p.top().Name() != w.Name() {
		p.windows = append(p.windows, w)
	}
	return a.shown(p.top())
}

// shown lays out a window that has come to the front.
func (a *App) shown(w window) tea.Cmd {
	a.layout()
	var cmd tea.Cmd
	if s, ok := w.(shower); ok {
		cmd = s.Shown()
	}
	return tea.Batch(cmd, a.refocus())
}

// overlay lays a box over the pane that has the keys.
func (a *App) overlay(b box) tea.Cmd {
	p := a.panes[a.active]
	p.overlays = append(p.overlays, b)
	return a.shown(b)
}

// pop takes away the overlay in front, or else the window; with the last window it asks whether to quit.
func (a *App) pop() tea.Cmd {
	p := a.panes[a.active]
	if n := len(p.overlays); n > 0 {
		return a.drop(p.overlays[n-1])
	}
	if len(p.windows) == 1 {
		return a.askQuit()
	}
	return a.drop(p.top())
}

// drop takes away a window wherever it is, unless it has a reason to stay.
func (a *App) drop(w window) tea.Cmd {
	if c, ok := w.(closer); ok {
		if err := c.Closing(); err != nil {
			a.fail(err)
			return nil
		}
	}
	for _, p := range a.panes {
		p.overlays = slices.DeleteFunc(p.overlays, func(o box) bool { return window(o) == w })
		if len(p.windows) > 1 {
			p.windows = slices.DeleteFunc(p.windows, func(o window) bool { return o == w })
		}
	}
	a.layout()
	return a.refocus()
}

// askQuit asks whether to end the program. Asking twice is an answer.
func (a *App) askQuit() tea.Cmd {
	if q := a.foot.question; q != nil && q.quits {
		return tea.Quit
	}
	a.foot.ask(question{text: "Quit", yes: func() tea.Cmd { return tea.Quit }, quits: true})
	return nil
}

// top finds a window of a type that shows, in the active pane first.
func top[T window](a *App) (T, bool) {
	for _, i := range []int{a.active, 1 - a.active} {
		p := a.panes[i]
		for n := len(p.overlays) - 1; n >= 0; n-- {
			if w, ok := window(p.overlays[n]).(T); ok {
				return w, true
			}
		}
		if w, ok := p.top().(T); ok && (p.h > 0 || i == a.active) {
			return w, true
		}
	}
	var none T
	return none, false
}

// window makes a window by its name.
func (a *App) window(name string) (window, error) {
	switch name {
	case "flowlist":
		return newFlowList(a), nil
	case "eventlog":
		return newLogWindow(a), nil
	case "help":
		return newHelpWindow(a), nil
	case "keybindings":
		return newKeysWindow(a), nil
	case "commands":
		return newCommandsWindow(a), nil
	case "options":
		return newOptionsWindow(a), nil
	case "flowview":
		return newFlowView(a), nil
	}
	return nil, fmt.Errorf("there is no window %q", name)
}
