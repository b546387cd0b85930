package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// open connects to a server on a goroutine that then reads from it.
func (c *client) open(cmd *layer.OpenConnection) {
	srv := cmd.Server
	fail := func(err error) { c.todo = append(c.todo, &layer.OpenCompleted{Cmd: cmd, Err: err}) }
	if srv.Address.IsZero() {
		fail(errors.New("cannot open connection, no hostname given"))
		return
	}
	c.e.addons.Handle(&layer.ServerConnect{Server: srv, Client: c.conn})
	if srv.Error != "" {
		c.e.addons.Handle(&layer.ServerConnectError{Server: srv, Client: c.conn})
		fail(fmt.Errorf("connection killed: %s", srv.Error))
		return
	}
	if err := c.reserve(); err != nil {
		srv.Error = err.Error()
		srv.Touch()
		c.e.addons.Handle(&layer.ServerConnectError{Server: srv, Client: c.conn})
		fail(err)
		return
	}
	ctx, cancel := context.WithTimeout(c.e.force, c.e.cfg.ConnectTimeout)
	if c.opening == nil {
		c.opening = map[*flow.Conn]func(){}
	}
	c.opening[&srv.Conn] = cancel
	srv.Start = c.now
	srv.Touch()
	addr, dial := srv.Address.String(), c.e.cfg.Dial
	if srv.Transport == "udp" {
		dial = c.e.cfg.DialUDP
	}
	c.wg.Add(1)
	go func() {
		nc, err := dial(ctx, addr)
		if err != nil && context.Cause(ctx) == context.DeadlineExceeded {
			err = fmt.Errorf("connect to %s: no answer in %s", addr, c.e.cfg.ConnectTimeout)
		}
		cancel()
		c.opened(cmd, nc, err)
	}()
}

// opened tells the layers how connecting went and reads from the server until it ends. Then the client's group is told.
func (c *client) opened(cmd *layer.OpenConnection, nc net.Conn, err error) {
	srv := cmd.Server
	c.mu.Lock()
	delete(c.opening, &srv.Conn)
	var s *socket
	switch {
	case err != nil:
		srv.Error = err.Error()
		srv.Touch()
		c.e.addons.Handle(&layer.ServerConnectError{Server: srv, Client: c.conn})
	case c.dead:
		c.mu.Unlock()
		nc.Close()
		c.e.sockets.Add(-1)
		c.wg.Done()
		return
	default:
		s = newSocket(c, &srv.Conn, nc)
		c.sockets = append(c.sockets, s)
		if srv.State = flow.Open; srv.Transport != "udp" {
			srv.TCPSetup = time.Now()
		}
		srv.Peer, srv.Local = addrPort(nc.RemoteAddr()), addrPort(nc.LocalAddr())
		srv.Touch()
		c.e.addons.Handle(&layer.ServerConnected{Server: srv, Client: c.conn})
	}
	c.mu.Unlock()
	c.e.sockets.Add(-1) // what was reserved: the socket, if there is one, counts by itself
	if s == nil {
		c.log(slog.LevelInfo, "cannot connect to server", failure(srv.Address, err)...)
		c.post(&layer.OpenCompleted{Cmd: cmd, Err: err})
		c.wg.Done()
		return
	}
	c.log(slog.LevelInfo, "server connect", "server", resolved(srv))
	c.post(&layer.OpenCompleted{Cmd: cmd})
	c.attend(s, func() { c.closed(s, srv) })
}

// failure returns what to log of an attempt to connect: the address too, if the error does not name it.
func failure(to flow.Addr, err error) []any {
	if strings.Contains(err.Error(), to.String()) {
		return []any{"err", err}
	}
	return []any{"server", to, "err", err}
}

// resolved names a server that is connected: its address, and where that led if it is a name.
func resolved(srv *flow.Server) string {
	name := srv.Address.String()
	if at := srv.Peer.String(); srv.Peer.IsValid() && at != name {
		return name + " (" + at + ")"
	}
	return name
}

// closed drops a server's connection that has ended.
func (c *client) closed(s *socket, srv *flow.Server) {
	defer c.wg.Done()
	<-s.gone
	c.mu.Lock()
	c.sockets = slices.DeleteFunc(c.sockets, func(o *socket) bool { return o == s })
	srv.End = time.Now()
	srv.Touch()
	c.e.addons.Handle(&layer.ServerDisconnected{Server: srv, Client: c.conn})
	c.mu.Unlock()
	c.log(slog.LevelInfo, "server disconnect", "server", srv.Address)
}

// close carries out a CloseConnection. What was sent before is written first.
func (c *client) close(cmd *layer.CloseConnection) {
	s := c.socketOf(cmd.Conn)
	if s == nil {
		if cancel := c.opening[cmd.Conn]; cancel != nil {
			cancel()
		}
		cmd.Conn.State = flow.Closed
		return
	}
	if cmd.Half {
		cmd.Conn.State &^= flow.CanWrite
	} else {
		cmd.Conn.State = flow.Closed
		s.endPauses()
	}
	cmd.Conn.Touch()
	s.mu.Lock()
	if cmd.Conn.State == flow.Closed {
		s.shut = true
		s.deaf.Store(true)
	} else {
		s.half = true
	}
	s.mu.Unlock()
	c.soil(s)
}

