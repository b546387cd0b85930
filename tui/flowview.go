package tui

import (
	tea "charm.land/bubbletea/v2"
)

type flowView struct {
	app  *App
	w, h int
}

func newFlowView(a *App) *flowView { return &flowView{app: a} }

func (v *flowView) Name() string                          { return "flowview" }
func (v *flowView) Context() string                       { return "flowview" }
func (v *flowView) Title() string                         { return "Flow Details" }
func (v *flowView) SetSize(w, h int)                      { v.w, v.h = w, h }
func (v *flowView) Key(k tea.KeyPressMsg) (tea.Cmd, bool) { return nil, false }
func (v *flowView) Mouse(tea.MouseMsg, int, int) tea.Cmd  { return nil }
func (v *flowView) Nav(n nav) tea.Cmd                     { return nil }
func (v *flowView) View() string                          { return stack(nil, v.w, v.h) }
func (v *flowView) Mode() string                          { return "auto" }
func (v *flowView) SetMode(string) tea.Cmd                { return nil }
