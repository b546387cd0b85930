package tui

import (
	tea "charm.land/bubbletea/v2"
)

// A nav is a movement, which every window understands in its way.
type nav uint8

const (
	navStart nav = iota
	navEnd
	navNext
	navSelect
	navUp
	navDown
	navPageUp
	navPageDown
	navLeft
	navRight
)

// navKeys are the keys that move wherever no binding says otherwise.
var navKeys = map[string]nav{
	"up": navUp, "down": navDown, "left": navLeft, "right": navRight, "page up": navPageUp, "page down": navPageDown,
	"home": navStart, "end": navEnd, "tab": navNext, "enter": navSelect,
}

// A window fills a pane. View returns exactly the lines and cells of SetSize.
type window interface {
	Name() string    // of the window, as in flowlist
	Context() string // of its keys
	Title() string
	SetSize(w, h int)
	// Key handles a key that belongs to the window, before the bindings are looked at.
	Key(k tea.KeyPressMsg) (tea.Cmd, bool)
	Mouse(m tea.MouseMsg, x, y int) tea.Cmd
	Nav(n nav) tea.Cmd
	View() string
}

// A shower wants to know that it comes to the front.
type shower interface{ Shown() tea.Cmd }

// A listener takes messages that are meant for no one else.
type listener interface {
	Update(msg tea.Msg) tea.Cmd
}

// A refresher follows the flows and the focus.
type refresher interface{ Refresh() tea.Cmd }

// A closer has something to do before it goes away. An error keeps it open.
type closer interface{ Closing() error }

// A box is an overlay: a window that says how large it wants to be.
type box interface {
	window
	Size(w, h int) (int, int) // within a pane
}

// A pane is a stack of windows and what lies over them.
type pane struct {
	windows  []window // the last one shows
	overlays []box
	x, y     int // on the screen, title included
	w, h     int // 0: not shown
	title    int // lines of the title
}

// top returns the window that shows.
func (p *pane) top() window { return p.windows[len(p.windows)-1] }

// front returns the overlay that lies on top, or else the window that shows.
func (p *pane) front() window {
	if n := len(p.overlays); n > 0 {
		return p.overlays[n-1]
	}
	return p.top()
}

// each calls fn for all that shows in the pane.
func (p *pane) each(fn func(window)) {
	fn(p.top())
	for _, o := range p.overlays {
		fn(o)
	}
}

// place returns the rectangle of an overlay within the body of the pane.
func (p *pane) place(b box) (x, y, w, h int) {
	bodyW, bodyH := p.w, max(p.h-p.title, 0)
	w, h = b.Size(bodyW, bodyH)
	w, h = min(w, bodyW), min(h, bodyH)
	return (bodyW - w) / 2, (bodyH - h) / 2, w, h
}

// resize tells the windows their sizes.
func (p *pane) resize() {
	p.top().SetSize(p.w, max(p.h-p.title, 0))
	for _, o := range p.overlays {
		_, _, w, h := p.place(o)
		o.SetSize(w, h)
	}
}
