package layers

import (
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// The bounds of what may have come from an HTTP/1 peer without being consumed, in bytes.
const (
	stopReading = 256 << 10
	goOnReading = 64 << 10
)

// A throttle stops reading from an HTTP/1 connection while too much of what came is not consumed.
type throttle struct {
	conn    *flow.Conn
	ahead   int // bytes
	stopped bool
	told    bool // the driver knows that it is stopped
	noted   bool // is in the HTTP layer's list
}

// came counts n bytes that were given to a stream.
func (t *throttle) came(h *HTTP, conn *flow.Conn, n int) {
	t.conn = conn
	t.ahead += n
	t.decide(h)
}

// went counts n bytes that were consumed.
func (t *throttle) went(h *HTTP, n int) {
	t.ahead = max(t.ahead-n, 0)
	t.decide(h)
}

func (t *throttle) decide(h *HTTP) {
	switch {
	case h.tooMuch(t.ahead):
		t.stopped = true
	case t.ahead <= goOnReading:
		t.stopped = false
	}
	if t.stopped != t.told && !t.noted {
		t.noted = true
		h.throttles = append(h.throttles, t)
	}
}

// tooMuch reports whether so many bytes wait that no more should be read.
func (h *HTTP) tooMuch(n int) bool { return n > goOnReading && (n > stopReading || h.ctx.Scarce()) }

// throttle tells the driver what the event has changed.
func (h *HTTP) throttle(cmds []layer.Command) []layer.Command {
	for _, t := range h.throttles {
		t.noted = false
		if t.stopped != t.told {
			t.told = t.stopped
			cmds = append(cmds, &layer.Pause{Conn: t.conn, On: t.stopped})
		}
	}
	h.throttles = nil
	return cmds
}
