package tui

import (
	tea "charm.land/bubbletea/v2"

	"sluice/proxy/flow"
	"sluice/tui/detail"
	"sluice/tui/style"
	"sluice/tui/text"
)

// A flowView shows the flow that has the focus.
type flowView struct {
	*detail.Model
	app *App
}

func newFlowView(a *App) *flowView {
	return &flowView{app: a, Model: detail.New(a.theme, detail.Config{
		DefaultMode: func() string { return a.options.Str("console_default_contentview") },
		Entries: func(id flow.ID) int {
			r, _ := a.store.Row(id)
			return r.Entries
		},
		Protos:     a.protos.Load,
		Setting:    a.store.Setting,
		SetSetting: func(id flow.ID, key, value string) { a.store.SetSetting(key, value, id) },
	})}
}

func (v *flowView) Name() string    { return "flowview" }
func (v *flowView) Context() string { return "flowview" }
func (v *flowView) Title() string   { return "Flow Details" }

// Refresh follows the focus. With no flow left the view goes away.
func (v *flowView) Refresh() tea.Cmd {
	f := v.app.view.FocusFlow()
	if f == nil {
		return v.app.leave(v)
	}
	return tea.Batch(v.SetFlow(f), v.Model.Refresh())
}

// Closing gives up what is being formatted.
func (v *flowView) Closing() error {
	v.Close()
	return nil
}

// Key asks at once for what to search for, so that what is typed ahead is not lost.
func (v *flowView) Key(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if k.Text == "/" {
		return v.app.askSearch(v.Search), true
	}
	return v.Model.Key(k)
}

// Nav scrolls the text and changes tabs.
func (v *flowView) Nav(n nav) tea.Cmd {
	switch n {
	case navStart:
		return v.Start()
	case navEnd:
		return v.End()
	case navUp:
		return v.Scroll(-1)
	case navDown:
		return v.Scroll(1)
	case navPageUp:
		return v.Page(-1)
	case navPageDown:
		return v.Page(1)
	case navNext, navRight:
		return v.NextTab(1)
	case navLeft:
		return v.NextTab(-1)
	}
	return nil
}

// SetTheme changes the styles.
func (v *flowView) SetTheme(t *style.Theme) { v.Model.SetTheme(t) }

// leave takes away a window that has nothing to show, once the windows are not being gone through any more.
func (a *App) leave(w window) tea.Cmd {
	return func() tea.Msg { return leaveMsg{w} }
}

type leaveMsg struct{ window window }

// left takes the window away if there is still nothing for it to show.
func (a *App) left(msg leaveMsg) tea.Cmd {
	if a.view.FocusFlow() != nil {
		return nil
	}
	return a.drop(msg.window)
}

// notice shows what the text of a flow has to say.
func (a *App) notice(n text.Notice) tea.Cmd {
	a.foot.message("alert", n.Text, hintTime)
	return nil
}
