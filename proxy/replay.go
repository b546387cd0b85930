package proxy

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
	"sluice/proxy/option"
)

// A replayQueue sends recorded requests again through the engine, one after the other unless the option
// client_replay_concurrency is -1.
type replayQueue struct {
	e    *Engine
	opts *option.Options

	mu      sync.Mutex
	waiting []*flow.Flow
	running int
}

// Replay sends the request of a snapshot again, under the same flow id: what is published of it is newer than f.
// The error says why a flow cannot be replayed.
func (p *Proxy) Replay(f *flow.Flow) error {
	if err := replayable(f); err != nil {
		return err
	}
	q := &p.replays
	q.mu.Lock()
	defer q.mu.Unlock()
	if slices.ContainsFunc(q.waiting, func(o *flow.Flow) bool { return o.ID == f.ID }) {
		return errors.New("the flow is already waiting to be replayed")
	}
	q.waiting = append(q.waiting, f)
	q.next()
	return nil
}

// ReplayCount returns how many replays wait or are under way.
func (p *Proxy) ReplayCount() int {
	p.replays.mu.Lock()
	defer p.replays.mu.Unlock()
	return len(p.replays.waiting) + p.replays.running
}

// StopReplay forgets the replays that have not begun.
func (p *Proxy) StopReplay() {
	p.replays.mu.Lock()
	defer p.replays.mu.Unlock()
	p.replays.waiting = nil
}

func replayable(f *flow.Flow) error {
	switch {
	case f.Kind != flow.HTTP || f.Request == nil:
		return errors.New("can't replay: the flow has no HTTP request")
	case f.Intercepted:
		return errors.New("can't replay an intercepted flow: resume or kill it first")
	case f.Live:
		return errors.New("can't replay a live flow: wait until it has ended")
	case f.Request.Body.Gap() != flow.Whole:
		return errors.New("can't replay: the request's body was not kept")
	case f.WebSocket != nil:
		return errors.New("can't replay a WebSocket flow")
	case f.Request.Method == "CONNECT":
		return errors.New("can't replay a CONNECT request")
	}
	return nil
}

// next starts what may start. The caller holds the lock.
func (q *replayQueue) next() {
	for len(q.waiting) > 0 && (q.running == 0 || q.opts.Int("client_replay_concurrency") == -1) {
		f := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.running++
		if !q.e.replay(f, q.roleOf(f), q.ended) {
			q.running--
			q.waiting = nil
		}
	}
}

func (q *replayQueue) ended() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	q.next()
}

// roleOf returns how a request is sent again: through the upstream proxy that its client came for, if that mode is one of those
// that are set, otherwise through that of the first mode, and to the server itself if that has none.
func (q *replayQueue) roleOf(f *flow.Flow) *role {
	specs := q.opts.Strs("mode")
	if len(specs) == 0 {
		return &role{}
	}
	spec := specs[0]
	if slices.Contains(specs, f.Client.Mode) {
		spec = f.Client.Mode
	}
	if m, err := ParseMode(spec); err == nil && m.Upstream != nil {
		return m.role()
	}
	return &role{}
}

// replay runs a flow's request in a role without a client connection and calls ended when it is over. It returns false if the
// engine is closing.
func (e *Engine) replay(f *flow.Flow, r *role, ended func()) bool {
	c := newClient(e, r, nil)
	over := make(chan struct{})
	c.replayed = over
	c.conn = replayClient(f.Client)
	if r.upstream != nil {
		c.conn.Mode = r.mode
	}
	c.ctx.Client = c.conn
	live := *f
	live.Client = c.conn
	live.Live, live.Intercepted, live.Replay = true, false, flow.ReplayedRequest
	live.Response, live.Error = nil, nil
	req := *f.Request
	if n := req.Body.Len(); n > 0 && !req.Headers.Has("Content-Length") && !req.Headers.Has("Transfer-Encoding") {
		req.Headers = req.Headers.Add("Content-Length", strconv.FormatInt(n, 10)) // HTTP/2 can do without (RFC 9113 §8.1.1)
	}
	live.Request = &req

	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return false
	}
	e.clients[c] = struct{}{}
	e.wg.Add(1)
	go func() {
		defer e.wg.Done()
		c.root = layers.NewReplay(c.ctx, &live)
		c.post(layer.Start{})
		select {
		case <-over:
		case <-c.done:
		}
		c.teardown()
		e.forget(c)
		ended()
	}()
	return true
}

// replayClient returns a client that looks like the recorded one and has no connection.
func replayClient(old *flow.Client) *flow.Client {
	c := &flow.Client{Mode: old.Mode, Leaf: old.Leaf}
	c.Conn = old.Conn
	c.ID, c.State, c.Start, c.End = flow.NewID(), flow.Open, time.Now(), time.Time{}
	return c
}
