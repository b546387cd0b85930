package tui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/human"
)

const (
	maxMessageChoices = 1000      // the latest ones
	maxOpened         = 256 << 10 // bytes of a message that is opened
)

// messageCommands open one message of a WebSocket, TCP or UDP flow.
func (a *App) messageCommands() []command.Command {
	return []command.Command{
		{Name: "console.message.options", Result: command.StrSeq, Help: "List the messages of the focused flow, the latest first.",
			Run: func(context.Context, command.Args) (any, error) {
				f, err := a.focusFlow()
				if err != nil {
					return nil, err
				}
				return messageChoices(f)
			}},
		{Name: "console.message", Params: params(param("flow", command.Flow), param("number", command.Str)), Result: command.Data,
			Help: "Open one message of a flow by its number, from 1.", Run: openMessage},
	}
}

func messagesOf(f *flow.Flow) []flow.Message {
	if f.WebSocket != nil {
		return f.WebSocket.Messages
	}
	return f.Messages
}

// messageChoices says of each message in a line what it is. A line begins with the message's number.
func messageChoices(f *flow.Flow) ([]string, error) {
	all := messagesOf(f)
	if len(all) == 0 {
		return nil, errors.New("this flow has no messages")
	}
	var lines []string
	for i := len(all) - 1; i >= max(0, len(all)-maxMessageChoices); i-- {
		m := &all[i]
		lines = append(lines, fmt.Sprintf("%d %s %s", i+1, messageFacts(m), content.Clean(clip(string(m.Content[:min(len(m.Content), 200)]), 40))))
	}
	return lines, nil
}

// messageFacts is the direction, the time and the size of a message, and what became of it.
func messageFacts(m *flow.Message) string {
	facts := []string{"⇐", m.Time.Local().Format("15:04:05.000"), human.Size(int64(len(m.Content) + m.Lost))}
	if m.FromClient {
		facts[0] = "⇒"
	}
	if m.Injected {
		facts = append(facts, "injected")
	}
	if m.Dropped {
		facts = append(facts, "dropped")
	}
	return strings.Join(facts, " ")
}

// openMessage returns a message as rows: what it is, and its lines in the view that fits it.
func openMessage(_ context.Context, args command.Args) (any, error) {
	f := args[0].(*flow.Flow)
	number, _, _ := strings.Cut(args[1].(string), " ")
	all := messagesOf(f)
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(all) {
		return nil, fmt.Errorf("there is no message %s: the flow has %s", number, plural(len(all), "message"))
	}
	m := &all[n-1]
	rows := [][]string{{fmt.Sprintf("Message %d  %s", n, messageFacts(m))}, {""}}
	if m.Lost > 0 {
		return append(rows, []string{"Its content was let go to bound memory."}), nil
	}
	doc := content.Format(content.Auto, content.Meta{}, m.Content[:min(len(m.Content), maxOpened)])
	for l := range doc.Lines {
		var b strings.Builder
		for _, s := range l {
			b.WriteString(s.Text)
		}
		rows = append(rows, []string{b.String()})
	}
	if len(m.Content) > maxOpened {
		rows = append(rows, []string{"… only the first " + human.Size(maxOpened) + " are shown"})
	}
	return rows, nil
}
