package proxy

import (
	"errors"
	"slices"
	"unicode/utf8"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// Inject puts a message of a person's into a live WebSocket, TCP or UDP flow, as if the side that m.FromClient
// names had sent it. It is shown and may be held like any other; while the flow is held it waits. It keeps m.Content.
// The error says why the flow takes no message.
func (e *Engine) Inject(id flow.ID, m flow.Message) error {
	for _, c := range e.all() {
		if known, err := c.inject(id, m); known {
			return err
		}
	}
	return errors.New("can't inject: the flow is not from a live connection")
}

// inject gives a message to one of the client's flows and reports whether the flow is its own.
func (c *client) inject(id flow.ID, m flow.Message) (known bool, err error) {
	c.mu.Lock()
	at := slices.IndexFunc(c.flows, func(f *flow.Flow) bool { return f.ID == id })
	if at >= 0 {
		err = injectable(c.flows[at], &m)
	}
	c.mu.Unlock()
	if at < 0 || err != nil {
		return at >= 0, err
	}
	m.Injected = true
	c.tell(&layer.Injected{Flow: id, Message: m})
	return true, nil
}

func injectable(f *flow.Flow, m *flow.Message) error {
	switch {
	case f.Kind == flow.TCP, f.Kind == flow.UDP:
		m.Text = false
		return nil
	case f.Kind != flow.HTTP || f.WebSocket == nil:
		return errors.New("can't inject: the flow is neither WebSocket nor TCP nor UDP")
	case f.WebSocket.CloseCode != 0:
		return errors.New("can't inject: the WebSocket connection is closing")
	case m.Text && !utf8.Valid(m.Content): // RFC 6455 §5.6
		return errors.New("can't inject: a text message must be UTF-8; set is_text to false to send it as binary")
	}
	return nil
}
