package option

func verbosities() []string { return []string{"error", "warn", "info", "alert", "debug"} }

func consoleSpecs() []Spec {
	return []Spec{
		text("console_default_contentview", "auto", "Content view that a body is first shown in."),
		text("console_eventlog_verbosity", "info", "Least important log lines that the event log shows.", verbosities()...),
		boolean("console_focus_follow", false, "Move the focus to new flows and log lines as they come."),
		text("console_flowlist_layout", "default", "How flows are listed: a table if the terminal is wide enough, or two rows each.",
			"default", "list", "table"),
		text("console_layout", "single", "How many panes there are and where.", "horizontal", "single", "vertical"),
		boolean("console_layout_headers", true, "Show a title above each pane."),
		boolean("console_mouse", true, "Use the mouse."),
		text("console_palette", "solarized_dark", "Colours of the terminal program.",
			"dark", "light", "lowdark", "lowlight", "solarized_dark", "solarized_light"),
		boolean("console_palette_transparent", true, "Keep the terminal's own background."),
		boolean("console_quickhelp_visible", true, "Show the most useful keys at the bottom."),
		boolean("console_strip_trailing_newlines", false, "Remove newlines at the end of a body that was edited in an editor."),
		optionalText("view_filter", "Show only flows that match this filter."),
		text("view_order", "time", "What flows are ordered by.", "time", "method", "url", "size"),
		boolean("view_order_reversed", false, "Turn the order of flows around."),
	}
}

func dumpSpecs() []Spec {
	return []Spec{
		text("dumper_default_contentview", "auto", "Content view that bodies are printed in."),
		optionalText("dumper_filter", "Print only flows that match this filter."),
		number("flow_detail", 1, "How much of a flow is printed: 0 nothing, 1 a line, 2 headers too, 3 bodies cut short, 4 everything.").checked(between(0, 4)),
		boolean("keepserving", false, "Go on after the last flow was read from a file or replayed."),
		text("termlog_verbosity", "info", "Least important log lines that are printed.", verbosities()...),
	}
}
