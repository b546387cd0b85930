package proxy

import (
	"slices"
	"sync"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// How many flows of one client may wait to be published before it waits for the store, and how many bytes of those that have ended.
const (
	maxFresh     = 512
	maxFreshSize = 256 << 10
)

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
	c.fresh, c.freshSize = c.fresh[:0], 0
	return batch
}

// show shows a hook to the addons. It returns where the verdict of one that holds it will come, or nil, and those that have not seen it.
func (c *client) show(h layer.Hook) (<-chan layer.Verdict, addon.Chain) {
	verdict, rest := c.e.addons.Handle(h)
	if fh, ok := h.(layer.FlowHook); ok {
		c.track(fh, verdict != nil)
	}
	return verdict, rest
}

// inline shows a hook to the addons while its issuer runs. One that is held is commanded next.
func (c *client) inline(h layer.Hook) bool {
	verdict, rest := c.show(h)
	if verdict == nil {
		return true
	}
	c.shown, c.verdict, c.unshown = h, verdict, rest
	return false
}

// hook carries out the command to show a hook, if that has not been done.
// Unless an addon holds its flow, the answer is the next event.
func (c *client) hook(h layer.Hook) {
	var verdict <-chan layer.Verdict
	var rest addon.Chain
	if c.shown == h {
		verdict, rest = c.verdict, c.unshown
		c.shown, c.verdict, c.unshown = nil, nil, nil
	} else {
		verdict, rest = c.show(h)
	}
	if verdict == nil {
		c.todo = append(c.todo, &layer.HookCompleted{Hook: h})
		return
	}
	killed := make(chan struct{})
	if c.held == nil {
		c.held = map[layer.Hook]func(){}
	}
	c.held[h] = sync.OnceFunc(func() { close(killed) })
	c.wg.Go(func() { c.await(h, verdict, rest, killed) })
}

// await waits for the verdict on a held flow, and on what the rest of the addons say then, and lets it go on.
func (c *client) await(h layer.Hook, verdict <-chan layer.Verdict, rest addon.Chain, killed <-chan struct{}) {
	for {
		select {
		case v := <-verdict:
			verdict, rest = c.release(h, v, rest)
		case <-killed:
			killed = nil
			verdict, rest = c.release(h, layer.Verdict{Kill: true}, rest)
		case <-c.done:
			return
		}
		if verdict == nil {
			c.post(&layer.HookCompleted{Hook: h})
			return
		}
		c.post(nil) // publishes that it is held again
	}
}

// release carries out the verdict on a held flow and shows it to the rest of the addons, of which one may hold it as well.
func (c *client) release(h layer.Hook, v layer.Verdict, rest addon.Chain) (held <-chan layer.Verdict, later addon.Chain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.recover()
	if c.dead {
		return nil, nil
	}
	fh, ok := h.(layer.FlowHook)
	if ok {
		f := fh.Subject()
		f.Intercepted = false
		v.Edit.Apply(f)
		if v.Kill && f.Killable() {
			f.Kill(time.Now())
		}
	}
	if v.Do != nil {
		v.Do()
	}
	held, later = rest.Handle(h)
	if ok {
		c.track(fh, held != nil)
	}
	if held == nil {
		delete(c.held, h)
	}
	return held, later
}

// track remembers a flow while it lives and has it published after this step. held: its hook is not over yet.
func (c *client) track(h layer.FlowHook, held bool) {
	f := h.Subject()
	if _, ours := h.(*layer.HTTPConnectUpstream); ours {
		return // a message of the tunnel's, not a flow of the client's
	}
	c.mark(f)
	switch at := slices.Index(c.flows, f); {
	case ends(h) && !held:
		c.freshSize += sizeOf(f)
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

// sizeOf is about how many bytes a flow keeps of what peers sent.
func sizeOf(f *flow.Flow) int64 {
	n := f.BodiesKept()
	if f.Request != nil {
		n += f.Request.Headers.Size()
	}
	if f.Response != nil {
		n += f.Response.Headers.Size()
	}
	for _, m := range f.AllMessages() {
		n += int64(len(m.Content))
	}
	return n
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
