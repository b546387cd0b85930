package tui

import (
	"fmt"
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
	"sluice/proxy/filter"
	"sluice/proxy/option"
	"sluice/tui/style"
)

// optionChanges collects the names of options that changed, on whatever goroutine.
type optionChanges struct {
	mu     sync.Mutex
	names  []string
	signal chan struct{}
}

func (c *optionChanges) add(names []string) {
	c.mu.Lock()
	c.names = append(c.names, names...)
	c.mu.Unlock()
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

func (c *optionChanges) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.names
	c.names = nil
	return names
}

// subscribe follows the options. A filter that cannot be parsed is refused.
func (a *App) subscribe() func() {
	return a.options.Subscribe(func(changed []string) error {
		for _, name := range []string{"view_filter", "intercept", "readfile_filter"} {
			if expr := a.options.Str(name); expr != "" && slices.Contains(changed, name) {
				if _, err := filter.Parse(expr); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		if slices.Contains(changed, "protobuf_definitions") {
			if err := a.loadProtos(); err != nil {
				return err
			}
		}
		a.changed.add(changed)
		return nil
	})
}

// loadProtos reads what names the fields of Protobuf, from now on.
func (a *App) loadProtos() error {
	path := a.options.Str("protobuf_definitions")
	if path == "" {
		a.protos.Store(nil)
		return nil
	}
	protos, err := content.LoadProtos(option.ExpandHome(path))
	if err != nil {
		return fmt.Errorf("protobuf_definitions: %w", err)
	}
	a.protos.Store(protos)
	return nil
}

// optionsChanged acts on the options that have changed since the last time.
func (a *App) optionsChanged() {
	names := a.changed.take()
	if len(names) == 0 {
		return
	}
	touched := func(options ...string) bool {
		return slices.ContainsFunc(options, func(n string) bool { return slices.Contains(names, n) })
	}
	for _, name := range names {
		if spec, err := option.Lookup(name); err == nil && spec.Instead != "" && a.options.Changed(name) {
			a.events.Add("warn", spec.Unsupported())
		}
	}
	if touched("view_filter", "view_order", "view_order_reversed") {
		a.later(a.requery())
	}
	if touched("console_focus_follow") {
		a.view.SetFollow(a.options.Bool("console_focus_follow"))
	}
	if touched("console_palette", "console_palette_transparent") {
		a.retheme()
	}
	if touched("console_eventlog_verbosity") {
		a.relog()
	}
	if touched("rfile") {
		a.later(a.loadFirst())
	}
	a.foot.look()
	if a.options.Str("console_layout") == "single" {
		a.active = 0
	}
	a.layout()
	a.later(a.refocus())
}

// retheme makes the styles anew.
func (a *App) retheme() {
	a.theme = style.New(a.options.Str("console_palette"), a.dark,
		a.options.Bool("console_palette_transparent"), a.getenv("NO_COLOR") != "")
	for _, p := range a.panes {
		if p == nil {
			continue
		}
		for _, w := range p.windows {
			if t, ok := w.(themed); ok {
				t.SetTheme(a.theme)
			}
		}
	}
}

// A themed window keeps styles of its own.
type themed interface{ SetTheme(t *style.Theme) }

// background learns whether the terminal is dark.
func (a *App) background(dark bool) tea.Cmd {
	if dark != a.dark {
		a.dark = dark
		a.retheme()
		return a.refocus()
	}
	return nil
}
