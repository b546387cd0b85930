package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
	"sluice/tui/events"
	"sluice/tui/keymap"
	"sluice/tui/prompt"
)

// noteTime is how long a message stays.
const noteTime = 5 * time.Second

// hintTime is how long a message stays that nobody needs to read twice.
const hintTime = 2 * time.Second

// A lineEditor is a prompt of the footer. A key may end it: its outcome is a prompt.Done or a prompt.Cancelled.
type lineEditor interface {
	SetSize(w, h int)
	Key(k tea.KeyPressMsg) (tea.Cmd, bool)
	Outcome() any
	Update(msg tea.Msg) tea.Cmd
	Mouse(m tea.MouseMsg, x, y int) tea.Cmd
	Menu() []string // to be drawn above the line, at MenuColumn
	MenuColumn() int
	View() string
}

// A question is answered by one key. Only y runs yes, and so does ctrl-c if the question is whether to quit.
type question struct {
	text  string
	yes   func() tea.Cmd
	quits bool
}

type expireMsg struct{ token int }

// The footer is the status line and, below it, help, a message, a question or a prompt.
type footer struct {
	app     *App
	w, rows int // rows below the status line

	note      string
	noteLevel string
	noteToken int

	question *question
	editor   lineEditor
	then     func(text string) tea.Cmd // takes the text of the editor

	replays int
	served  int // responses that server replay has left
	listen  string
}

// modal reports whether a prompt has the keys.
func (f *footer) modal() bool { return f.question != nil || f.editor != nil }

// height returns the lines of the footer as it is now.
func (f *footer) height() int { return min(1+f.rows, f.app.h) }

// SetSize takes the size of the screen.
func (f *footer) SetSize(w, _ int) {
	f.w, f.rows = w, 0
	if f.app.options.Bool("console_quickhelp_visible") || f.note != "" || f.modal() {
		f.rows = 2
	}
	if f.editor != nil {
		f.editor.SetSize(w, f.rows)
	}
}

// look takes in what the status line shows of the proxy.
func (f *footer) look() {
	f.replays, f.served = f.app.engine.ReplayCount(), f.app.engine.ServeReplayCount()
	f.listen = strings.Join(f.app.addrs(), ", ")
}

// message shows a line for a while, unless a prompt is there.
func (f *footer) message(level, text string, d time.Duration) {
	if f.modal() {
		return
	}
	f.note, f.noteLevel = text, level
	f.noteToken++
	token := f.noteToken
	f.app.later(tea.Tick(d, func(time.Time) tea.Msg { return expireMsg{token} }))
	f.app.layout()
}

func (f *footer) expire(msg expireMsg) {
	if msg.token == f.noteToken {
		f.note = ""
		f.app.layout()
	}
}

// logged shows a log entry that a person should see.
func (f *footer) logged(e events.Entry) {
	label := map[string]string{"error": "Error: ", "warn": "Warn: ", "alert": "Alert: "}[e.Level]
	if label != "" {
		f.message(e.Level, label+strings.TrimLeft(e.Text, " \t\n"), noteTime)
	}
}

// ask puts a question, in place of any prompt.
func (f *footer) ask(q question) {
	f.note, f.editor, f.then = "", nil, nil
	f.question = &q
	f.app.layout()
}

// open shows an editor; what is entered goes to then.
func (f *footer) open(e lineEditor, then func(text string) tea.Cmd) {
	f.note, f.question = "", nil
	f.editor, f.then = e, then
	f.app.layout()
}

// submit ends the prompt with a text.
func (f *footer) submit(text string) tea.Cmd {
	then := f.then
	f.close()
	if then == nil {
		return nil
	}
	return then(text)
}

func (f *footer) close() tea.Cmd {
	f.editor, f.question, f.then = nil, nil, nil
	f.app.layout()
	return nil
}

// Key takes every key while a prompt is there.
func (f *footer) Key(k tea.KeyPressMsg) tea.Cmd {
	if f.editor != nil {
		cmd, _ := f.editor.Key(k)
		switch end := f.editor.Outcome().(type) {
		case prompt.Done:
			return tea.Batch(cmd, f.submit(end.Text))
		case prompt.Cancelled:
			return tea.Batch(cmd, f.close())
		}
		return cmd
	}
	q := f.question
	switch keymap.Name(k) {
	case "y", "Y":
		f.close()
		return q.yes()
	case "n", "N", "enter", "esc":
		return f.close()
	}
	return nil
}

// Update gives messages to the prompt.
func (f *footer) Update(msg tea.Msg) tea.Cmd {
	if f.editor == nil {
		return nil
	}
	return f.editor.Update(msg)
}

// View returns exactly height lines.
func (f *footer) View() []string {
	lines := append([]string{f.status()}, f.action()...)
	return lines[:min(len(lines), f.height())]
}

// lay puts the menu of the prompt over the lines above it, the last of which is the status line.
func (f *footer) lay(above []string) {
	if f.editor == nil {
		return
	}
	menu := f.editor.Menu()
	if len(menu) == 0 || len(menu) > len(above) {
		return
	}
	lay(above, menu, f.editor.MenuColumn(), len(above)-len(menu), ansi.StringWidth(menu[0]))
}

// Mouse gives a click on the prompt to it; y counts from its line.
func (f *footer) Mouse(m tea.MouseMsg, x, y int) tea.Cmd {
	if f.editor == nil || y < 0 {
		return nil
	}
	return f.editor.Mouse(m, x, y)
}

// action draws the rows below the status line.
func (f *footer) action() []string {
	blank := strings.Repeat(" ", f.w)
	var lines []string
	switch {
	case f.editor != nil:
		lines = strings.Split(f.editor.View(), "\n")
	case f.question != nil:
		lines = []string{f.drawQuestion()}
	case f.note != "":
		lines = f.drawNote()
	case f.app.options.Bool("console_quickhelp_visible"):
		lines = f.quickHelp()
	}
	for len(lines) < f.rows {
		lines = append(lines, blank)
	}
	for i := range lines {
		lines[i] = fit(lines[i], f.w)
	}
	return lines[:f.rows]
}

func (f *footer) drawQuestion() string {
	t := f.app.theme
	return t.Text.Render(content.Clean(f.question.text)+" (") + t.Key.Render("y") + t.Text.Render("es,") +
		t.Key.Render("n") + t.Text.Render("o)? ")
}

// drawNote draws the first line of the message in the rows there are, and says where the rest of it is.
func (f *footer) drawNote() []string {
	const more = "(more in eventlog)"
	t := f.app.theme
	first, _, cut := strings.Cut(f.note, "\n")
	style := t.Log(f.noteLevel)
	lines := wrap(content.Clean(clip(first, f.rows*f.w)), f.w)
	if len(lines) > f.rows {
		lines, cut = lines[:f.rows], true
	}
	for i, line := range lines {
		if i == len(lines)-1 && cut {
			lines[i] = style.Render(ansi.Truncate(line+ellipsis, max(f.w-len(more)-1, 0), ellipsis)) + t.Warn.Render(more)
		} else {
			lines[i] = style.Render(line)
		}
	}
	return lines
}
