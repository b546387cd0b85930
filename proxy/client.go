package proxy

import (
	"log/slog"
	"net"
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
	c.log(slog.LevelInfo, "client connect")
	c.e.addons.Handle(&layer.ClientConnected{Client: c.conn})
	if c.conn.Error != "" {
		c.log(slog.LevelWarn, c.conn.Error)
		c.sock.cut()
		over()
		return
	}
	if err := c.findTarget(); err != nil {
		c.log(slog.LevelError, "transparent mode: "+err.Error())
		c.sock.cut()
		c.e.addons.Handle(&layer.ClientDisconnected{Client: c.conn})
		over()
		return
	}
	c.root = c.role.root(c.ctx)
	c.idle = time.AfterFunc(c.patience(), c.checkIdle)
	c.post(layer.Start{})
	c.attend(c.sock, func() {
		<-c.sock.gone
		c.teardown()
		c.log(slog.LevelInfo, "client disconnect")
		c.e.addons.Handle(&layer.ClientDisconnected{Client: c.conn})
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

func (c *client) log(level slog.Level, text string, args ...any) {
	l := c.e.cfg.Log
	if l.Enabled(c.e.force, level) {
		l.Log(c.e.force, level, text, append(args, "client", c.conn.Peer)...)
	}
}
