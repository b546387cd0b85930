package layer

import (
	"sync/atomic"
	"time"

	"sluice/proxy/flow"
)

// Options are what layers read of the configuration. A value is never written once it is shared.
type Options struct {
	Lazy              bool  // connect to a server only when it is needed
	RawTCP            bool  // relay what is not HTTP
	WebSocket         bool  // read what follows an upgrade to WebSocket
	KeepHostHeader    bool  // reverse mode: leave Host as it is
	SkipValidation    bool  // do not refuse malformed headers
	KeepHeaderCase    bool  // write the names of HTTP/2 headers that are not in lower case as they are
	ShowIgnored       bool  // record ignored connections
	StoreStreamed     bool  // keep a copy of streamed bodies
	OmitConnectHost   bool  // no Host header in CONNECT to an upstream proxy
	StreamLargeBodies int64 // bytes; stream bodies over it. 0: never. -1: every body
	BodySizeLimit     int64 // bytes; refuse bodies over it. 0: no limit
	BodyRecordLimit   int64 // bytes; record no more than this of a body that is not held. 0: no limit
	BodyBudget        int64 // bytes; what all clients together have us keep of what is under way. 0: no limit
	HeldLimit         int64 // bytes; a held body over it goes on as it is. 0: 256 MiB
	// Route returns the upstream proxy for a server, nil for none, and whether there is a rule for it. Nil: there are no rules.
	Route        func(flow.Addr) (*flow.Via, bool)
	UpstreamAuth string        // user:password for upstream proxies that speak SOCKS; "" for none
	SOCKSLogin   bool          // SOCKS clients must log in
	OwnHost      string        // the host that we answer for ourselves, and connect to only when something is not answered; "" for none
	HeadLimit    int           // bytes of a message head. 0: the codec's default
	HTTP2Ping    time.Duration // how long an HTTP/2 server is idle before it gets a PING. 0: it gets none
	Debug        bool
}

// A Context is what the layers of one connection know in common.
type Context struct {
	Client *flow.Client
	Server *flow.Server // never nil; its Address is zero until known
	Layers []Layer      // outermost first; a layer appends itself when it is made
	// Groups are those that the client offered for key exchange when it began TLS; nil: not known.
	Groups []uint16
	// Upstream is the proxy that everything goes through, or nil.
	Upstream *flow.Via
	// Now is the time of the current event.
	Now func() time.Time

	// Inline, where the driver sets it, shows a hook to the addons at once and
	// reports whether they let go at once too. If not, the hook is commanded as usual and its issuer waits.
	Inline func(Hook) bool

	// Behind, where the driver sets it, reports whether a connection's peer does not take what was sent to it. If so,
	// Drained follows, and until then more may be sent without anybody being stopped: who asks takes care of that.
	Behind func(*flow.Conn) bool

	options *atomic.Pointer[Options]
	scripts *scripts
	shared  *shared
	part    *part // of the budget; nil: the context lasts as long as the client
}

// NewContext returns the context of a new client.
func NewContext(c *flow.Client, s *flow.Server, opts *atomic.Pointer[Options], now func() time.Time) *Context {
	return &Context{Client: c, Server: s, Now: now, options: opts, scripts: &scripts{pool: &Coroutines{}}, shared: &shared{account: account{budget: &Budget{}}}}
}

// Share makes the client's scripts run on coroutines that others run on too. It is called before the first event.
func (c *Context) Share(pool *Coroutines) { c.scripts.pool, c.scripts.shared = pool, true }

// Options returns the options that hold now.
func (c *Context) Options() *Options { return c.options.Load() }

// Fork returns a context with the same connections and its own list of layers.
// A stream forks to have a server of its own.
func (c *Context) Fork() *Context {
	f := *c
	f.Layers = c.Layers[:len(c.Layers):len(c.Layers)]
	return &f
}

// Push appends a layer to the list.
func (c *Context) Push(l Layer) { c.Layers = append(c.Layers, l) }

// Stop ends every script of the client. No layer may be given an event after it.
func (c *Context) Stop() {
	c.scripts.stop()
	c.writeOff()
}

// shared is what all contexts of a client have together.
type shared struct {
	kit  *kit // taken for this event; nil: not needed yet
	lent []*Buffer

	account account

	// The first of each that an event takes, to be used again from Release on.
	sends    [4]SendData
	data     [4]DataReceived
	sent     int
	received int
}
