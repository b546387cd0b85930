package text

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
)

// drag selects from one cell to another and returns what is copied and said.
func drag(m *Model, x, y, toX, toY int) (copied, said string) {
	act(m, m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, x, y))
	act(m, m.Mouse(tea.MouseMotionMsg{Button: tea.MouseLeft}, toX, toY))
	for _, msg := range act(m, m.Mouse(tea.MouseReleaseMsg{Button: tea.MouseLeft}, toX, toY)) {
		if n, ok := msg.(Notice); ok {
			said = n.Text
		} else {
			copied = fmt.Sprint(msg)
		}
	}
	return copied, said
}

func TestDragCopies(t *testing.T) {
	m := open(t, Of([]content.Line{{{Text: "first"}}, {{Text: "世界 is\x1b wide"}}, {{Text: ""}}, {{Text: "last one"}}}), 10, 9)
	for _, c := range []struct {
		x, y, toX, toY int
		copied, said   string
	}{
		{1, 0, 3, 0, "ir", "Copied 2 characters."},
		{3, 0, 1, 0, "ir", "Copied 2 characters."},
		{3, 0, 2, 1, "st\n世", "Copied 4 characters."},
		{0, 1, 4, 2, "世界 is␛ wide", "Copied 11 characters."},
		{2, 5, 0, 3, "\nlast one", "Copied 9 characters."},
		{0, 4, 9, 8, "last one", "Copied 8 characters."},
		{2, 2, 2, 2, "", ""},
	} {
		copied, said := drag(m, c.x, c.y, c.toX, c.toY)
		if c.said != "" && said != c.said || c.copied != copied {
			t.Errorf("%+v: copied %q, said %q; screen:\n%s", c, copied, said, strings.Join(screen(m), "\n"))
		}
	}
}

func TestSelectionShows(t *testing.T) {
	m := open(t, numbered(3), 10, 3)
	drag(m, 2, 1, 4, 1)
	if want := theme.Selection.Render("ne"); !strings.Contains(m.View(), want) {
		t.Errorf("%q lacks %q", m.View(), want)
	}
	act(m, m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, 0, 0))
	if strings.Contains(m.View(), theme.Selection.Render("ne")) {
		t.Error("a click leaves the selection")
	}
}

// Dragging beyond the rim scrolls, and what has gone out of sight is copied too.
func TestDragScrolls(t *testing.T) {
	m := open(t, numbered(100), 10, 4)
	act(m, m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, 5, 0))
	for range 10 {
		act(m, m.Mouse(tea.MouseMotionMsg{Button: tea.MouseLeft}, 6, 4))
	}
	wantTop(t, m, "line 10", "line 13")
	copied := ""
	for _, msg := range act(m, m.Mouse(tea.MouseReleaseMsg{}, 6, 4)) {
		copied += fmt.Sprint(msg)
	}
	if !strings.Contains(copied, "0\nline 1\n") || !strings.Contains(copied, "line 12\n") {
		t.Errorf("copied %q", copied)
	}
}

func TestWheel(t *testing.T) {
	m := open(t, numbered(100), 10, 4)
	act(m, m.Mouse(tea.MouseWheelMsg{Button: tea.MouseWheelDown}, 0, 0))
	wantTop(t, m, "line 3", "line 6")
	act(m, m.Mouse(tea.MouseWheelMsg{Button: tea.MouseWheelUp}, 0, 0))
	wantTop(t, m, "line 0", "line 3")
}
