package proxy

import (
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A client is the driver of one client connection and of the server
// connections opened for it. Whoever has an event takes the lock, runs the layers, lets go,
// and only then writes and publishes. Nothing blocks under the lock.
type client struct {
	e    *Engine
	role *role
	conn *flow.Client
	sock *socket // nil for a replay

	mu       sync.Mutex
	ctx      *layer.Context
	root     layer.Layer
	sockets  []*socket
	opening  map[*flow.Conn]func() // cancels the attempt to connect
	flows    []*flow.Flow          // those that are alive
	held     map[layer.Hook]func() // those that wait for a verdict, and what has them wait no more because their flow is killed
	now      time.Time
	dead     bool // no event may reach the layers any more
	draining bool

	shown   layer.Hook           // was shown while its issuer ran, and is held
	verdict <-chan layer.Verdict // of shown
	unshown addon.Chain          // have not seen shown yet

	cmds   []layer.Command
	todo   []layer.Event
	dirty  []*socket    // have output to write
	fresh  []*flow.Flow // were in a hook and are not published yet
	queued bool         // the engine will take fresh
	late   []*flow.Flow // will be shown again soon; not empty: there is a goroutine that does it

	freshSize int64 // bytes of those in fresh that have ended, which nobody else counts

	alarms   map[*layer.RequestWakeup]*time.Timer
	idle     *time.Timer
	done     chan struct{}  // closed when dead
	replayed chan struct{}  // of a replay: closed when its flow has ended; else nil
	wg       sync.WaitGroup // connects, hooks and server readers
}

func newClient(e *Engine, r *role, nc net.Conn) *client {
	c := &client{e: e, role: r, done: make(chan struct{})}
	c.now = time.Now()
	c.conn = &flow.Client{Conn: flow.Conn{ID: flow.NewID(), Transport: "tcp", State: flow.Open, Start: c.now}, Mode: r.mode}
	if nc != nil {
		if _, udp := nc.RemoteAddr().(*net.UDPAddr); udp {
			c.conn.Transport = "udp"
		}
		c.conn.Peer, c.conn.Local = addrPort(nc.RemoteAddr()), addrPort(nc.LocalAddr())
		c.sock = newSocket(c, &c.conn.Conn, nc)
		c.sockets = append(c.sockets, c.sock)
	}
	c.ctx = layer.NewContext(c.conn, flow.NewServer(flow.Addr{}), e.cfg.Layers, func() time.Time { return c.now })
	c.ctx.Upstream, c.ctx.Inline, c.ctx.Behind = r.upstream, c.inline, c.behind
	c.ctx.Share(&e.coroutines)
	c.ctx.Within(&e.bodies)
	return c
}

// serve runs a client from its first byte to its last and calls over when all its goroutines have ended.
func (c *client) serve(over func()) {
	c.log(slog.LevelDebug, "client connect")
	c.e.cfg.Addons.Handle(&layer.ClientConnected{Client: c.conn})
	if c.conn.Error != "" {
		c.log(slog.LevelWarn, c.conn.Error)
		c.sock.cut()
		over()
		return
	}
	if err := c.findTarget(); err != nil {
		c.log(slog.LevelError, "transparent mode: "+err.Error())
		c.sock.cut()
		c.e.cfg.Addons.Handle(&layer.ClientDisconnected{Client: c.conn})
		over()
		return
	}
	c.root = c.role.root(c.ctx)
	c.idle = time.AfterFunc(c.patience(), c.checkIdle)
	c.post(layer.Start{})
	c.attend(c.sock, func() {
		<-c.sock.gone
		c.teardown()
		c.log(slog.LevelDebug, "client disconnect")
		c.e.cfg.Addons.Handle(&layer.ClientDisconnected{Client: c.conn})
		over()
	})
}

// findTarget learns where a client was going that was led here on its way.
func (c *client) findTarget() error {
	if c.role.target == nil {
		return nil
	}
	to, err := c.role.target(c.sock.nc)
	if err != nil {
		return err
	}
	c.conn.Local = to
	c.conn.Touch()
	c.ctx.Server.Transport = c.conn.Transport
	c.ctx.Server.Address = flow.Addr{Host: to.Addr().String(), Port: int(to.Port())}
	return nil
}

// post gives the layers an event and then does what must not be done under the lock. It waits for peers that have too much to take.
func (c *client) post(ev layer.Event) { c.pass(ev, true) }

// tell is post for those who must not wait for a peer.
func (c *client) tell(ev layer.Event) { c.pass(ev, false) }

func (c *client) pass(ev layer.Event, wait bool) {
	var room [4]write
	c.mu.Lock()
	c.step(ev)
	if c.draining && len(c.flows) == 0 && !c.dead && c.sock != nil {
		c.close(&layer.CloseConnection{Conn: &c.conn.Conn})
	}
	writes := room[:0]
	for i, s := range c.dirty {
		writes = append(writes, s.commit())
		c.dirty[i] = nil
	}
	c.dirty = c.dirty[:0]
	news := len(c.fresh) > 0 && !c.queued
	c.queued = c.queued || news
	var late []*flow.Flow
	if len(c.fresh) >= maxFresh || c.freshSize >= maxFreshSize {
		late = c.take(nil)
	}
	c.mu.Unlock()
	for _, w := range writes {
		w.flush()
	}
	if news {
		c.e.enqueue(c)
	}
	if late != nil {
		c.e.flows <- late
	}
	for _, w := range writes {
		if wait {
			w.wait()
		}
	}
}

// step runs the layers on an event and on all the answers that come at once.
func (c *client) step(ev layer.Event) {
	if c.dead || ev == nil {
		return
	}
	if w, ok := ev.(*layer.Wakeup); ok && !c.rings(w.Cmd) {
		return
	}
	defer c.recover()
	c.now = time.Now()
	c.todo = append(c.todo[:0], ev)
	for i := 0; i < len(c.todo); i++ {
		ev := c.todo[i]
		c.todo[i] = nil
		cmds := c.root.Handle(ev, c.cmds[:0])
		c.cmds = nil
		for _, cmd := range cmds {
			c.do(cmd)
		}
		c.ctx.Release()
		clear(cmds)
		c.cmds = cmds[:0]
	}
	c.todo = c.todo[:0]
	if c.ctx.Overdrawn() {
		c.turnAway()
	}
}

func (c *client) do(cmd layer.Command) {
	switch cmd := cmd.(type) {
	case *layer.SendData:
		if s := c.socketOf(cmd.Conn); s != nil && cmd.Conn.State&flow.CanWrite != 0 {
			s.put(cmd.Data)
			c.soil(s)
		}
	case *layer.CloseConnection:
		c.close(cmd)
	case *layer.OpenConnection:
		c.open(cmd)
	case *layer.Pause:
		if s := c.socketOf(cmd.Conn); s != nil {
			s.pause(cmd.On)
		}
	case *layer.RequestWakeup:
		c.wake(cmd)
	case *layer.CancelWakeup:
		c.cancel(cmd.Wakeup)
	case *layer.Resolve:
		c.resolve(cmd)
	case *layer.Log:
		c.log(cmd.Level, cmd.Text)
	case *layer.Update:
		c.update(cmd)
	case layer.Hook:
		c.hook(cmd)
	}
}

func (c *client) soil(s *socket) {
	if !slices.Contains(c.dirty, s) {
		c.dirty = append(c.dirty, s)
	}
}

func (c *client) socketOf(conn *flow.Conn) *socket {
	for _, s := range c.sockets {
		if s.conn == conn {
			return s
		}
	}
	return nil
}

func (c *client) wake(cmd *layer.RequestWakeup) {
	if c.alarms == nil {
		c.alarms = map[*layer.RequestWakeup]*time.Timer{}
	}
	c.wg.Add(1)
	c.alarms[cmd] = time.AfterFunc(cmd.After, func() {
		defer c.wg.Done()
		c.post(&layer.Wakeup{Cmd: cmd})
	})
}

// rings forgets a wakeup that is due. It reports whether it has not been cancelled.
func (c *client) rings(cmd *layer.RequestWakeup) bool { return c.unwake(cmd) != nil }

// cancel takes a wakeup back.
func (c *client) cancel(cmd *layer.RequestWakeup) {
	if t := c.unwake(cmd); t != nil && t.Stop() {
		c.wg.Done()
	}
}

// unwake forgets a wakeup and returns its timer, or nil. A client that waits for none holds no memory for them.
func (c *client) unwake(cmd *layer.RequestWakeup) *time.Timer {
	t := c.alarms[cmd]
	if delete(c.alarms, cmd); len(c.alarms) == 0 {
		c.alarms = nil
	}
	return t
}

// patience is how long the client may be silent.
func (c *client) patience() time.Duration {
	if c.role.brief {
		return min(dnsTimeout, c.e.cfg.UDPTimeout)
	}
	if c.conn.Transport == "udp" {
		return c.e.cfg.UDPTimeout
	}
	return c.e.cfg.IdleTimeout
}

// checkIdle closes a client that has been silent for too long, unless a person holds one of its flows.
func (c *client) checkIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	left := c.patience() - time.Since(c.now)
	if left <= 0 && len(c.held) == 0 {
		if c.conn.Transport != "udp" { // which ends in no other way
			c.log(slog.LevelInfo, "closing connection due to inactivity")
		}
		c.sock.cut()
		return
	}
	c.idle.Reset(max(left, time.Second))
}

