// Package sluice holds what the program carries with it.
package sluice

import _ "embed"

// Keybindings is the table of default key bindings, in the format of keys.yaml.
//
//go:embed keybindings.yaml
var Keybindings []byte
