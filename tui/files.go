package tui

import (
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/prompt"
)

type (
	keysMsg struct {
		path string
		data []byte
		err  error
	}
	historyMsg struct {
		history *prompt.History
		err     error
	}
)

// readKeys reads a file of key bindings.
func readKeys(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("error reading %s: %w", path, err)
	}
	return data, nil
}

// loadHistory reads the command history.
func (a *App) loadHistory() tea.Cmd {
	path := a.historyPath
	if path == "" {
		return nil
	}
	return func() tea.Msg {
		h, err := prompt.OpenHistory(path)
		return historyMsg{h, err}
	}
}

func (a *App) historyLoaded(msg historyMsg) tea.Cmd {
	if msg.err != nil {
		a.fail(msg.err)
	}
	a.history = msg.history
	return nil
}