// kill ends a live flow of this client.
func (c *client) kill(id flow.ID) bool {
	c.mu.Lock()
	at := slices.IndexFunc(c.flows, func(f *flow.Flow) bool { return f.ID == id })
	var waiting []func()
	for h, stop := range c.held {
		if fh, ok := h.(layer.FlowHook); ok && fh.Subject().ID == id {
			waiting = append(waiting, stop)
		}
	}
	c.mu.Unlock()
	if at < 0 {
		return false
	}
	c.tell(&layer.Kill{Flow: id})
	for _, stop := range waiting {
		stop()
	}
	return true
}

// drain closes the client when it has nothing under way, now or as soon as that is so.
func (c *client) drain() {
	c.mu.Lock()
	c.draining = true
	c.mu.Unlock()
	c.tell(nil)
}

// abort closes the client whatever it does.
func (c *client) abort() {
	if c.sock != nil {
		c.sock.cut()
	}
	c.mu.Lock()
	c.bury()
	c.mu.Unlock()
}

// recover ends this client, and only it, after a panic in a layer or an addon.
func (c *client) recover() {
	r := recover()
	if r == nil {
		return
	}
	c.log(slog.LevelError, "sluice has crashed on this client; please report it", "panic", r, "stack", string(debug.Stack()))
	for _, f := range c.flows {
		f.Error = &flow.Error{Message: "internal error: see the event log", Time: c.now}
		f.Live, f.Intercepted = false, false
		c.mark(f)
	}
	c.flows = nil
	c.bury()
}

