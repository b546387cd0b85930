package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A role is how the clients of one listener are served. It is immutable.
type role struct {
	mode     string // recorded on each client
	root     func(*layer.Context) layer.Layer
	upstream *flow.Via
	// target returns where a client was going, if it was led here on its way; nil: it has come by itself.
	target func(net.Conn) (netip.AddrPort, error)
	brief  bool // clients have little to say: dnsTimeout is their patience
}

// dnsTimeout closes DNS clients that have been silent for so long (RFC 7766 §6.2.3).
const dnsTimeout = 20 * time.Second

// An Instance is a mode that the engine serves, with the sockets it listens on.
type Instance struct {
	Mode  Mode
	socks []*listener
	keys  *tunnelKeys // wireguard mode only
}

// Addrs returns where the instance listens, each address once.
func (i *Instance) Addrs() []net.Addr {
	var as []net.Addr
	for _, l := range i.socks {
		as = appendAddr(as, l.addr)
	}
	return as
}

func appendAddr(as []net.Addr, a net.Addr) []net.Addr {
	if slices.ContainsFunc(as, func(o net.Addr) bool { return o.String() == a.String() }) {
		return as
	}
	return append(as, a)
}

// String says what listens where.
func (i *Instance) String() string {
	var where []string
	for _, a := range i.Addrs() {
		where = append(where, a.String())
	}
	return i.Mode.String() + " listening at " + strings.Join(where, " and ")
}

// A listener is one open socket and how those who come through it are served.
type listener struct {
	role *role
	addr net.Addr
	tcp  net.Listener // or
	udp  *packets     // or
	tun  *wireguard
}

func (l *listener) close() {
	switch {
	case l.tun != nil:
		l.tun.close()
	case l.udp != nil:
		l.udp.close()
	default:
		l.tcp.Close()
	}
}

// Start opens the sockets of a mode. The host "" means all addresses, the port 0 one that is free. Clients are
// accepted from now on, or as soon as Serve runs.
func (e *Engine) Start(m Mode, host string, port int) (*Instance, error) {
	i := &Instance{Mode: m}
	if err := i.loadKeys(); err != nil {
		return nil, err
	}
	err := e.openAll(i, host, port)
	for range 16 { // a port that is free for TCP may be taken for UDP
		if port != 0 || err == nil {
			break
		}
		err = e.openAll(i, host, port)
	}
	if err != nil {
		return nil, listenError(m, host, port, err)
	}
	if err := e.listen(i.socks...); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

// openAll opens all sockets of an instance at one port, or none.
func (e *Engine) openAll(i *Instance, host string, port int) error {
	r := i.Mode.role()
	for _, transport := range i.Mode.transports() {
		l, err := e.open(r, transport, host, port)
		if err == nil && i.keys != nil {
			err = e.dig(l, i.keys)
		}
		if err != nil {
			i.close()
			i.socks = nil
			return err
		}
		i.socks = append(i.socks, l)
		port = int(addrPort(l.addr).Port())
	}
	return nil
}

func (i *Instance) close() {
	for _, l := range i.socks {
		l.close()
	}
}

// Stop closes the sockets of an instance. Clients that have come through them by TCP live on, but for those of a tunnel.
func (e *Engine) Stop(i *Instance) {
	i.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range i.socks {
		e.self.remove(l.addr)
	}
	e.lns = slices.DeleteFunc(e.lns, func(l *listener) bool { return slices.Contains(i.socks, l) })
}

func (e *Engine) open(r *role, transport, host string, port int) (*listener, error) {
	if transport == "udp" {
		p, err := openUDP(host, port)
		if err != nil {
			return nil, err
		}
		return &listener{role: r, addr: p.pc.LocalAddr(), udp: p}, nil
	}
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: false}}
	ln, err := lc.Listen(context.Background(), "tcp", flow.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	return &listener{role: r, addr: ln.Addr(), tcp: ln}, nil
}

var errClosing = errors.New("the proxy is shutting down")

// listen makes open sockets the engine's.
func (e *Engine) listen(ls ...*listener) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return errClosing
	}
	for _, l := range ls {
		e.lns = append(e.lns, l)
		e.self.add(l.addr)
		if e.serving {
			e.accept(l)
		}
	}
	return nil
}

// Serve accepts clients until ctx ends or Shutdown is called, then returns. Clients go on until Shutdown.
func (e *Engine) Serve(ctx context.Context) {
	stop := context.AfterFunc(ctx, e.closeListeners)
	defer stop()
	e.mu.Lock()
	e.serving = true
	for _, l := range e.lns {
		e.accept(l)
	}
	e.mu.Unlock()
	<-e.deaf
	e.accepting.Wait()
}

// accept takes clients from a socket until it is closed. The caller holds the lock.
func (e *Engine) accept(l *listener) {
	switch {
	case l.tun != nil:
		if err := l.tun.start(); err != nil {
			e.cfg.Log.Error("cannot start the tunnel", "err", err)
		}
	case l.udp != nil:
		e.accepting.Go(func() { e.acceptUDP(l) })
	default:
		e.accepting.Go(func() { e.acceptTCP(l) })
	}
}

func (e *Engine) acceptTCP(l *listener) {
	var pause time.Duration
	for {
		nc, err := l.tcp.Accept()
		switch {
		case err == nil:
			pause = 0
			e.admit(l.role, nc)
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of files, or the client has gone already
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			e.cfg.Log.Warn("cannot accept a client; trying again", "err", err, "pause", pause)
			select {
			case <-time.After(pause):
			case <-e.force.Done():
				return
			}
		}
	}
}

func (e *Engine) closeListeners() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closing {
		e.closing = true
		close(e.deaf)
	}
	for _, l := range e.lns {
		if l.tun != nil {
			l.tun.refuse() // clients need it until they have ended
		} else {
			l.close()
		}
	}
}
