// Package proxy is the engine's outside: sockets, clocks and goroutines live
// here and only here. It accepts clients, runs each one's layers under a lock
// of its own, does what they command, and publishes what happened to every flow.
package proxy

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// Config says what an Engine runs.
type Config struct {
	// Addons see every hook, in order.
	Addons addon.Chain
	// Layers are the options that the layers read; it may be stored to while the engine runs.
	Layers *atomic.Pointer[layer.Options]
	// Log takes what people should read. Nil: nothing is logged.
	Log *slog.Logger
	// Dial connects to servers. Nil: TCP with happy eyeballs.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// DialUDP is the same for datagrams. Nil: UDP.
	DialUDP func(ctx context.Context, addr string) (net.Conn, error)
	// Resolve says where DNS answers come from; it may be stored to while the engine runs. Nil: the system's name servers.
	Resolve *atomic.Pointer[ResolveConfig]
	// LocalAddr is where connections to servers come from; nil: the system chooses.
	LocalAddr *net.TCPAddr
	// IdleTimeout closes a client that has been silent for so long. 0: ten minutes.
	IdleTimeout time.Duration
	// UDPTimeout is the same for a client that sends datagrams. 0: two minutes (RFC 4787 §4.3).
	UDPTimeout time.Duration
	// ConnectTimeout bounds the time to reach a server. 0: 30 seconds.
	ConnectTimeout time.Duration
	// MaxClients bounds the clients at once. 0: 20,000.
	MaxClients int
	// MaxSockets bounds the connections at once over which no client gets many to servers. 0: three quarters of the files that
	// the system allows.
	MaxSockets int
}

// An Engine is one running proxy. Its methods may be called from any goroutine.
type Engine struct {
	cfg   Config
	flows chan []*flow.Flow
	self  selfGuard

	addons   *addon.Sorted
	resolver resolver

	multicast netip.AddrPort // where the names of the link are asked for

	pub     sync.Mutex
	queue   []*client      // have flows to publish
	waiting chan struct{}  // cap 1: queue is not empty
	over    chan struct{}  // closed when nothing will be published any more
	sender  sync.WaitGroup // publishes, and collects garbage

	coroutines layer.Coroutines
	bodies     layer.Budget // of all clients
	sockets    atomic.Int64 // that are open
	garbage    collector

	wg      sync.WaitGroup // clients and replays
	mu      sync.Mutex
	clients map[*client]struct{}
	full    bool // clients have been refused since there was room
	closing bool
	deaf    chan struct{} // closed when closing
	serving bool          // Serve runs, or has run
	lns     []*listener

	accepting sync.WaitGroup

	force context.Context // ends when nothing may be waited for any more
	kill  context.CancelFunc
}

// New returns an engine that listens to nobody yet.
func New(cfg Config) *Engine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, 10*time.Minute)
	cfg.UDPTimeout = cmp.Or(cfg.UDPTimeout, 2*time.Minute)
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, 30*time.Second)
	cfg.MaxClients = cmp.Or(cfg.MaxClients, 20_000)
	cfg.MaxSockets = cmp.Or(cfg.MaxSockets, maxFiles()/4*3)
	if cfg.Layers == nil {
		cfg.Layers = &atomic.Pointer[layer.Options]{}
		cfg.Layers.Store(&layer.Options{RawTCP: true, WebSocket: true})
	}
	e := &Engine{
		cfg: cfg, addons: addon.Sort(cfg.Addons), multicast: multicastGroup, clients: map[*client]struct{}{},
		flows: make(chan []*flow.Flow), waiting: make(chan struct{}, 1), over: make(chan struct{}), deaf: make(chan struct{}),
	}
	e.force, e.kill = context.WithCancel(context.Background())
	if e.cfg.Dial == nil {
		e.cfg.Dial = e.dialTCP
	}
	if e.cfg.DialUDP == nil {
		e.cfg.DialUDP = e.dialUDP
	}
	e.resolver.e = e
	e.garbage = collector{at: growth(0), wake: make(chan struct{}, 1), rest: e.rest}
	e.sender.Go(e.send)
	e.sender.Go(func() { e.garbage.run(e.over) })
	return e
}

