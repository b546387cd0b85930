package proxy

import (
	"slices"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// maxFresh is how many flows of one client may wait to be published before it waits for the store.
const maxFresh = 512

// take appends the snapshots of the flows that were in a hook since the last call. The caller holds the lock.
func (c *client) take(batch []*flow.Flow) []*flow.Flow {
	for i, f := range c.fresh {
		if f.Live || f.Intercepted || slices.Contains(c.flows, f) {
			batch = append(batch, f.Snapshot())
		} else {
			batch = append(batch, f.Seal())
		}
		c.fresh[i] = nil
	}
	c.fresh = c.fresh[:0]
	return batch
}

// show shows a hook to the addons and returns where the verdict will come, or nil if they let go.
func (c *client) show(h layer.Hook) <-chan layer.Verdict {
	verdict := c.e.addons.Handle(h)
	if fh, ok := h.(layer.FlowHook); ok {
		c.track(fh)
	}
	return verdict
}

// inline shows a hook to the addons while its issuer runs. One that is held is commanded next.
func (c *client) inline(h layer.Hook) bool {
	verdict := c.show(h)
	if verdict == nil {
		return true
	}
	c.shown, c.verdict = h, verdict
	return false
}

// hook carries out the command to show a hook, if that has not been done.
// Unless an addon holds its flow, the answer is the next event.
func (c *client) hook(h layer.Hook) {
	var verdict <-chan layer.Verdict
	if c.shown == h {
		verdict = c.verdict
		c.shown, c.verdict = nil, nil
	} else {
		verdict = c.show(h)
	}
	if verdict == nil {
		c.todo = append(c.todo, &layer.HookCompleted{Hook: h})
		return
	}
	c.held++
	c.wg.Go(func() {
		var v layer.Verdict
		select {
		case v = <-verdict:
		case <-c.done:
			return
		}
		c.release(h, v)
	})
}

// release lets a held flow go on.
func (c *client) release(h layer.Hook, v layer.Verdict) {
	c.mu.Lock()
	c.held--
	if fh, ok := h.(layer.FlowHook); ok {
		f := fh.Subject()
		f.Intercepted = false
		v.Edit.Apply(f)
		if v.Kill && f.Killable() {
			f.Kill(time.Now())
		}
		c.mark(f)
		if ends(fh) {
			c.untrack(f)
		}
	}
	c.mu.Unlock()
	c.post(&layer.HookCompleted{Hook: h})
}

// track remembers a flow while it lives and has it published after this step.
func (c *client) track(h layer.FlowHook) {
	f := h.Subject()
	if _, ours := h.(*layer.HTTPConnectUpstream); ours {
		return // a message of the tunnel's, not a flow of the client's
	}
	c.mark(f)
	switch at := slices.Index(c.flows, f); {
	case ends(h) && !f.Intercepted:
		c.untrack(f)
	case at < 0:
		c.flows = append(c.flows, f)
	}
}

// ends reports whether a hook is the last one of its flow.
func ends(h layer.FlowHook) bool {
	switch h.(type) {
	case *layer.Response:
		return h.Subject().WebSocket == nil
	case *layer.Error, *layer.TCPEnd, *layer.TCPError, *layer.UDPEnd, *layer.UDPError,
		*layer.DNSResponse, *layer.DNSError, *layer.WebSocketEnd, *layer.HTTPConnected, *layer.HTTPConnectError:
		return true
	}
	return false
}

// untrack forgets a flow that has had its last hook.
func (c *client) untrack(f *flow.Flow) {
	at := slices.Index(c.flows, f)
	if at < 0 {
		return
	}
	c.flows = slices.Delete(c.flows, at, at+1)
	if c.replayed != nil && len(c.flows) == 0 {
		close(c.replayed)
		c.replayed = nil
	}
}

func (c *client) mark(f *flow.Flow) {
	if !slices.Contains(c.fresh, f) {
		c.fresh = append(c.fresh, f)
	}
}
