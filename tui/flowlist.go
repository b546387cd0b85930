package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/flowstore"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/style"
)

// tableWidth is how wide a pane must be for the default layout to be a table.
const tableWidth = 100

// maxCached bounds the rows whose lines are kept.
const maxCached = 1024

// A flowList shows the flows of the view; the focus of the view is its focus.
type flowList struct {
	app  *App
	w, h int
	top  int
	rows []flowstore.Row // room for those that show

	cache map[flow.ID]cachedRow
	look  rowView // what the cache was made for
}

// A cachedRow is a row as it looks without and with the focus.
type cachedRow struct {
	version uint64
	lines   [2][]string
}

func newFlowList(a *App) *flowList { return &flowList{app: a, cache: make(map[flow.ID]cachedRow)} }

func (l *flowList) Name() string    { return "flowlist" }
func (l *flowList) Context() string { return "flowlist" }
func (l *flowList) Title() string   { return "Flows" }

func (l *flowList) SetSize(w, h int) { l.w, l.h = w, h }

// Key leaves all keys to the bindings.
func (l *flowList) Key(tea.KeyPressMsg) (tea.Cmd, bool) { return nil, false }

// looks returns how rows look now.
func (l *flowList) looks() rowView {
	o := l.app.options
	layout := o.Str("console_flowlist_layout")
	return rowView{
		theme:    l.app.theme,
		width:    l.w,
		table:    layout == "table" || layout == "default" && l.w >= tableWidth,
		showHost: o.Bool("showhost"),
	}
}

func (l *flowList) page() int { return max(l.h/l.looks().height(), 1) }

// Refresh keeps the focus in sight.
func (l *flowList) Refresh() tea.Cmd {
	v := l.app.view
	l.top = scroll(l.top, v.FocusIndex(), l.page(), v.Len())
	return nil
}

func (l *flowList) Nav(n nav) tea.Cmd {
	v := l.app.view
	at := max(v.FocusIndex(), 0)
	switch n {
	case navStart:
		v.Go(0)
	case navEnd:
		v.Go(-1)
	case navUp:
		v.Prev()
	case navDown:
		v.Next()
	case navPageUp:
		v.Go(max(at-l.page(), 0))
	case navPageDown:
		v.Go(at + l.page())
	case navSelect:
		return l.app.execute("console.view.flow @focus")
	default:
		return nil
	}
	return l.app.refocus()
}

// Mouse scrolls by the wheel; a click focuses a row and opens it.
func (l *flowList) Mouse(m tea.MouseMsg, _, y int) tea.Cmd {
	switch m := m.(type) {
	case tea.MouseWheelMsg:
		if n, ok := wheel(m); ok {
			return l.Nav(n)
		}
	case tea.MouseClickMsg:
		i := l.top + y/l.looks().height()
		if m.Button != tea.MouseLeft || i >= l.app.view.Len() {
			return nil
		}
		l.app.view.Go(i)
		return tea.Batch(l.app.refocus(), l.Nav(navSelect))
	}
	return nil
}

func (l *flowList) View() string {
	v, look := l.app.view, l.looks()
	if look != l.look || len(l.cache) > maxCached {
		clear(l.cache)
		l.look = look
	}
	if v.Len() == 0 {
		return l.empty(look.theme)
	}
	n := (l.h + look.height() - 1) / look.height()
	l.rows = v.Rows(l.rows[:0], l.top, n)
	lines := make([]string, 0, n*look.height())
	focus := v.Focus()
	for i, r := range l.rows {
		lines = append(lines, l.lines(look, l.top+i, r, r.ID == focus)...)
	}
	return stack(lines, l.w, l.h)
}

// lines returns the lines of a row, made anew only if it has changed.
func (l *flowList) lines(look rowView, i int, r flowstore.Row, focus bool) []string {
	c, variant := l.cache[r.ID], 0
	if focus {
		variant = 1
	}
	if c.version != r.Version {
		c = cachedRow{version: r.Version}
	}
	if c.lines[variant] == nil {
		c.lines[variant] = look.render(r, l.app.view.FlowAt(i), focus)
		l.cache[r.ID] = c
	}
	return c.lines[variant]
}

// narrowed reports whether there are flows that the view leaves out because somebody wants that.
func (l *flowList) narrowed() bool {
	q := l.app.view.Query()
	return l.app.store.Len() > 0 && (q.Filter != nil || q.MarkedOnly)
}

// empty says why there is nothing to see.
func (l *flowList) empty(t *style.Theme) string {
	texts := []string{"No flows yet.", "Point a client at the proxy: " + l.app.foot.listen}
	if host := l.app.options.Str("onboarding_host"); l.app.options.Bool("onboarding") && host != "" {
		texts = append(texts, "With it, http://"+content.Clean(host)+" has the certificate that HTTPS needs.")
	}
	texts = append(texts, "", "? explains the keys, q quits.")
	switch {
	case l.narrowed():
		texts = []string{"No flow matches.", "Press f to change the filter, M to show flows without a mark."}
	case l.app.foot.listen == "":
		texts = texts[:1]
	}
	lines := make([]string, 0, l.h)
	texts = texts[:min(len(texts), max(l.h, 1))]
	for range max((l.h-len(texts))/3, 0) {
		lines = append(lines, strings.Repeat(" ", l.w))
	}
	for _, text := range texts {
		lines = append(lines, fit(strings.Repeat(" ", max((l.w-len(text))/2, 0))+t.Muted.Render(text), l.w))
	}
	return stack(lines, l.w, l.h)
}
