package layers

import (
	"slices"
	"strings"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// direct is the base of the outermost layers that know the server before they know the protocol. Its script finds the
// server; when that has ended well, the layer chosen next takes over for good.
type direct struct {
	layer.Script
	ctx  *layer.Context
	way  layer.Layer      // the tunnel to an upstream proxy that everything passes; nil: there is none
	next *layer.NextLayer // nil until the script has called proceed
	rest []layer.Event    // came before next was there
	runs bool             // next has been started
}

func (d *direct) init(ctx *layer.Context, run func(*layer.Script)) {
	d.ctx = ctx
	d.Begin(ctx, run)
}

// Handle gives the script an event, or what follows it.
func (d *direct) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if d.way != nil {
		return d.way.Handle(ev, cmds)
	}
	cmds = d.handle(ev, cmds)
	if d.way != nil {
		cmds = d.way.Handle(layer.Start{}, cmds)
	}
	return cmds
}

// inside is what is in the tunnel.
type inside struct{ *direct }

func (i inside) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	return i.handle(ev, cmds)
}

func (d *direct) handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if d.runs {
		return d.next.Handle(ev, cmds)
	}
	cmds = d.Script.Handle(ev, cmds)
	if d.next == nil {
		return cmds
	}
	d.runs = true
	cmds = d.next.Handle(layer.Start{}, cmds)
	rest := d.rest
	d.rest = nil
	for _, ev := range rest {
		layer.Own(cmds)
		cmds = d.next.Handle(ev, cmds)
	}
	return cmds
}

// open connects to the server, as a route has it, where that is not to wait until it is needed. Datagrams need no connection.
func (d *direct) open(s *layer.Script) error {
	srv := d.ctx.Server
	if route := d.ctx.Options().Route; route != nil && !srv.Address.IsZero() && srv.Transport == "tcp" {
		if srv.Via, _ = route(srv.Address); srv.Via != nil {
			d.enter(s)
		}
	}
	return d.connect(s)
}

// connect is open, straight to the server.
func (d *direct) connect(s *layer.Script) error {
	srv := d.ctx.Server
	o, host := d.ctx.Options(), strings.TrimSuffix(srv.Address.Host, ".")
	if o.Lazy || srv.Address.IsZero() || srv.Transport != "tcp" || strings.EqualFold(host, o.OwnHost) {
		return nil
	}
	return s.Open(srv)
}

// enter goes on inside a tunnel to the server's upstream proxy, which begins with an event of its own.
func (d *direct) enter(s *layer.Script) {
	d.way, _ = newUpstream(d.ctx, inside{d}, true)
	for {
		ev := s.Next()
		if _, begun := ev.(layer.Start); begun {
			return
		}
		d.rest = append(d.rest, layer.Keep(ev))
	}
}

// proceed ends the script: what follows is up to the next layer, which gets surplus as the client's first data.
func (d *direct) proceed(s *layer.Script, surplus []byte) {
	d.next = layer.NewNextLayer(d.ctx)
	if len(surplus) > 0 {
		d.rest = slices.Insert(d.rest, 0, layer.Event(&layer.DataReceived{Conn: &d.ctx.Client.Conn, Data: surplus}))
	}
	d.rest = append(d.rest, s.Rest()...)
}

// ReverseProxy is the outermost layer of a client that takes us for the server (mode reverse).
type ReverseProxy struct {
	direct
	// Scheme says which protocol the server speaks: http, https, http2, tcp, tls, udp or dns.
	Scheme string
}

// NewReverseProxy returns the outermost layer of a client of server to.
func NewReverseProxy(ctx *layer.Context, to *flow.Via) *ReverseProxy {
	p := &ReverseProxy{Scheme: to.Scheme}
	ctx.Server.Address, ctx.Server.Transport = to.Addr, ctx.Client.Transport
	if (to.Scheme == "https" || to.Scheme == "tls") && !ctx.Options().KeepHostHeader {
		ctx.Server.SNI = to.Addr.Host
	}
	p.init(ctx, p.run)
	ctx.Push(p)
	return p
}

func (p *ReverseProxy) run(s *layer.Script) {
	s.Next()                                                                     // Start
	if err := p.connect(s); err != nil && !strings.HasPrefix(p.Scheme, "http") { // in HTTP the client can be told why
		s.Do(&layer.CloseConnection{Conn: &p.ctx.Client.Conn})
		return
	}
	p.proceed(s, nil)
	if p.Scheme == "tls" {
		p.next.Patience = clientSilence
	}
}

// clientSilence is how long a client may wait for what a server has to say first in TLS. One that speaks TLS itself begins at once.
const clientSilence = 2 * time.Second

// TransparentProxy is the outermost layer of a client that was on its way to a server and does not know of us. The driver has set the server's address.
type TransparentProxy struct{ direct }

// NewTransparentProxy returns the outermost layer of the mode transparent.
func NewTransparentProxy(ctx *layer.Context) *TransparentProxy {
	p := &TransparentProxy{}
	p.init(ctx, p.run)
	ctx.Push(p)
	return p
}

func (p *TransparentProxy) run(s *layer.Script) {
	s.Next() // Start
	if err := p.open(s); err != nil {
		s.Do(&layer.CloseConnection{Conn: &p.ctx.Client.Conn})
		return
	}
	p.proceed(s, nil)
}
