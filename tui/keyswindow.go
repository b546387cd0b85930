package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/tui/keymap"
)

// A keysWindow lists the key bindings.
type keysWindow struct {
	reference
	bindings []keymap.Binding
}

func (w *keysWindow) line(i, width int, focus bool) []string {
	b, t := w.bindings[i], w.app.theme
	p := &painter{theme: t, focus: focus}
	lead(p)
	p.find = w.find.re
	p.left(t.Key, content.Clean(b.Key), min(12, max(width-3, 0)))
	contexts := min(24, max((width-15)/3, 0))
	p.left(t.Muted, strings.Join(b.Contexts, ", "), contexts)
	p.blank(1)
	text := b.Help
	if text == "" {
		text = b.Command
	}
	help := max((width-16-contexts)/2, 0)
	p.left(t.Text, content.Clean(text), help)
	p.blank(1)
	p.left(t.Faint, content.Clean(strings.Join(strings.Fields(b.Command), " ")), max(width-17-contexts-help, 0))
	return []string{fit(p.String(), width)}
}

// focusedBinding returns the binding that commands about the focused one mean.
func (a *App) focusedBinding() (keymap.Binding, error) {
	w, ok := top[*keysWindow](a)
	switch {
	case !ok:
		return keymap.Binding{}, errors.New("not viewing key bindings: press K to do so")
	case w.list.focus >= len(w.bindings):
		return keymap.Binding{}, errors.New("no key binding focused")
	}
	return w.bindings[w.list.focus], nil
}

// editBinding opens the prompt with the command that binds the key as it is.
func (a *App) editBinding(b keymap.Binding) tea.Cmd {
	words := []string{"console.key.bind", strings.Join(b.Contexts, ","), command.Quote(b.Key)}
	return a.commandPrompt(strings.Join(append(words, strings.TrimSpace(b.Command)), " "), 0)
}

// bind binds a key to a command line made of the words of a command.
func (a *App) bind(contexts []string, key, cmd string, args []any) error {
	if !keymap.Pressable(key) {
		return fmt.Errorf("no key is called %q: write one as in a, ctrl f, page up or f5", key)
	}
	line := cmd
	for _, arg := range args {
		line += " " + command.Quote(arg.(string))
	}
	// What is bound to the same words stays as it was written, with its help.
	for _, b := range a.keys.List("") {
		if b.Key == keymap.Normalize(key) && slices.Equal(wordsOf(b.Command), wordsOf(line)) {
			line = b.Command
			break
		}
	}
	if err := a.keys.Add(keymap.Binding{Key: key, Command: line, Contexts: contexts}); err != nil {
		return err
	}
	a.later(a.refocus())
	return nil
}

// unbind takes a key away from contexts. It must be bound in one of them.
func (a *App) unbind(key string, contexts []string) error {
	name := keymap.Normalize(key)
	bound := slices.ContainsFunc(a.keys.List(""), func(b keymap.Binding) bool {
		return b.Key == name && slices.ContainsFunc(contexts, b.In)
	})
	if err := a.keys.Remove(key, contexts); err != nil {
		return err
	}
	if !bound {
		return fmt.Errorf("%s is not bound in %s: K shows all bindings", name, strings.Join(contexts, ", "))
	}
	return nil
}
