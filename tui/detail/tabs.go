package detail

import (
	"strings"

	"sluice/proxy/flow"
)

// kind is what a tab shows.
type kind uint8

const (
	request kind = iota
	response
	stream
	entries
	facts
)

type tab struct {
	kind  kind
	label string
}

// tabsOf returns the tabs of a flow. That which a person is to decide about says so.
func tabsOf(f *flow.Flow) []tab {
	var tabs []tab
	switch f.Kind {
	case flow.TCP, flow.UDP:
		if f.TLSNote() != "" && len(f.Messages) == 0 {
			tabs = []tab{{stream, "TLS"}}
			break
		}
		tabs = []tab{{stream, strings.ToUpper(f.Kind.String()) + " Stream"}}
	case flow.HTTP, flow.DNS:
		tabs = []tab{{request, "Request"}, {response, "Response"}}
		if f.WebSocket != nil {
			tabs = append(tabs, tab{stream, "WebSocket Messages"})
		} else if parts := partsOf(f); len(parts) > 0 {
			tabs = append(tabs, tab{entries, entriesLabel(parts)})
		}
	}
	if f.Intercepted {
		tabs[heldTab(f, len(tabs))].label += " intercepted"
	}
	return append(tabs, tab{facts, "Detail"})
}

// heldTab returns which of n tabs shows what is held.
func heldTab(f *flow.Flow, n int) int {
	switch {
	case n == 1, f.Response == nil && f.DNSResponse == nil:
		return 0
	case f.WebSocket != nil && len(f.WebSocket.Messages) > 0:
		return 2
	}
	return 1
}

// statusCells is the room for the status of the text, to the right of the tabs.
const statusCells = 12

// A stop is where a tab stands.
type stop struct{ from, width int }

// stops returns where the tabs stand, of equal widths if their labels fit, and the room for
// the status. There are none if only the tab that shows has room.
func (m *Model) stops() (stops []stop, status int) {
	n, longest, all := len(m.tabs), 0, 0
	for _, t := range m.tabs {
		longest, all = max(longest, len(t.label)), all+len(t.label)
	}
	if m.w >= all+n*3+statusCells {
		status = statusCells
	}
	room := m.w - status - (n - 1)
	if room < all {
		return nil, 0
	}
	from := 0
	for i, t := range m.tabs {
		width := len(t.label) + (room-all)/n
		if room/n >= longest+2 {
			width = room / n
		}
		if i == n-1 {
			width = m.w - status - from
		}
		stops = append(stops, stop{from, width})
		from += width + 1
	}
	return stops, status
}

// tabAt returns the tab at a cell, or -1.
func (m *Model) tabAt(x int) int {
	stops, _ := m.stops()
	for i, s := range stops {
		if x >= s.from && x < s.from+s.width {
			return i
		}
	}
	return -1
}

// tabBar draws the tabs and what the text has to say.
func (m *Model) tabBar() string {
	current, shown := m.current()
	stops, status := m.stops()
	if stops == nil {
		return m.theme.TabActive.Render(fit(shown.label, m.w))
	}
	var b strings.Builder
	for i, s := range stops {
		label, st := m.tabs[i].label, m.theme.Tab
		if i == current {
			st = m.theme.TabActive
			if len(label)+2 <= s.width {
				label = "‹" + label + "›"
			}
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(st.Render(centred(label, s.width)))
	}
	if status > 0 {
		text := m.text().Status()
		b.WriteString(m.theme.Muted.Render(fit(strings.Repeat(" ", max(status-len(text), 0))+text, status)))
	}
	return fit(b.String(), m.w)
}

func centred(s string, w int) string {
	return fit(strings.Repeat(" ", max((w-len([]rune(s)))/2, 0))+s, w)
}
