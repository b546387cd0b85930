package addon

import (
	"sync"
	"sync/atomic"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// Intercept holds the flows that match a filter until a person resumes or kills them.
type Intercept struct {
	filter atomic.Pointer[filter.Filter] // nil: nothing is held

	mu   sync.Mutex
	held map[flow.ID]chan<- layer.Verdict
}

// NewIntercept returns an addon that holds nothing yet.
func NewIntercept() *Intercept {
	return &Intercept{held: map[flow.ID]chan<- layer.Verdict{}}
}

// SetFilter says what to hold from now on; nil: nothing. What is held stays held.
func (i *Intercept) SetFilter(f *filter.Filter) { i.filter.Store(f) }

// Resume lets a held flow go on with a person's edit. It reports whether the flow was held.
func (i *Intercept) Resume(id flow.ID, edit *flow.Edit) bool {
	return i.answer(id, layer.Verdict{Edit: edit})
}

// Kill ends a held flow. It reports whether the flow was held.
func (i *Intercept) Kill(id flow.ID) bool { return i.answer(id, layer.Verdict{Kill: true}) }

func (i *Intercept) answer(id flow.ID, v layer.Verdict) bool {
	i.mu.Lock()
	w := i.held[id]
	delete(i.held, id)
	i.mu.Unlock()
	if w == nil {
		return false
	}
	w <- v // has room: each is answered once
	return true
}

// Handle holds a flow whose message is whole, and asks at its headers for messages to be kept whole.
func (i *Intercept) Handle(h layer.Hook) <-chan layer.Verdict {
	switch h := h.(type) {
	case *layer.RequestHeaders:
		h.Flow.Request.Hold = h.Flow.Request.Hold || i.mayWant(h.Flow)
	case *layer.ResponseHeaders:
		h.Flow.Response.Hold = h.Flow.Response.Hold || i.mayWant(h.Flow)
	case *layer.WebSocketMessageStart:
		h.Hold = h.Hold || i.mayWant(h.Flow)
	case *layer.Request, *layer.Response, *layer.DNSRequest, *layer.DNSResponse:
		return i.hold(h.(layer.FlowHook).Subject())
	case *layer.TCPMessage, *layer.UDPMessage, *layer.WebSocketMessage:
		return i.holdMessage(h.(layer.FlowHook).Subject())
	case *layer.Error, *layer.TCPError, *layer.TCPEnd, *layer.UDPError, *layer.UDPEnd, *layer.WebSocketEnd, *layer.DNSError:
		i.forget(h.(layer.FlowHook).Subject().ID)
	}
	return nil
}

// mayWant reports whether a flow will match, or may once its body is known.
func (i *Intercept) mayWant(f *flow.Flow) bool {
	expr := i.filter.Load()
	if expr == nil || f.Replay != flow.NotReplayed {
		return false
	}
	ok, known := expr.MatchHead(f)
	return ok || !known
}

func (i *Intercept) wants(f *flow.Flow) bool {
	expr := i.filter.Load()
	return expr != nil && f.Replay == flow.NotReplayed && expr.Match(f)
}

func (i *Intercept) hold(f *flow.Flow) <-chan layer.Verdict {
	if f.Killed() || !i.wants(f) {
		return nil
	}
	return i.wait(f)
}

// holdMessage holds a flow because of its last message: of all its messages, the filter sees that one only.
func (i *Intercept) holdMessage(f *flow.Flow) <-chan layer.Verdict {
	if i.filter.Load() == nil || f.Killed() || !i.wants(withLast(f)) {
		return nil
	}
	return i.wait(f)
}

// withLast returns a copy of a flow that has only its last message.
func withLast(f *flow.Flow) *flow.Flow {
	c := *f
	if f.WebSocket != nil {
		w := *f.WebSocket
		w.Messages = w.Messages[max(0, len(w.Messages)-1):]
		c.WebSocket = &w
	}
	c.Messages = f.Messages[max(0, len(f.Messages)-1):]
	return &c
}

func (i *Intercept) wait(f *flow.Flow) <-chan layer.Verdict {
	w := make(chan layer.Verdict, 1)
	f.Intercepted = true
	i.mu.Lock()
	i.held[f.ID] = w
	i.mu.Unlock()
	return w
}

func (i *Intercept) forget(id flow.ID) {
	i.mu.Lock()
	delete(i.held, id)
	i.mu.Unlock()
}
