package tui

import (
	"sluice/proxy/flow"
	"sluice/tui/detail"
	"sluice/tui/keymap"
)

// A hint is an item of the quick help: a label, and the help text of the binding whose key it shows, or the key itself.
type hint struct{ label, help, key string }

// cell is the width of an item.
const cell = 14

// quickHelp draws two rows of the most useful keys.
func (f *footer) quickHelp() []string {
	front := f.app.front()
	label, hints := f.windowHints(front)
	general := f.generalHints()
	width := max(len(label), 8) + 1
	return []string{f.drawHints(front, label, hints, width), f.drawHints(front, "Proxy:", general, width)}
}

func (f *footer) drawHints(front window, label string, hints []hint, width int) string {
	t := f.app.theme
	p := &painter{theme: t}
	p.left(t.Muted, label, min(width, f.w))
	for _, h := range hints {
		key := h.key
		if key == "" {
			b, ok := f.app.keys.ForHelp(front.Context(), h.help)
			if !ok || !f.app.allowed(front, b) {
				continue
			}
			key = b.Key
		}
		if p.w+cell > f.w && p.w > width { // what does not fit whole is left out
			break
		}
		p.spans(min(cell, f.w-p.w), span{keymap.Short(key), t.Key}, span{" " + h.label, t.Text})
	}
	p.blank(f.w - p.w)
	return p.String()
}

func (f *footer) windowHints(front window) (string, []hint) {
	switch front.Context() {
	case "flowlist", "flowview":
		if focus := f.app.view.FocusFlow(); focus != nil {
			return "Flow:", f.flowHints(front.Context(), focus)
		}
		return "Flow:", []hint{{"Load flows", "Load flows from file", ""}, {"Create new", "Create a new flow", ""}}
	case "keybindings":
		return "Keys:", []hint{{"Add", "Add a key binding", ""}, {"Edit", "Edit the currently focused key binding", ""},
			{"Delete", "Unbind the currently focused key binding", ""},
			{"Execute", "Execute the currently focused key binding", ""}, {"Search", "", "/"}}
	case "options":
		return "Options:", []hint{{"Edit", "", "enter"}, {"Reset", "Reset this option", ""},
			{"Reset all", "Reset all options", ""},
			{"Search", "", "/"}, {"Load file", "Load from file", ""}, {"Save file", "Save to file", ""}}
	case "help":
		return "Help:", []hint{{"Scroll down", "", "↓"}, {"Scroll up", "", "↑"},
			{"Exit help", "Exit help", ""}, {"Next tab", "", "tab"}, {"Search", "", "/"}}
	case "eventlog":
		return "Events:", []hint{{"Scroll down", "", "↓"}, {"Scroll up", "", "↑"}, {"Clear", "Clear", ""}, {"Search", "", "/"}}
	case "grideditor":
		return "Edit:", []hint{{"Start edit", "", "enter"}, {"Stop edit", "", "esc"},
			{"Add row", "Add a row after cursor", ""},
			{"Delete row", "Delete this row", ""}}
	case "commands":
		return "Commands:", []hint{{"Use", "", "enter"}, {"Search", "", "/"}}
	case "chooser":
		return "Choose:", []hint{{"Take", "", "enter"}, {"Filter", "", "/"}}
	}
	return "", nil
}

func (f *footer) flowHints(context string, focus *flow.Flow) []hint {
	row, _ := f.app.store.Row(focus.ID)
	var hints []hint
	add := func(on bool, label, help string) {
		if on {
			hints = append(hints, hint{label, help, ""})
		}
	}
	list := context == "flowlist"
	talks := !list && detail.HasMessages(focus)
	add(row.Intercepted, "Resume", "Resume this intercepted flow")
	add(row.Modified, "Restore", "Revert changes to this flow")
	add(list, "Select", "Select")
	add(true, "Edit", "Edit a flow component")
	add(talks, "Open", "Open one message of a flow")
	add(talks, "Only", "Show only messages that match")
	add(talks && row.Intercepted, "Drop", "Drop the message that is held")
	add(!list && row.Live && talkKind(focus) != "", "Inject", "Inject a message into this flow")
	add(true, "Duplicate", "Duplicate flow")
	add(true, "Replay", "Replay this flow")
	add(true, "Export", "Export this flow to file")
	add(true, "Delete", "Delete flow from view")
	mark := "Mark"
	if row.Marked != "" {
		mark = "Unmark"
	}
	add(list, mark, "Toggle mark on this flow")
	add(row.Kind == flow.HTTP && row.HasResponse, "Save body", "Save response body to file")
	add(!list, "Next flow", "Go to next flow")
	add(!list, "Prev flow", "Go to previous flow")
	add(!list, "View mode", "Set flow view mode")
	if !list {
		hints = append(hints, hint{"Search", "", "/"})
	}
	return hints
}

func (f *footer) generalHints() []hint {
	a := f.app
	back := hint{"Back", "Exit the current view", ""}
	if p := a.panes[a.active]; len(p.windows) == 1 && len(p.overlays) == 0 {
		back.label = "Quit"
	}
	hints := []hint{{"Help", "View help", ""}, back, {"Events", "View event log", ""}, {"Options", "View options", ""},
		{"Intercept", "Set intercept", ""}, {"Filter", "Set view filter", ""}}
	if !a.view.Focus().IsZero() {
		hints = append(hints, hint{"Save flows", "Save listed flows to file", ""}, hint{"Clear list", "Clear flow list", ""})
	}
	return append(hints, hint{"Layout", "Cycle to next layout", ""}, hint{"Switch", "Focus next layout pane", ""},
		hint{"Follow new", "Set focus follow", ""})
}
