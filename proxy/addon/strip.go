package addon

import (
	"sync/atomic"

	"sluice/proxy/layer"
)

// AntiCache removes the headers that let an origin answer 304.
type AntiCache struct{ On atomic.Bool }

// Handle edits the request's headers.
func (a *AntiCache) Handle(h layer.Hook) <-chan layer.Verdict {
	if r, ok := h.(*layer.RequestHeaders); ok && a.On.Load() {
		q := r.Flow.Request
		q.Headers = q.Headers.Del("If-Modified-Since").Del("If-None-Match")
	}
	return nil
}

// AntiComp asks origins for bodies without compression.
type AntiComp struct{ On atomic.Bool }

// Handle edits the request's headers.
func (a *AntiComp) Handle(h layer.Hook) <-chan layer.Verdict {
	if r, ok := h.(*layer.RequestHeaders); ok && a.On.Load() {
		q := r.Flow.Request
		q.Headers = q.Headers.Set("Accept-Encoding", "identity")
	}
	return nil
}
