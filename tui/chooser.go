package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
	"sluice/tui/keymap"
)

// shortcuts are the keys of the choices in order. Letters that move are left out.
const shortcuts = "123456789abcdefimnoprstuvwxyz"

// A chooser asks for one of several texts.
type chooser struct {
	app     *App
	title   string
	choices []string
	shown   []string // those that match what was typed
	now     string   // the current value
	filter  string
	typing  bool // keys go to the filter
	list    picker
	w, h    int
	take    func(choice string) tea.Cmd
}

func newChooser(a *App, title string, choices []string, take func(choice string) tea.Cmd) *chooser {
	c := &chooser{app: a, title: title, choices: choices, take: take}
	c.list.line = c.line
	c.narrow()
	return c
}

// current marks a value and puts the focus on it.
func (c *chooser) current(value string) {
	c.now = value
	for i, choice := range c.shown {
		if choice == value {
			c.list.focus = i
		}
	}
}

func (c *chooser) Name() string    { return "chooser" }
func (c *chooser) Context() string { return "chooser" }
func (c *chooser) Title() string   { return c.title }

// Size fits the choices, with a row for the filter while there is one.
func (c *chooser) Size(w, h int) (int, int) {
	need := max(widest(c.choices), widest([]string{c.title})) + 9
	rows := len(c.choices) + 2
	if c.typing || c.filter != "" {
		rows++
	}
	return min(need, w), min(rows, h)
}

func (c *chooser) SetSize(w, h int) {
	c.w, c.h = w, h
	rows := h - 2
	if c.typing || c.filter != "" {
		rows--
	}
	c.list.SetSize(max(w-2, 0), max(rows, 0))
}

// narrow keeps the choices that contain what was typed.
func (c *chooser) narrow() {
	c.shown = c.shown[:0]
	for _, choice := range c.choices {
		if strings.Contains(strings.ToLower(choice), strings.ToLower(c.filter)) {
			c.shown = append(c.shown, choice)
		}
	}
	c.list.setLen(len(c.shown))
}

// Key takes shortcuts, and after / whatever is typed to narrow the choices down.
func (c *chooser) Key(k tea.KeyPressMsg) (tea.Cmd, bool) {
	name := keymap.Name(k)
	if c.typing {
		return c.typed(name, k)
	}
	if _, bound := c.app.keys.Exact("chooser", name); bound {
		return nil, false
	}
	if name == "/" {
		c.typing = true
		c.app.layout()
		return nil, true
	}
	if i := strings.Index(shortcuts, name); len(name) == 1 && i >= 0 && i < len(c.shown) {
		return c.choose(i), true
	}
	return nil, false
}

func (c *chooser) typed(name string, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case name == "enter", name == "up", name == "down":
		return nil, false
	case name == "esc":
		c.typing, c.filter = false, ""
	case name == "backspace" && c.filter != "":
		r := []rune(c.filter)
		c.filter = string(r[:len(r)-1])
	case name == "space":
		c.filter += " "
	case k.Text != "" && len(c.filter) < 64:
		c.filter += k.Text
	}
	c.narrow()
	c.app.layout()
	return nil, true
}

func (c *chooser) Nav(n nav) tea.Cmd {
	if n == navSelect {
		return c.choose(c.list.focus)
	}
	c.list.move(n)
	return nil
}

// Mouse scrolls; a click takes a choice.
func (c *chooser) Mouse(m tea.MouseMsg, _, y int) tea.Cmd {
	if i := c.list.mouse(m, y-1); i >= 0 {
		return c.choose(i)
	}
	return nil
}

// choose closes the chooser and takes a choice.
func (c *chooser) choose(i int) tea.Cmd {
	if i < 0 || i >= len(c.shown) {
		return nil
	}
	choice := c.shown[i]
	return tea.Batch(c.app.drop(c), c.take(choice))
}

func (c *chooser) line(i, w int, focus bool) []string {
	t := c.app.theme
	p := &painter{theme: t, focus: focus}
	lead(p)
	key := "   "
	if i < len(shortcuts) && !c.typing {
		key = shortcuts[i:i+1] + ") "
	}
	p.left(t.Key, key, min(3, max(w-3, 0)))
	style, sign := t.Option, ""
	if c.shown[i] == c.now {
		style, sign = t.OptionActive, " *"
	}
	p.left(style, content.Clean(c.shown[i])+sign, max(w-6, 0))
	return []string{fit(p.String(), w)}
}

func (c *chooser) View() string {
	lines := strings.Split(c.list.View(), "\n")
	if c.list.h == 0 {
		lines = nil
	}
	if c.typing || c.filter != "" {
		t := c.app.theme
		typed := t.Key.Render(" / ") + t.Text.Render(content.Clean(c.filter)) + t.Cursor.Render(" ")
		lines = append([]string{typed}, lines...)
	}
	return c.app.frameBox(c.title, lines, c.w, c.h)
}