// Flows is where every snapshot is published, together with others of about the same
// millisecond. It has one reader, which must not stop before it is closed: Shutdown closes it.
func (e *Engine) Flows() <-chan []*flow.Flow { return e.flows }

// Addrs returns where the engine listens, each address once.
func (e *Engine) Addrs() []net.Addr {
	e.mu.Lock()
	defer e.mu.Unlock()
	var as []net.Addr
	for _, l := range e.lns {
		as = appendAddr(as, l.addr)
	}
	return as
}

// admit starts a client, unless the engine is closing or full.
func (e *Engine) admit(r *role, nc net.Conn) {
	c := newClient(e, r, nc)
	e.mu.Lock()
	full := len(e.clients) >= e.cfg.MaxClients
	if e.closing || full {
		news := full && !e.full
		e.full = full
		e.mu.Unlock()
		c.sock.cut()
		if news {
			e.cfg.Log.Warn("client refused: too many at once", "limit", e.cfg.MaxClients)
		}
		return
	}
	e.clients[c] = struct{}{}
	e.garbage.came(len(e.clients))
	e.wg.Add(1)
	e.mu.Unlock()
	go c.serve(func() {
		e.forget(c)
		e.wg.Done()
	})
}

// forget drops a client that has ended.
func (e *Engine) forget(c *client) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.clients, c)
	e.full = false
	e.garbage.left(len(e.clients))
}

// Clients returns how many clients are connected.
func (e *Engine) Clients() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.clients)
}

// Kill ends a live flow, held or not. It reports whether the flow was found alive.
func (e *Engine) Kill(id flow.ID) bool {
	for _, c := range e.all() {
		if c.kill(id) {
			return true
		}
	}
	return false
}

func (e *Engine) all() []*client {
	e.mu.Lock()
	defer e.mu.Unlock()
	cs := make([]*client, 0, len(e.clients))
	for c := range e.clients {
		cs = append(cs, c)
	}
	return cs
}

// Shutdown stops accepting, closes idle clients at once and lets the others
// finish what is under way until ctx ends, then closes them too. It returns when every goroutine
// has ended and Flows is closed. It must be called once.
func (e *Engine) Shutdown(ctx context.Context) {
	e.closeListeners()
	for _, c := range e.all() {
		c.drain()
	}
	done := make(chan struct{})
	go func() {
		e.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		for _, c := range e.all() {
			c.abort()
		}
	}
	e.kill()
	<-done
	e.closeTunnels()
	close(e.over)
	e.sender.Wait()
	e.coroutines.Close()
	close(e.flows)
}

// publishAfter is how long what happens to flows is gathered: no person sees the
// delay, a flow that is over by then is published once, and the reader is woken for many at once.
const publishAfter = time.Millisecond

// enqueue has a client's flows published soon.
func (e *Engine) enqueue(c *client) {
	e.pub.Lock()
	e.queue = append(e.queue, c)
	first := len(e.queue) == 1
	e.pub.Unlock()
	if first {
		e.waiting <- struct{}{}
	}
}

// send publishes until the engine has ended.
func (e *Engine) send() {
	for {
		select {
		case <-e.waiting:
		case <-e.over:
			return
		}
		select {
		case <-time.After(publishAfter):
		case <-e.over:
		}
		e.pub.Lock()
		queue := e.queue
		e.queue = nil
		e.pub.Unlock()
		var batch []*flow.Flow
		for _, c := range queue {
			c.mu.Lock()
			batch = c.take(batch)
			c.queued = false
			c.mu.Unlock()
		}
		if len(batch) > 0 {
			e.flows <- batch
		}
	}
}
