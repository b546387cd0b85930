package detail

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/tui/text"
)

// idleShare is how many times as long as it took to show a growing flow the model waits before it does so again.
const idleShare = 8

// A look is all that the text of a tab is made from.
type look struct {
	kind   kind
	mode   string
	protos *content.Protos
	flow   *flow.Flow
	memo   *memo          // of a body that grows
	only   *filter.Filter // of messages; nil: all
}

// A pane is the text of one tab.
type pane struct {
	text  *text.Model
	shown *look // nil: nothing yet
	job   *job  // nil: nothing is being made
	rest  *job  // the job after which the pane rests; nil: it does not
	memo  memo
	stale bool // look again when the job, or the rest, is over
}

// A job makes the text of a tab.
type job struct {
	look   look
	place  text.Place
	cancel context.CancelFunc
}

type madeMsg struct {
	pane *pane
	job  *job
	doc  *text.Document
	keep func() bool // the document is not closed with the job any more; false: it is closed
	took time.Duration
}

type restedMsg struct {
	pane *pane
	job  *job
}

func (p *pane) close() {
	if p.job != nil {
		p.job.cancel()
	}
	p.job, p.rest = nil, nil
	p.text.Close()
}

// pane returns the one of a kind of tab, and makes it if need be.
func (m *Model) pane(k kind) *pane {
	p := m.panes[k]
	if p == nil {
		p = &pane{text: text.New(m.theme)}
		p.text.SetSize(m.w, max(m.h-len(m.head)-1, 0))
		m.panes[k] = p
	}
	return p
}

func (m *Model) protos() *content.Protos {
	if m.cfg.Protos == nil {
		return nil
	}
	return m.cfg.Protos()
}

// refresh brings the text that shows up to date.
func (m *Model) refresh() tea.Cmd {
	if len(m.tabs) == 0 {
		return nil
	}
	_, t := m.current()
	p, want := m.pane(t.kind), look{kind: t.kind, mode: m.Mode(), protos: m.protos(), flow: m.flow}
	want.memo = &p.memo
	if t.kind == stream || t.kind == entries {
		want.only = m.only()
	}
	if t.kind == facts {
		want.mode = ""
	}
	switch {
	case p.job != nil && !p.job.look.alike(want):
		p.job.cancel() // and begin anew
	case p.job != nil:
		p.stale = true
		return nil
	case p.shown == nil:
	case p.shown.same(want):
		return nil
	case p.shown.grownTo(want):
		old := p.shown.flow
		p.shown = &want
		return p.text.Extend(want.source(), newMessages(old, want), text.Follow)
	case p.rest != nil && p.shown.alike(want):
		p.stale = true
		return nil
	}
	return p.start(want)
}

// alike reports whether a look chooses and forms what it shows as another one does.
func (l *look) alike(o look) bool {
	return l.mode == o.mode && l.protos == o.protos && l.only == o.only
}

// start makes a text.
func (p *pane) start(want look) tea.Cmd {
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{want, text.Keep, cancel}
	if want.kind == stream || want.kind == entries {
		j.place = text.Follow
	}
	if p.shown == nil || !p.shown.alike(want) {
		j.place = text.Top
	}
	p.job, p.rest, p.stale = j, nil, false
	need := p.text.Need()
	return func() tea.Msg {
		begin := time.Now()
		doc := text.Load(ctx, want.source(), need)
		return madeMsg{p, j, doc, context.AfterFunc(ctx, doc.Close), time.Since(begin)}
	}
}

// Update takes the messages that the model's commands make.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case madeMsg:
		return m.made(msg)
	case restedMsg:
		if p := msg.pane; m.panes[msg.job.look.kind] == p && p.rest == msg.job {
			p.rest = nil
			return m.again(p)
		}
		return nil
	}
	var cmds []tea.Cmd
	for _, p := range m.panes {
		cmds = append(cmds, p.text.Update(msg))
	}
	return tea.Batch(cmds...)
}

func (m *Model) made(msg madeMsg) tea.Cmd {
	p := msg.pane
	if m.panes[msg.job.look.kind] != p || p.job != msg.job || !msg.keep() {
		return nil
	}
	msg.job.cancel()
	p.job, p.shown, p.rest = nil, &msg.job.look, msg.job
	rest := m.after(msg.took*idleShare, func(time.Time) tea.Msg { return restedMsg{p, msg.job} })
	return tea.Batch(p.text.Show(msg.doc, msg.job.place), rest)
}

// again looks again at a pane that has fallen behind, if it shows.
func (m *Model) again(p *pane) tea.Cmd {
	if !p.stale || m.text() != p.text {
		return nil
	}
	p.stale = false
	return m.refresh()
}
