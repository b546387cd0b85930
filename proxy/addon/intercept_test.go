package addon

import (
	"testing"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A message is held for what it says itself, not for what was said before it.
func TestInterceptSeesOneMessage(t *testing.T) {
	expr, err := filter.Parse("~bq secret")
	if err != nil {
		t.Fatal(err)
	}
	ws := &flow.Flow{Kind: flow.HTTP, Request: &flow.Request{}, Response: &flow.Response{}, WebSocket: &flow.WebSocket{}}
	tcp := &flow.Flow{Kind: flow.TCP}
	i := NewIntercept()
	i.SetFilter(expr)
	for _, m := range []struct {
		text string
		held bool
	}{{"first", false}, {"a secret", true}, {"last", false}} {
		msg := flow.Message{FromClient: true, Content: []byte(m.text)}
		ws.WebSocket.Messages = append(ws.WebSocket.Messages, msg)
		tcp.Messages = append(tcp.Messages, msg)
		for _, h := range []layer.FlowHook{
			&layer.WebSocketMessage{OfFlow: layer.OfFlow{Flow: ws}}, &layer.TCPMessage{OfFlow: layer.OfFlow{Flow: tcp}},
		} {
			w := i.Handle(h)
			if f := h.Subject(); (w != nil) != m.held || f.Intercepted != m.held {
				t.Errorf("%s %q: held %v, want %v", h.Name(), m.text, w != nil, m.held)
			}
			if w != nil {
				i.Resume(h.Subject().ID, nil)
				h.Subject().Intercepted = false
			}
		}
	}
}

// Messages are only kept until they are whole where the filter may pick them.
func TestInterceptHoldsMessagesThatMayMatch(t *testing.T) {
	for expr, hold := range map[string]bool{"~b x": true, "~websocket": true, "~u other": false, "~bs x & ~u other": false, "!~websocket": false} {
		f, err := filter.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		i := NewIntercept()
		i.SetFilter(f)
		h := &layer.WebSocketMessageStart{OfFlow: layer.OfFlow{Flow: &flow.Flow{Kind: flow.HTTP, Request: &flow.Request{}, Response: &flow.Response{}, WebSocket: &flow.WebSocket{}}}}
		if i.Handle(h); h.Hold != hold {
			t.Errorf("%s: hold %v", expr, h.Hold)
		}
	}
}
