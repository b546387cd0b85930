package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
	"sluice/tui/events"
)

// takeLog takes in new log entries and shows those that a person should see.
func (a *App) takeLog() {
	fresh := a.events.Since(a.logSeq)
	if len(fresh) == 0 {
		return
	}
	a.logSeq = fresh[len(fresh)-1].Seq
	for _, e := range fresh {
		if a.lets(e) {
			a.log = append(a.log, e)
			a.foot.logged(e)
		}
	}
	if n := len(a.log) - events.Size; n > events.Size/2 {
		a.log = slices.Clone(a.log[n:])
	}
	a.later(a.refocus())
}

func (a *App) logChanged() tea.Cmd {
	a.takeLog()
	return a.waitLog(frame)
}

// relog chooses anew which entries the verbosity lets through.
func (a *App) relog() {
	a.log = slices.DeleteFunc(a.events.Since(0), func(e events.Entry) bool { return !a.lets(e) })
}

func (a *App) lets(e events.Entry) bool {
	return events.Tier(e.Level) <= events.Tier(a.options.Str("console_eventlog_verbosity"))
}

// A logWindow shows the event log.
type logWindow struct {
	app  *App
	list picker
	find listSearch
}

func newLogWindow(a *App) *logWindow {
	w := &logWindow{app: a}
	w.list.line = w.line
	w.find = inPicker(a, &w.list, func(i int) string { return a.log[i].Level + ": " + a.log[i].Text })
	return w
}

func (w *logWindow) Name() string    { return "eventlog" }
func (w *logWindow) Context() string { return "eventlog" }
func (w *logWindow) Title() string   { return w.find.titled("Events") }

func (w *logWindow) SetSize(width, h int) { w.list.SetSize(width, h) }

func (w *logWindow) Key(k tea.KeyPressMsg) (tea.Cmd, bool) { return w.find.key(w, k) }

func (w *logWindow) Mouse(m tea.MouseMsg, _, y int) tea.Cmd {
	if i := w.list.mouse(m, y); i >= 0 {
		w.list.focus = i
	}
	return nil
}

// Nav moves along the entries; select shows the whole of one.
func (w *logWindow) Nav(n nav) tea.Cmd {
	if n == navSelect && w.list.focus < len(w.app.log) {
		e := w.app.log[w.list.focus]
		return w.app.overlay(newDataViewer(w.app, textRows(e.Level+": "+e.Text)))
	}
	w.list.move(n)
	return nil
}

// Shown goes to the newest entry.
func (w *logWindow) Shown() tea.Cmd {
	w.list.setLen(len(w.app.log))
	w.list.move(navEnd)
	return nil
}

// Refresh takes in the entries; the focus follows the newest if it should, or was there.
func (w *logWindow) Refresh() tea.Cmd {
	last := w.list.focus >= w.list.len-1
	w.list.setLen(len(w.app.log))
	if last || w.app.options.Bool("console_focus_follow") {
		w.list.move(navEnd)
	}
	return nil
}

func (w *logWindow) line(i, width int, focus bool) []string {
	e, t := w.app.log[i], w.app.theme
	p := &painter{theme: t, focus: focus}
	mark := ""
	if focus {
		mark = focusSign
	}
	p.left(t.Focus, mark, min(3, width))
	p.left(t.Muted, e.Time.Local().Format("15:04:05"), min(9, max(width-3, 0)))
	p.find = w.find.re
	texts := w.texts(e, max(width-logIndent, 1), focus)
	p.left(t.Log(e.Level), texts[0], max(width-logIndent, 0))
	lines := []string{fit(p.String(), width)}
	for _, text := range texts[1:] {
		p := &painter{theme: t, focus: focus, find: w.find.re}
		p.blank(min(logIndent, width))
		p.left(t.Log(e.Level), text, max(width-logIndent, 0))
		lines = append(lines, fit(p.String(), width))
	}
	return lines
}

// logIndent is the room in front of the text of an entry.
const logIndent = 12

// texts returns what is shown of an entry in lines of a width: one, or, where it has the focus,
// as many as half of the screen has room for.
func (w *logWindow) texts(e events.Entry, width int, focus bool) []string {
	text := e.Level + ": " + e.Text
	if !focus {
		return []string{content.Clean(clip(text, width))}
	}
	most := max(w.list.h/2, 1)
	var lines []string
	for _, line := range strings.Split(clip(text, most*width), "\n") {
		lines = append(lines, wrap(content.Clean(line), width)...)
	}
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] += ellipsis
	}
	return lines
}

func (w *logWindow) View() string {
	if len(w.app.log) == 0 {
		return stack([]string{fit("   "+w.app.theme.Muted.Render("Nothing has happened yet."), w.list.w)}, w.list.w, w.list.h)
	}
	return w.list.View()
}
