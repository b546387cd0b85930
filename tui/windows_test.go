package tui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/flow"
)

func TestTwoInterruptsQuit(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.press("z", "ctrl c")
		d.wantScreen("Quit (yes,no)?")
		if d.quit {
			t.Error("one ctrl-c quits")
		}
		if d.press("ctrl c"); !d.quit {
			t.Error("two do not")
		}
	})
}

func TestDraggingSaysHowToSelect(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.send(tea.MouseMotionMsg{Button: tea.MouseLeft, X: 5, Y: 5})
		d.wantScreen("Hold shift to select text")
		d.pass(hintTime)
		d.press("enter")
		d.send(tea.MouseMotionMsg{Button: tea.MouseLeft, X: 5, Y: 5})
		d.wantNot("Hold shift")
	})
}

func TestWindowsStack(t *testing.T) {
	drive(t, 100, 30, gallery(), func(d *driver) {
		d.press("O", "E", "?", "q", "q")
		d.wantScreen("Option Help")
		d.press("q")
		d.wantScreen(">> 12:00:00")
		d.press("-")
		d.press("shift tab", "K")
		d.wantScreen("Flows", "Key Bindings")
		d.press("ctrl right", "j")
		if got := d.app.view.FocusIndex(); got != 1 {
			t.Errorf("the focus is on %d after switching panes", got)
		}
	})
}

func TestConfirmations(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.press("z")
		d.wantScreen("Delete all flows (yes,no)?")
		d.press("x", "q", "enter")
		d.wantScreen("/13]")
		d.press("q", "n")
		if d.send(quitMsg{}); d.quit {
			t.Error("one interrupt quits")
		}
		if d.press("n"); d.quit {
			t.Error("n quits")
		}
		d.press("ctrl c")
		d.wantScreen("Quit (yes,no)?")
		d.press("y")
		if !d.quit {
			t.Error("y does not quit")
		}
	})
}

func TestFailedFlowsSayWhy(t *testing.T) {
	failed := sample{method: "GET", url: "https://example.com/a", change: func(f *flow.Flow) {
		f.Live, f.Error = false, &flow.Error{Message: "connection refused by it"}
	}}.build(0)
	for _, width := range []int{60, 120} {
		drive(t, width, 24, []*flow.Flow{failed}, func(d *driver) { d.wantScreen("err", "connection refused by it") })
	}
}

func TestMessagesTakeBothLines(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.events.Add("error", "it does not go: "+strings.Repeat("because ", 10)+"and so on; do that instead")
		d.pass(frame)
		d.wantScreen("it does not go", "do that instead")
		d.wantNot("more in eventlog")
		d.events.Add("error", "it does not go: "+strings.Repeat("because ", 30)+"and so on")
		d.pass(frame)
		d.wantScreen("more in eventlog")
	})
}

func TestColumnWidths(t *testing.T) {
	rows := [][]string{{strings.Repeat("x", 100), "200", "a"}, {"y", "", strings.Repeat("z", 59)}}
	for _, c := range []struct {
		w    int
		want []int
	}{{200, []int{101, 4, 60}}, {100, []int{48, 4, 48}}, {130, []int{66, 4, 60}}, {3, []int{1, 1, 1}}} {
		if got := columnWidths(rows, c.w); !slices.Equal(got, c.want) {
			t.Errorf("in %d cells: %v, want %v", c.w, got, c.want)
		}
	}
}

// Help says all that it has to say, on as many lines as that takes.
func TestHelpIsWrapped(t *testing.T) {
	drive(t, 80, 30, gallery()[1:2], func(d *driver) {
		d.run("console.edit.focus query")
		d.press("?")
		d.wantScreen("Fill the current cell from a file whose content is", "\n                            parsed as an escaped string\n")
	})
}
