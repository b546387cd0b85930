package addon

import (
	"fmt"
	"sync"
	"sync/atomic"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A waitlist remembers the flows whose message an addon has to see whole, because a filter looks at its body.
type waitlist struct {
	n     atomic.Int32
	mu    sync.Mutex
	flows map[flow.ID]bool
}

func (w *waitlist) put(id flow.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.flows == nil {
		w.flows = map[flow.ID]bool{}
	}
	if !w.flows[id] {
		w.flows[id] = true
		w.n.Add(1)
	}
}

// take reports whether a flow is there, and forgets it.
func (w *waitlist) take(id flow.ID) bool {
	if w.n.Load() == 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.flows[id] {
		return false
	}
	delete(w.flows, id)
	w.n.Add(-1)
	return true
}

// A decider acts on a request once: at its head, if that says enough.
type decider interface {
	active() bool            // may act on any
	known(f *flow.Flow) bool // the head of a request says what to do
	apply(f *flow.Flow) <-chan layer.Verdict
}

// decide has an addon act on a request that nobody has answered, when its head has come or when it is whole.
func (w *waitlist) decide(h layer.Hook, d decider) <-chan layer.Verdict {
	switch h := h.(type) {
	case *layer.RequestHeaders:
		f := h.Flow
		if d.active() && unanswered(f) && w.head(f, &f.Request.HTTPMessage, d.known(f)) {
			return d.apply(f)
		}
	case *layer.Request:
		f := h.Flow
		if w.whole(f, &f.Request.HTTPMessage) && unanswered(f) {
			return d.apply(f)
		}
	case *layer.Error:
		w.take(h.Flow.ID)
	}
	return nil
}

// head reports whether an addon acts on a message when its head has come. If not, because a filter has
// to know the body, the message is held and the flow waits. So it does where an addon before this one waits, lest this one act first.
// A message that is streamed is never whole: for it the head has to do.
func (w *waitlist) head(f *flow.Flow, m *flow.HTTPMessage, known bool) bool {
	if known && !m.Hold || m.Stream {
		return true
	}
	m.Hold = true
	w.put(f.ID)
	return false
}

// whole reports whether an addon acts on a message that has come, because it has waited for it. It does not on one that
// passed meanwhile because it was too large to be held, which the flow says.
func (w *waitlist) whole(f *flow.Flow, m *flow.HTTPMessage) bool {
	waited := w.take(f.ID)
	if waited && m.Stream {
		note(f, missedKey, "rules that had to know "+sized(f, m)+" did not act: it "+passed)
	}
	return waited && !m.Stream
}

// missedKey is the name of the fact that some rule did not act on a flow. passed says why.
const (
	missedKey = "rule_missed"
	passed    = "passed as it came, for it is larger than what is held of a body"
)

// sized names the body of a message.
func sized(f *flow.Flow, m *flow.HTTPMessage) string {
	what := "request"
	if f.Response != nil && m == &f.Response.HTTPMessage {
		what = "response"
	}
	return fmt.Sprintf("the %s body of %d bytes", what, m.Body.Len())
}

// known reports whether it is known by the head of a message which of some rules are for a flow.
func known[R interface {
	May(*flow.Flow) (ok, known bool)
}](rules []R, f *flow.Flow) bool {
	for _, r := range rules {
		if _, ok := r.May(f); !ok {
			return false
		}
	}
	return true
}
