package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
)

// Run runs the program in the terminal until it is quit or ctx ends, and leaves the
// terminal as it was. It is an error if there is no terminal.
func Run(ctx context.Context, cfg Config) error {
	tty := term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd())
	if err := canDraw(tty, os.Getenv("TERM")); err != nil {
		return err
	}
	app := New(cfg)
	defer app.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	program := tea.NewProgram(app, tea.WithContext(ctx), tea.WithFilter(askFirst), tea.WithInput(keyboard{os.Stdin, cancel}))
	_, err := program.Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("run the console: %w", err)
	}
	return nil
}

// A keyboard is the input of a terminal. It ends when the terminal is gone, of which not every program that runs in it gets a signal.
type keyboard struct {
	*os.File
	gone func()
}

func (k keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) {
		k.gone()
	}
	return n, err
}

// Terminal returns the file, for programs that take the terminal over.
func (k keyboard) Terminal() *os.File { return k.File }

// canDraw reports why the console cannot show itself.
func canDraw(tty bool, kind string) error {
	switch {
	case !tty:
		return errors.New("the console needs a terminal for its input and its output: " +
			"start sluice in one, without redirecting it")
	case kind == "dumb":
		return errors.New(`the console cannot draw on a dumb terminal: set TERM to what it is, or use "sluice dump"`)
	}
	return nil
}

// askFirst turns an interrupt signal into the question whether to quit.
func askFirst(_ tea.Model, msg tea.Msg) tea.Msg {
	if _, ok := msg.(tea.InterruptMsg); ok {
		return quitMsg{}
	}
	return msg
}
