package style

import "image/color"

// A palette is the colours that roles are made of. An empty colour is the
// terminal's own.
type palette struct {
	background, foreground string // used when the terminal's own background is not kept
	text, strong, muted    string
	faint                  string // rules, hints, what is there but not to be read
	bar, barText, barKey   string // the footer and the title of the active pane
	idle, idleText         string // the title of the other pane
	row                    string // behind the focused row
	field                  string // behind a field and a selection
	accent                 string // keys, links, what can be pressed
	green, cyan, blue      string
	yellow, orange, red    string
	magenta, violet        string
}

// The low palettes have the 16 colours that a terminal's own theme defines; the
// others pick from the 256.
var palettes = map[string]palette{
	"lowdark": {
		background: "0", foreground: "7", text: "7", strong: "15", muted: "7", faint: "8",
		bar: "4", barText: "15", barKey: "14", idle: "8", idleText: "7", row: "8", field: "8", accent: "14",
		green: "10", cyan: "6", blue: "12", yellow: "3", orange: "11", red: "9", magenta: "13", violet: "5",
	},
	"lowlight": {
		background: "15", foreground: "0", text: "0", strong: "0", muted: "8", faint: "8",
		bar: "0", barText: "15", barKey: "14", idle: "7", idleText: "0", row: "7", field: "7", accent: "4",
		green: "2", cyan: "6", blue: "4", yellow: "3", orange: "1", red: "1", magenta: "5", violet: "5",
	},
	"dark": {
		background: "234", foreground: "252", text: "252", strong: "255", muted: "246", faint: "240",
		bar: "24", barText: "255", barKey: "123", idle: "236", idleText: "246", row: "237", field: "239", accent: "80",
		green: "114", cyan: "79", blue: "75", yellow: "179", orange: "208", red: "203", magenta: "176", violet: "141",
	},
	"light": {
		background: "255", foreground: "236", text: "236", strong: "232", muted: "242", faint: "249",
		bar: "31", barText: "231", barKey: "159", idle: "252", idleText: "240", row: "253", field: "251", accent: "25",
		green: "28", cyan: "30", blue: "26", yellow: "94", orange: "166", red: "160", magenta: "127", violet: "61",
	},
	"solarized_dark": {
		background: "234", foreground: "246", text: "247", strong: "254", muted: "244", faint: "240",
		bar: "236", barText: "252", barKey: "33", idle: "235", idleText: "243", row: "236", field: "238", accent: "33",
		green: "64", cyan: "37", blue: "33", yellow: "136", orange: "166", red: "160", magenta: "168", violet: "61",
	},
	"solarized_light": {
		background: "230", foreground: "240", text: "240", strong: "235", muted: "243", faint: "247",
		bar: "254", barText: "238", barKey: "33", idle: "254", idleText: "245", row: "254", field: "252", accent: "33",
		green: "64", cyan: "37", blue: "33", yellow: "136", orange: "166", red: "160", magenta: "125", violet: "61",
	},
}

// siblings are the palettes for a terminal of the other brightness.
var siblings = map[string]string{
	"dark": "light", "lowdark": "lowlight", "solarized_dark": "solarized_light",
	"light": "dark", "lowlight": "lowdark", "solarized_light": "solarized_dark",
}

// choose returns the palette of a name. One that keeps the terminal's background follows its brightness.
func choose(name string, dark, transparent bool) palette {
	if _, ok := palettes[name]; !ok {
		name = "solarized_dark"
	}
	isDark := name == "dark" || name == "lowdark" || name == "solarized_dark"
	if transparent && isDark != dark {
		name = siblings[name]
	}
	return palettes[name]
}

// Names lists the palettes.
func Names() []string {
	return []string{"dark", "light", "lowdark", "lowlight", "solarized_dark", "solarized_light"}
}

// pigment returns the colour that a palette spells, nil for the terminal's own.
func pigment(spec string) color.Color {
	if spec == "" {
		return nil
	}
	return parse(spec)
}
