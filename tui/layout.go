package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

func (a *App) resize(w, h int) tea.Cmd {
	a.w, a.h = max(w, 0), max(h, 0)
	a.layout()
	return a.refocus()
}

// layout shares the screen among the panes and the footer.
func (a *App) layout() {
	a.foot.SetSize(a.w, a.h)
	bodyH := max(a.h-a.foot.height(), 0)
	title := 0
	if a.options.Bool("console_layout_headers") && bodyH > 1 {
		title = 1
	}
	first, second := a.panes[0], a.panes[1]
	first.x, first.y, first.w, first.h = 0, 0, a.w, bodyH
	second.x, second.y, second.w, second.h = 0, 0, 0, 0
	switch a.options.Str("console_layout") {
	case "vertical":
		first.h = (bodyH + 1) / 2
		second.y, second.w, second.h = first.h, a.w, bodyH-first.h
	case "horizontal":
		first.w = max((a.w-1)/2, 0)
		second.x, second.w, second.h = first.w+1, max(a.w-first.w-1, 0), bodyH
	}
	for _, p := range a.panes {
		p.title = min(title, p.h)
		p.resize()
	}
}

// screen draws everything, exactly h lines of w cells.
func (a *App) screen() string {
	if a.w <= 0 || a.h <= 0 {
		return ""
	}
	first, second := a.panes[0], a.panes[1]
	var lines []string
	switch {
	case second.h == 0 || second.w == 0 && second.x == 0:
		lines = a.drawPane(0)
	case second.x == 0:
		lines = append(a.drawPane(0), a.drawPane(1)...)
	default:
		left, right := a.drawPane(0), a.drawPane(1)
		for i := range left {
			lines = append(lines, left[i]+strings.Repeat(" ", a.w-first.w-second.w)+right[i])
		}
	}
	above := min(len(lines)+1, a.h)
	lines = append(lines, a.foot.View()...)
	a.foot.lay(lines[:min(above, len(lines))])
	return stack(lines, a.w, a.h)
}

// drawPane draws a pane, exactly its lines.
func (a *App) drawPane(i int) []string {
	p := a.panes[i]
	if p.h <= 0 {
		return nil
	}
	lines := make([]string, 0, p.h)
	if p.title > 0 {
		s := a.theme.HeadingInactive
		if i == a.active && !a.foot.modal() {
			s = a.theme.Heading
		}
		lines = append(lines, bar(s, " "+p.top().Title(), p.w))
	}
	bodyH := p.h - p.title
	if bodyH <= 0 {
		return lines
	}
	body := strings.Split(p.top().View(), "\n")
	for _, o := range p.overlays {
		x, y, w, _ := p.place(o)
		lay(body, strings.Split(o.View(), "\n"), x, y, w)
	}
	return append(lines, body...)
}

// lay puts the lines of a box over those of a body.
func lay(body, over []string, x, y, w int) {
	for i, line := range over {
		if y+i >= len(body) {
			return
		}
		under := body[y+i]
		body[y+i] = fit(ansi.Truncate(under, x, ""), x) + "\x1b[m" + line + "\x1b[m" + ansi.TruncateLeft(under, x+w, "")
	}
}

// frameBox draws a frame with a title around lines; w and h are those of the whole.
func (a *App) frameBox(title string, lines []string, w, h int) string {
	t := a.theme
	if w < 4 || h < 3 {
		return stack(nil, w, h)
	}
	inner := w - 2
	title = fitShort(" "+title+" ", inner-1)
	top := t.Frame.Render("╭─") + t.FrameTitle.Render(title) +
		t.Frame.Render(strings.Repeat("─", max(inner-1-ansi.StringWidth(title), 0))+"╮")
	out := []string{top}
	side := t.Frame.Render("│")
	for i := range h - 2 {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		out = append(out, side+fit(line, inner)+side)
	}
	out = append(out, t.Frame.Render("╰"+strings.Repeat("─", inner)+"╯"))
	return stack(out, w, h)
}

// fitShort cuts a text to w cells and does not pad it.
func fitShort(s string, w int) string {
	if ansi.StringWidth(s) > w {
		return ansi.Truncate(s, max(w, 0), ellipsis)
	}
	return s
}

// mouse gives a mouse message to what lies below it.
func (a *App) mouse(m tea.MouseMsg) tea.Cmd {
	at := m.Mouse()
	if foot := a.h - a.foot.height(); at.Y >= foot {
		return a.foot.Mouse(m, at.X, at.Y-foot-1)
	}
	for i, p := range a.panes {
		x, y := at.X-p.x, at.Y-p.y
		if x < 0 || y < 0 || x >= p.w || y >= p.h {
			continue
		}
		if _, click := m.(tea.MouseClickMsg); click && i != a.active && !a.foot.modal() {
			a.active = i
		}
		if a.foot.modal() {
			return nil
		}
		a.dragged(m, p.front())
		return p.mouse(m, x, y-p.title)
	}
	return nil
}

// dragged says how to select text where the program itself does not.
func (a *App) dragged(m tea.MouseMsg, front window) {
	const hint = "Hold shift to select text, or set console_mouse false."
	if _, selects := front.(*flowView); selects || a.foot.note == hint {
		return
	}
	if drag, ok := m.(tea.MouseMotionMsg); ok && drag.Button == tea.MouseLeft {
		a.foot.message("alert", hint, hintTime)
	}
}

func (p *pane) mouse(m tea.MouseMsg, x, y int) tea.Cmd {
	if n := len(p.overlays); n > 0 {
		o := p.overlays[n-1]
		ox, oy, w, h := p.place(o)
		if x -= ox; x < 0 || x >= w {
			return nil
		}
		if y -= oy; y < 0 || y >= h {
			return nil
		}
		return o.Mouse(m, x, y)
	}
	if y < 0 {
		return nil
	}
	return p.top().Mouse(m, x, y)
}

// wrapLine breaks one line into lines of at most w cells.
func wrapLine(line string, w int) []string {
	return strings.Split(ansi.Wrap(line, w, ""), "\n")
}

// hardWrap breaks a line anywhere into lines of at most w cells.
func hardWrap(line string, w int) []string {
	return strings.Split(ansi.Hardwrap(line, w, true), "\n")
}
