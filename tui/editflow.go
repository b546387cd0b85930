package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/actions"
	"sluice/tui/edit"
	"sluice/tui/external"
	"sluice/tui/grid"
)

// An editSession is the part of a flow that is in the person's editor.
type editSession struct {
	id   flow.ID
	part string
}

func (a *App) editCommands() []command.Command {
	options := command.Command{Name: "console.edit.focus.options", Result: command.StrSeq,
		Help: "List what can be edited of the focused flow.",
		Run: func(context.Context, command.Args) (any, error) {
			f, err := a.focusFlow()
			if err != nil {
				return nil, err
			}
			if f.Kind == flow.DNS && f.DNSResponse == nil {
				return nil, edit.ErrDNS
			}
			return edit.WithViews(f, a.mode()), nil
		}}
	return append([]command.Command{
		options,
		{Name: "console.edit.focus", Params: params(param("flow_part", command.Str)),
			Help: "Edit a part of the focused flow.", Run: a.editFocus},
		lists("console.bodyview.options", "List the parts that have a body.",
			func() []string { return []string{"request", "response"} }),
		{Name: "console.bodyview", Params: params(param("flow", command.Flow), choice("part", "console.bodyview.options")),
			Help: "View a body in an external viewer.", Run: a.bodyView},
	}, a.gridCommands()...)
}

// editFocus edits a part of the focused flow: in the prompt, in a grid or in the person's editor.
func (a *App) editFocus(_ context.Context, args command.Args) (any, error) {
	f, err := a.focusFlow()
	if err != nil {
		return nil, err
	}
	part := args[0].(string)
	switch edit.How(part) {
	case edit.ByPrompt:
		a.later(a.commandPrompt("flow.set @focus "+part+" ", 0))
		return nil, nil
	case edit.ByEditor:
		a.editText(f, part)
		return nil, nil
	}
	spec, err := edit.Grid(f, part)
	if err != nil {
		return nil, err
	}
	id := f.ID
	a.later(a.push(newGridWindow(a, part, spec, func(rows [][]string) error {
		return a.store.Edit(id, func(f *flow.Flow) error { return edit.ApplyGrid(f, part, rows) })
	})))
	return nil, nil
}

// mode is the view that bodies are shown in: that of the open flow, or auto.
func (a *App) mode() string {
	if v, ok := top[*flowView](a); ok {
		return v.Mode()
	}
	return content.Auto
}

// editText gives a part to the person's editor; a body is decoded apart from the screen first.
func (a *App) editText(f *flow.Flow, part string) {
	a.editing = &editSession{f.ID, part}
	a.later(func() tea.Msg {
		data, err := edit.Text(f, part)
		return textMsg{data, edit.ContentType(f, part), err}
	})
}

// A textMsg has a text for the editor.
type textMsg struct {
	data        []byte
	contentType string
	err         error
}

// edited takes what came back from an external program, if the message is that.
func (a *App) edited(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case external.Edited:
		if a.editing == nil {
			return nil, false
		}
		session := *a.editing
		a.editing = nil
		return a.applyText(session, msg), true
	case textMsg:
		if msg.err != nil {
			a.editing = nil
			a.fail(msg.err)
			return nil, true
		}
		return external.Edit(msg.data, msg.contentType), true
	case viewMsg:
		return external.View(msg.data, msg.contentType), true
	case external.Kept:
		a.fail(msg.Err)
		return nil, true
	case external.Viewed:
		if msg.Err != nil {
			a.fail(msg.Err)
		}
		return nil, true
	case grid.Notice:
		if msg.Err != nil {
			a.fail(msg.Err)
		} else {
			a.say(msg.Text)
		}
		return nil, true
	}
	return nil, false
}

// applyText puts an edited text into its flow, apart from the screen since coding it may take long.
// A text that cannot be taken over is kept in a file.
func (a *App) applyText(s editSession, e external.Edited) tea.Cmd {
	if e.Err != nil {
		a.fail(e.Err)
		return nil
	}
	if !e.Changed {
		return nil
	}
	data := e.Data
	if strings.HasSuffix(s.part, "-body") && a.options.Bool("console_strip_trailing_newlines") {
		data = bytes.TrimRight(data, "\r\n")
	}
	return func() tea.Msg {
		err := a.store.Edit(s.id, func(f *flow.Flow) error { return edit.ApplyText(f, s.part, data) })
		if err != nil {
			return external.Keep(e, err)()
		}
		return doneMsg{}
	}
}

// bodyView shows a body in the person's viewer.
func (a *App) bodyView(_ context.Context, args command.Args) (any, error) {
	f, part := args[0].(*flow.Flow), args[1].(string)
	var m *flow.HTTPMessage
	switch {
	case part == "request" && f.Request != nil:
		m = &f.Request.HTTPMessage
	case part == "response" && f.Response != nil:
		m = &f.Response.HTTPMessage
	default:
		msg, err := viewOther(f, part)
		if err == nil {
			a.later(func() tea.Msg { return msg })
		}
		return nil, err
	}
	if m.Body.Gap() != flow.Whole || m.Body.Len() == 0 {
		return nil, errors.New("no content to view")
	}
	a.later(func() tea.Msg {
		plain, _ := content.Decode(m.Headers, m.Body.Bytes())
		return viewMsg{plain, m.Headers.Get("Content-Type")}
	})
	return nil, nil
}

// viewOther returns the content of what is not HTTP.
func viewOther(f *flow.Flow, part string) (viewMsg, error) {
	data, err := actions.Cut(f, part+".content")
	if err == nil && len(data) == 0 {
		err = fmt.Errorf("flow has no %s", part)
	}
	return viewMsg{data: data}, err
}

// A viewMsg has a decoded body for the viewer.
type viewMsg struct {
	data        []byte
	contentType string
}
