// Package detail shows one flow: its request, its response, its messages and all
// that is known about it, each in a tab.
//
// A Model lives on the goroutine of the program. Bodies are decoded and brought into
// form in a tea.Cmd; what comes too late is dropped. Flows given to it are snapshots.
package detail

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/style"
	"sluice/tui/text"
)

// Config says what the model knows of the program around it. Every function may be nil.
type Config struct {
	DefaultMode func() string          // the content view where none was chosen; nil: auto
	Protos      func() *content.Protos // names the fields of Protobuf; nil: none

	Entries func(id flow.ID) int // how many events or messages of gRPC have come

	// Setting and SetSetting keep what was chosen for a flow; nil: the model keeps it as long as it shows the flow.
	Setting    func(id flow.ID, key string) string
	SetSetting func(id flow.ID, key, value string)
}

// A Model shows a flow.
type Model struct {
	theme *style.Theme
	cfg   Config
	w, h  int

	flow  *flow.Flow // nil: none
	head  []string   // the lines above the tabs
	tabs  []tab
	index int // of the tab that was chosen; with fewer tabs, modulo their number
	panes map[kind]*pane
	modes map[string]string // where there is no Setting

	wanted wanted // of the messages

	after func(d time.Duration, fn func(time.Time) tea.Msg) tea.Cmd
}

// New returns a model that shows no flow yet.
func New(theme *style.Theme, cfg Config) *Model {
	return &Model{theme: theme, cfg: cfg, panes: map[kind]*pane{}, after: tea.Tick}
}

// SetTheme changes the styles.
func (m *Model) SetTheme(t *style.Theme) {
	m.theme = t
	for _, p := range m.panes {
		p.text.SetTheme(t)
	}
	m.layout()
}

// SetSize sets the size of the view in cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = max(w, 0), max(h, 0)
	m.layout()
}

// layout draws the head anew and gives the rest of the room to the text.
func (m *Model) layout() {
	m.head = nil
	if m.flow != nil {
		m.head = header{m.theme, m.flow, m.w, m.entries()}.lines()
		m.head = m.head[:min(len(m.head), max(m.h-1, 0)/3+min(m.h/4, 1))]
	}
	for _, p := range m.panes {
		p.text.SetSize(m.w, max(m.h-len(m.head)-1, 0))
	}
}

// entries is how many events or messages the bodies of the flow have.
func (m *Model) entries() int {
	if m.cfg.Entries == nil || len(partsOf(m.flow)) == 0 {
		return 0
	}
	return m.cfg.Entries(m.flow.ID)
}

// Flow returns the snapshot that shows, or nil.
func (m *Model) Flow() *flow.Flow { return m.flow }

// SetFlow shows a flow, or nil for none. A newer snapshot of the flow that shows
// leaves tab, view and place as they are.
func (m *Model) SetFlow(f *flow.Flow) tea.Cmd {
	if f == m.flow {
		return nil
	}
	if f == nil || m.flow == nil || f.ID != m.flow.ID {
		m.Close()
	}
	m.flow, m.tabs = f, nil
	if f != nil {
		m.tabs = tabsOf(f)
	}
	m.layout()
	return m.refresh()
}

// Close ends all that runs for the model. It shows nothing until the next SetFlow.
func (m *Model) Close() {
	for k, p := range m.panes {
		p.close()
		delete(m.panes, k)
	}
	m.flow, m.tabs, m.modes = nil, nil, nil
}

// current returns the tab that shows.
func (m *Model) current() (int, tab) {
	i := m.index % len(m.tabs)
	return i, m.tabs[i]
}

// text returns what shows below the tabs, or nil.
func (m *Model) text() *text.Model {
	if len(m.tabs) == 0 {
		return nil
	}
	_, t := m.current()
	return m.pane(t.kind).text
}

// NextTab goes to the next tab, or to the one before if dir is negative.
func (m *Model) NextTab(dir int) tea.Cmd {
	if len(m.tabs) == 0 {
		return nil
	}
	i, _ := m.current()
	return m.SelectTab((i + dir + len(m.tabs)) % len(m.tabs))
}

// SelectTab goes to a tab by its place.
func (m *Model) SelectTab(i int) tea.Cmd {
	if i < 0 || i >= len(m.tabs) {
		return nil
	}
	m.index = i
	return m.refresh()
}

// Tab returns the label of the tab that shows, "" without a flow.
func (m *Model) Tab() string {
	if len(m.tabs) == 0 {
		return ""
	}
	_, t := m.current()
	return t.label
}

// modeKey is the name under which the content view of the current tab is kept.
func (m *Model) modeKey() string { return "flowview_mode_" + string(rune('0'+m.index%10)) }

// Mode returns the content view of the current tab: one that was chosen, or the default.
func (m *Model) Mode() string {
	chosen := m.modes[m.modeKey()]
	if m.cfg.Setting != nil && m.flow != nil {
		chosen = m.cfg.Setting(m.flow.ID, m.modeKey())
	}
	if chosen == "" && m.cfg.DefaultMode != nil {
		chosen = m.cfg.DefaultMode()
	}
	if chosen == "" {
		chosen = content.Auto
	}
	return chosen
}

// SetMode chooses the content view of the current tab.
func (m *Model) SetMode(name string) tea.Cmd {
	return m.set(m.modeKey(), name)
}

// SetMessages shows only the messages that a filter picks, "" all of them. ParseMessages must have accepted it.
func (m *Model) SetMessages(expr string) tea.Cmd { return m.set(filterKey, expr) }

// set keeps what was chosen for the flow.
func (m *Model) set(key, value string) tea.Cmd {
	if m.flow == nil {
		return nil
	}
	if m.cfg.SetSetting != nil {
		m.cfg.SetSetting(m.flow.ID, key, value)
	} else {
		if m.modes == nil {
			m.modes = map[string]string{}
		}
		m.modes[key] = value
	}
	return m.refresh()
}

// Refresh looks again at what the text depends on besides the flow: the content view.
func (m *Model) Refresh() tea.Cmd { return m.refresh() }