// bury makes the layers deaf and closes every socket.
func (c *client) bury() {
	if c.dead {
		return
	}
	c.dead = true
	close(c.done)
	for _, cancel := range c.opening {
		cancel()
	}
	for _, t := range c.alarms {
		if t.Stop() {
			c.wg.Done()
		}
	}
	for _, s := range c.sockets {
		s.cut()
	}
}

// teardown ends what is left of a client whose connection has gone.
func (c *client) teardown() {
	if c.idle != nil {
		c.idle.Stop()
	}
	c.lastWords()
	c.mu.Lock()
	c.bury()
	c.mu.Unlock()
	c.wg.Wait()
	c.ctx.Stop()
	if rest := c.lastFlows(); len(rest) > 0 {
		c.e.flows <- rest
	}
}

// lastWords lets the servers that are being closed have what was sent to them before, for a while.
func (c *client) lastWords() {
	c.mu.Lock()
	sockets := slices.Clone(c.sockets)
	c.mu.Unlock()
	var over <-chan time.Time
	for _, s := range sockets {
		s.mu.Lock()
		closing := s.shut && s.writing
		s.mu.Unlock()
		if !closing {
			continue
		}
		if over == nil {
			over = time.After(linger)
		}
		select {
		case <-s.gone:
		case <-over:
			return
		case <-c.e.force.Done():
			return
		}
	}
}

// lastFlows ends the flows that are still alive and returns what has not been published.
func (c *client) lastFlows() []*flow.Flow {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.flows {
		f.Live, f.Intercepted = false, false
		if f.Error == nil {
			f.Error = &flow.Error{Message: "Client disconnected.", Time: time.Now()}
		}
		c.e.cfg.Addons.Handle(&layer.Error{OfFlow: layer.OfFlow{Flow: f}})
		c.mark(f)
	}
	c.conn.End = time.Now()
	c.conn.Touch()
	c.flows = nil
	return c.take(nil)
}

func (c *client) log(level slog.Level, text string, args ...any) {
	l := c.e.cfg.Log
	if l.Enabled(c.e.force, level) {
		l.Log(c.e.force, level, text, append(args, "client", c.conn.Peer)...)
	}
}
