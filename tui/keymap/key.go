package keymap

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// names are other spellings of keys.
var names = map[string]string{
	"pgup": "page up", "pageup": "page up", "prior": "page up",
	"pgdown": "page down", "pagedown": "page down", "pgdn": "page down", "next": "page down",
	"return": "enter", "escape": "esc", "del": "delete", "ins": "insert", " ": "space",
}

// modifiers are the spellings of each modifier.
var modifiers = map[string]tea.KeyMod{
	"shift": tea.ModShift, "meta": tea.ModAlt, "alt": tea.ModAlt, "ctrl": tea.ModCtrl, "control": tea.ModCtrl,
}

// Normalize returns the one spelling of a key: modifiers in the order shift,
// meta, ctrl, each followed by a blank, then the key. It takes mitmproxy's names as
// well as ctrl+f, alt+x and pgup.
func Normalize(spec string) string {
	if spec == " " {
		return "space"
	}
	var mod tea.KeyMod
	rest := strings.TrimSpace(spec)
	for {
		i := strings.IndexAny(rest, " +")
		if i <= 0 || i == len(rest)-1 && rest[i] != ' ' {
			break
		}
		m, ok := modifiers[strings.ToLower(rest[:i])]
		if !ok {
			break
		}
		mod |= m
		rest = strings.TrimLeft(rest[i+1:], " ")
	}
	return join(mod, base(rest))
}

// base normalizes a key without its modifiers. The case of a single character counts.
func base(name string) string {
	if utf8.RuneCountInString(name) == 1 && name != " " {
		return name
	}
	name = strings.ToLower(name)
	if other, ok := names[name]; ok {
		return other
	}
	return name
}

func join(mod tea.KeyMod, name string) string {
	if name == "" {
		return ""
	}
	if r, n := utf8.DecodeRuneInString(name); n == len(name) && unicode.IsLetter(r) && mod.Contains(tea.ModShift) {
		name, mod = string(unicode.ToUpper(r)), mod&^tea.ModShift
	}
	var b strings.Builder
	if mod.Contains(tea.ModShift) {
		b.WriteString("shift ")
	}
	if mod.Contains(tea.ModAlt) {
		b.WriteString("meta ")
	}
	if mod.Contains(tea.ModCtrl) {
		b.WriteString("ctrl ")
	}
	b.WriteString(name)
	return b.String()
}

// Name returns the spelling of a key that was pressed.
func Name(k tea.KeyPressMsg) string {
	const known = tea.ModShift | tea.ModAlt | tea.ModCtrl
	if k.Text != "" && k.Text != " " && k.Mod&(tea.ModAlt|tea.ModCtrl) == 0 {
		return k.Text
	}
	mod := k.Mod & known
	if k.Code == tea.KeySpace {
		return join(mod&^tea.ModShift, "space")
	}
	bare := tea.Key{Code: k.Code, Text: "", BaseCode: k.BaseCode}
	if unicode.IsLetter(k.ShiftedCode) && mod.Contains(tea.ModShift) {
		bare.Code, mod = k.ShiftedCode, mod&^tea.ModShift
	}
	return join(mod, base(bare.Keystroke()))
}

var short = strings.NewReplacer("enter", "⏎", "right", "→", "space", "␣")

// Short returns a key as the quick help shows it.
func Short(key string) string { return short.Replace(key) }

// special are the keys that are called by a name.
var special = map[string]bool{
	"enter": true, "tab": true, "esc": true, "space": true, "backspace": true, "delete": true, "insert": true, "home": true, "end": true,
	"page up": true, "page down": true, "up": true, "down": true, "left": true, "right": true,
}

// Pressable reports whether there may be a key that is spelled so.
func Pressable(spec string) bool {
	key := Normalize(spec)
	for _, mod := range []string{"shift ", "meta ", "ctrl "} {
		key = strings.TrimPrefix(key, mod)
	}
	if n, ok := strings.CutPrefix(key, "f"); ok && n != "" {
		i, err := strconv.Atoi(n)
		return err == nil && i > 0 && i < 64
	}
	return special[key] || utf8.RuneCountInString(key) == 1
}
