package tui

import (
	"os"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

func TestRunNeedsATerminal(t *testing.T) {
	if term.IsTerminal(os.Stdout.Fd()) && term.IsTerminal(os.Stdin.Fd()) {
		t.Skip("the test itself has a terminal")
	}
	err := Run(t.Context(), Config{})
	if err == nil || !strings.Contains(err.Error(), "needs a terminal") {
		t.Errorf("got %v", err)
	}
}

func TestDumbTerminalsAreRefused(t *testing.T) {
	if err := canDraw(true, "dumb"); err == nil || !strings.Contains(err.Error(), "sluice dump") {
		t.Errorf("got %v", err)
	}
	if err := canDraw(true, "xterm-256color"); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestInterruptAsksFirst(t *testing.T) {
	if got := askFirst(nil, tea.InterruptMsg{}); got != (quitMsg{}) {
		t.Errorf("an interrupt becomes %T", got)
	}
	if got := askFirst(nil, tickMsg{}); got != (tickMsg{}) {
		t.Errorf("a tick becomes %T", got)
	}
	drive(t, 80, 24, nil, func(d *driver) {
		d.send(quitMsg{})
		d.wantScreen("Quit (yes,no)?")
	})
}

func TestThemeFollowsTheTerminal(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		dark := d.app.screen()
		d.app.background(false)
		if light := d.app.screen(); light == dark {
			t.Error("a light terminal has the colours of a dark one")
		}
		d.app.background(true)
		d.run("set console_palette dark")
		if other := d.app.screen(); other == dark {
			t.Error("the palette does not change")
		}
		d.run("set console_palette_transparent false")
		if d.app.View().BackgroundColor == nil {
			t.Error("the background is still the terminal's")
		}
	})
}
