package detail

import (
	"iter"
	"strings"

	"sluice/proxy/content"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

// An Item is one message of a flow: of a WebSocket, of TCP or UDP, or an event or a message of gRPC in a body.
type Item struct {
	flow.Message
	Size int // of the content as it was sent
	Meta content.Meta
	Note string // what is to be said of it; "" for nothing
}

// Items returns the messages of a flow in the order in which they are shown.
func Items(f *flow.Flow) iter.Seq[Item] {
	parts := partsOf(f)
	return func(yield func(Item) bool) {
		if len(parts) == 0 {
			for _, m := range f.AllMessages() {
				if !yield(Item{Message: m, Size: len(m.Content) + m.Lost}) {
					return
				}
			}
		}
		for _, p := range parts {
			if gap := p.msg.Body.Gap(); gap != flow.Whole && gap != flow.Cut {
				continue
			}
			s := p.splitter()
			write := func(e entry) bool { return yield(e.item(p)) }
			if !s.eat(&p.msg.Body, 0, p.msg.Body.Len(), write) {
				return
			}
			if over := !p.msg.End.IsZero() || !f.Live; over && p.msg.Body.Gap() == flow.Whole && !s.end(write) {
				return
			}
		}
	}
}

// item returns an entry of a part as messages are.
func (e *entry) item(p part) Item {
	m := flow.Message{FromClient: p.fromClient, Content: e.data, Text: !p.grpc}
	return Item{Message: m, Size: e.size, Meta: e.meta, Note: e.note}
}

// ParseMessages reads a filter for messages. A text without any operator is looked for in them; "" is no filter.
func ParseMessages(expr string) (*filter.Filter, error) {
	switch expr = strings.TrimSpace(expr); {
	case expr == "":
		return nil, nil
	case !strings.Contains(expr, "~"):
		return filter.Parse(textOperator + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(expr) + `"`)
	}
	return filter.Parse(expr)
}

// textOperator is what stands before a text that is looked for in messages.
const textOperator = `~b "`

// A Probe asks a filter about single messages of a flow.
type Probe struct {
	only *filter.Filter
	one  flow.Flow // the flow with one message, and without bodies
	ws   flow.WebSocket
}

// NewProbe returns a probe for a flow. A nil filter picks all messages.
func NewProbe(only *filter.Filter, f *flow.Flow) *Probe {
	p := &Probe{only: only}
	if only == nil {
		return p
	}
	p.one = *f
	if f.Request != nil {
		r := *f.Request
		r.Body, p.one.Request = flow.Body{}, &r
	}
	if f.Response != nil {
		r := *f.Response
		r.Body, p.one.Response = flow.Body{}, &r
	}
	if f.WebSocket != nil {
		p.ws = *f.WebSocket
		p.one.WebSocket = &p.ws
	}
	return p
}

// Match reports whether the filter picks a message.
func (p *Probe) Match(m flow.Message) bool {
	if p.only == nil {
		return true
	}
	one := []flow.Message{m}
	if p.one.WebSocket != nil {
		p.ws.Messages = one
	} else {
		p.one.Messages = one
	}
	return p.only.Match(&p.one)
}

// filterKey is the name under which the filter of a flow's messages is kept.
const filterKey = "flowview_messages"

// Messages returns the filter of the messages that show, "" for none.
func (m *Model) Messages() string {
	if m.cfg.Setting != nil && m.flow != nil {
		return m.cfg.Setting(m.flow.ID, filterKey)
	}
	return m.modes[filterKey]
}

// HasMessages reports whether the flow is one that has a list of messages.
func (m *Model) HasMessages() bool { return m.flow != nil && HasMessages(m.flow) }

// HasMessages reports whether a flow is one that has a list of messages.
func HasMessages(f *flow.Flow) bool {
	return f.WebSocket != nil || f.Kind == flow.TCP && f.TLSNote() == "" || f.Kind == flow.UDP || len(partsOf(f)) > 0
}

// only returns the filter of the messages, parsed.
func (m *Model) only() *filter.Filter {
	if expr := m.Messages(); expr != m.wanted.expr {
		m.wanted.expr = expr
		m.wanted.filter, _ = ParseMessages(expr)
	}
	return m.wanted.filter
}

// A wanted is a filter with the text that it was parsed from.
type wanted struct {
	expr   string
	filter *filter.Filter
}
