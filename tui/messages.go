package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/detail"
	"sluice/tui/human"
)

const (
	maxMessageChoices = 1000      // the latest ones
	maxPreview        = 200       // bytes of a message in a choice
	maxOpened         = 256 << 10 // bytes of a message that is opened
)

// messageCommands are about the messages of a flow: those of WebSocket, TCP and UDP, events, and messages of gRPC.
func (a *App) messageCommands() []command.Command {
	return []command.Command{
		{Name: "console.message.options", Result: command.StrSeq, Help: "List the messages of the focused flow, the latest first.",
			Run: func(context.Context, command.Args) (any, error) {
				f, err := a.focusFlow()
				if err != nil {
					return nil, err
				}
				return a.messageChoices(f)
			}},
		{Name: "console.message", Params: params(param("flow", command.Flow), param("number", command.Str)), Result: command.Data,
			Help: "Open one message of a flow by its number, from 1.", Run: a.openMessage},
		{Name: "console.message.filter", Params: params(command.Param{Name: "filter_expr", Type: command.Str, Pattern: true}),
			Help: "Show only the messages of the opened flow that a filter picks, all with \"\".",
			Run: func(_ context.Context, args command.Args) (any, error) {
				return nil, a.filterMessages(args[0].(string))
			}},
		does("console.message.filter.ask", "Ask for the filter of the messages of the opened flow.", a.askMessages),
		does("console.message.compose", "Open the prompt to inject a message into the focused flow.", a.composeMessage),
	}
}

// messageChoices says of each message in a line what it is. A line begins with the message's number.
func (a *App) messageChoices(f *flow.Flow) ([]string, error) {
	expr := ""
	if v, ok := top[*flowView](a); ok {
		expr = v.Messages()
	}
	only, err := detail.ParseMessages(expr)
	if err != nil {
		return nil, err
	}
	probe, n := detail.NewProbe(only, f), 0
	var lines []string
	for m := range detail.Items(f) {
		if n++; probe.Match(m.Message) {
			lines = append(lines, fmt.Sprintf("%d %s %s", n, messageFacts(&m), preview(m.Content)))
		}
		if len(lines) >= 2*maxMessageChoices {
			lines = append(lines[:0], lines[len(lines)-maxMessageChoices:]...)
		}
	}
	switch {
	case n == 0:
		return nil, errors.New("this flow has no messages")
	case len(lines) == 0:
		return nil, fmt.Errorf("none of %s matches %s", plural(n, "message"), expr)
	}
	lines = lines[max(0, len(lines)-maxMessageChoices):]
	slices.Reverse(lines)
	return lines, nil
}

// preview is what a message begins with.
func preview(b []byte) string {
	n := maxPreview
	if len(b) <= n {
		return content.Clean(string(b))
	}
	for n > maxPreview-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return content.Clean(string(b[:n])) + "…"
}

// messageFacts is the direction, the time and the size of a message, and what became of it.
func messageFacts(m *detail.Item) string {
	facts := []string{"⇐"}
	if m.FromClient {
		facts[0] = "⇒"
	}
	if !m.Time.IsZero() {
		facts = append(facts, m.Time.Local().Format("15:04:05.000"))
	}
	facts = append(facts, human.Size(int64(m.Size)))
	if m.Injected {
		facts = append(facts, "injected")
	}
	if m.Dropped {
		facts = append(facts, "dropped")
	}
	return strings.Join(facts, " ")
}

// openMessage returns a message as rows: what it is, and its lines in the view of the opened flow.
func (a *App) openMessage(_ context.Context, args command.Args) (any, error) {
	f := args[0].(*flow.Flow)
	number, _, _ := strings.Cut(args[1].(string), " ")
	want, _ := strconv.Atoi(number)
	n := 0
	for m := range detail.Items(f) {
		if n++; n == want {
			return messageRows(n, &m, a.mode()), nil
		}
	}
	return nil, fmt.Errorf("there is no message %s: the flow has %s", number, plural(n, "message"))
}

func messageRows(n int, m *detail.Item, mode string) [][]string {
	rows := [][]string{{fmt.Sprintf("Message %d  %s", n, messageFacts(m))}, {""}}
	if m.Lost > 0 {
		return append(rows, []string{"Its content was let go to bound memory."})
	}
	doc := content.Format(mode, m.Meta, m.Content[:min(len(m.Content), maxOpened)])
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
	if m.Note != "" {
		rows = append(rows, []string{"… " + m.Note})
	}
	return rows
}
