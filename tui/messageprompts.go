package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/flow"
	"sluice/tui/detail"
	"sluice/tui/prompt"
)

// openedMessages returns the window of an opened flow with messages.
func (a *App) openedMessages() (*flowView, error) {
	v, ok := top[*flowView](a)
	switch {
	case !ok:
		return nil, errors.New("open a flow with messages first")
	case !v.HasMessages():
		return nil, errors.New("this flow has no messages")
	}
	return v, nil
}

func (a *App) filterMessages(expr string) error {
	v, err := a.openedMessages()
	if err != nil {
		return err
	}
	if _, err := detail.ParseMessages(expr); err != nil {
		return err
	}
	a.later(v.SetMessages(strings.TrimSpace(expr)))
	return nil
}

// askMessages asks for the filter of the messages, and says while it is typed what is wrong with it.
func (a *App) askMessages() error {
	v, err := a.openedMessages()
	if err != nil {
		return err
	}
	a.messagePrompt(v.Messages())
	return nil
}

// messagePrompt asks again as long as the filter is wrong.
func (a *App) messagePrompt(text string) {
	cfg := prompt.Messages(a.theme, text, detail.ParseMessages)
	cfg.History = a.filterHistory
	line := prompt.New(a.theme, cfg)
	a.later(line.Judge())
	a.foot.open(line, func(text string) tea.Cmd {
		if _, err := detail.ParseMessages(text); err != nil {
			a.messagePrompt(text)
		} else if err := a.filterMessages(text); err != nil {
			a.fail(err)
		}
		return nil
	})
}

// talkKind is the name of the protocol if a flow is a conversation that messages can be injected into, or else "".
func talkKind(f *flow.Flow) string {
	switch {
	case f.WebSocket != nil:
		return "websocket"
	case f.Kind == flow.TCP && f.TLSNote() == "", f.Kind == flow.UDP:
		return f.Kind.String()
	}
	return ""
}

// composeMessage opens the prompt with the command that injects into a flow of the kind of the focused one.
func (a *App) composeMessage() error {
	f, err := a.focusFlow()
	if err != nil {
		return err
	}
	kind := talkKind(f)
	if kind == "" {
		return errors.New("messages can be injected into WebSocket, TCP and UDP flows only")
	}
	if !f.Live {
		return errors.New("the connection of this flow is over: nothing can be injected into it")
	}
	a.later(a.commandPrompt("inject."+kind+" @focus false ", 0))
	return nil
}