// read hands what a connection's peer sends to the layers until it ends. It reports whether it has not ended, but is to rest.
func (c *client) read(s *socket) (rests bool) {
	ev := &layer.DataReceived{Conn: s.conn}
	err := s.recv(func(b []byte) {
		if s.discards() {
			return
		}
		ev.Data = b
		c.post(ev)
		ev.Data = nil
		s.awaitUnpaused()
	})
	if s.rests(err) {
		return true
	}
	c.mu.Lock()
	s.conn.State &^= flow.CanRead
	if !errors.Is(err, io.EOF) {
		s.conn.State = flow.Closed // a reset or a local close: nothing can be written either
	}
	s.conn.Touch()
	closed := s.conn.State == flow.Closed
	c.mu.Unlock()
	s.ended()
	c.post(&layer.ConnectionClosed{Conn: s.conn})
	if closed {
		s.cut()
	}
	return false
}

// dialTCP connects with happy eyeballs (RFC 8305), but never to the proxy itself.
func (e *Engine) dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: false}, ControlContext: e.self.check}
	if e.cfg.LocalAddr != nil {
		d.LocalAddr = e.cfg.LocalAddr
	}
	nc, err := e.dial(ctx, &d, "tcp", addr)
	if errors.Is(err, errSelf) {
		return nil, errSelf
	}
	return nc, dialError(addr, err)
}

// localhost puts "localhost" in place of a name below it: such names are this machine's and no resolver is
// asked for them (RFC 6761 §6.3).
func localhost(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost") {
		return addr
	}
	return net.JoinHostPort("localhost", port)
}

var errSelf = errors.New("the request would come back to the proxy itself: its destination is the address sluice listens on")

// A selfGuard knows the engine's own addresses.
type selfGuard struct {
	mu    sync.RWMutex
	addrs []ownAddr
}

// An ownAddr is an address of one network, tcp or udp.
type ownAddr struct {
	network string
	netip.AddrPort
}

func ownAddrOf(a net.Addr) ownAddr { return ownAddr{a.Network(), addrPort(a)} }

func (g *selfGuard) add(a net.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.addrs = append(g.addrs, ownAddrOf(a))
}

// remove forgets an address, if it is there once for each call.
func (g *selfGuard) remove(a net.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.addrs, ownAddrOf(a)); i >= 0 {
		g.addrs = slices.Delete(g.addrs, i, i+1)
	}
}

// check refuses an address at which the engine listens. It sees the resolved address, whatever name led there.
func (g *selfGuard) check(_ context.Context, network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil
	}
	ip := ap.Addr().WithZone("").Unmap()
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, own := range g.addrs {
		if own.Port() == ap.Port() && strings.HasPrefix(network, own.network) && (own.Addr() == ip || own.Addr().IsUnspecified() && isLocal(ip)) {
			return errSelf
		}
	}
	return nil
}

// isLocal reports whether an address is one of this machine's.
func isLocal(ip netip.Addr) bool {
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	as, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range as {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip.AsSlice()) {
			return true
		}
	}
	return false
}

// dialError says in words why a server cannot be reached.
func dialError(addr string, err error) error {
	var dns *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("connect to %s: no such host", addr)
	case dns != nil && dns.IsTimeout:
		return fmt.Errorf("connect to %s: no answer from the name server %s", addr, dns.Server)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("connect to %s: connection refused", addr)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("connect to %s: no answer in time", addr)
	case boundWrong(err):
		return fmt.Errorf("connect to %s: the address of connect_addr does not lead there: set it to one of this machine that is of the same IP version", addr)
	}
	return fmt.Errorf("connect to %s: %w", addr, err)
}

// boundWrong reports whether a connection could not be made from the address that it was to be made from.
func boundWrong(err error) bool {
	var a *net.AddrError
	var op *net.OpError
	return errors.As(err, &a) && a.Err == "no suitable address found" ||
		errors.As(err, &op) && op.Source != nil && errors.Is(err, syscall.EADDRNOTAVAIL)
}

// listenError says why a port cannot be opened, and what to do.
func listenError(m Mode, host string, port int, err error) error {
	where := fmt.Sprintf("%s:%d", cmp.Or(host, "*"), port)
	if m.Name != "regular" || m.Listen {
		where += " for the mode " + m.Spec
		spec, _, _ := strings.Cut(m.Spec, "@")
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return fmt.Errorf("cannot listen on %s: the port is in use; choose another one with --mode %s@%d", where, spec, port+2)
		case errors.Is(err, syscall.EACCES):
			return fmt.Errorf("cannot listen on %s: not permitted; choose a port of 1024 or above with --mode %s@PORT", where, spec)
		}
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s: the port is in use; choose another one with -p %d", where, port+2)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot listen on %s: not permitted; choose a port of 1024 or above with -p", where)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("cannot listen on %s: this machine does not have that address; see --listen-host", where)
	}
	return fmt.Errorf("cannot listen on %s: %w", where, err)
}
