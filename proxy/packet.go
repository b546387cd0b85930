package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"sluice/proxy/flow"
)

const (
	// maxPeers bounds the clients at once of one UDP socket.
	maxPeers = 4096
	// maxQueued bounds the datagrams of one client that wait to be handled. More are dropped, as a full socket would.
	maxQueued = 64
)

// A packetConn is the part of net.UDPConn that is needed here.
type packetConn interface {
	ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
	LocalAddr() net.Addr
	Close() error
}

// packets makes a client of every peer that sends to one UDP socket.
type packets struct {
	pc packetConn

	mu    sync.Mutex
	peers map[netip.AddrPort]*peer
	full  bool // peers have been refused since there was room
	shut  bool
}

func newPackets(pc packetConn) *packets { return &packets{pc: pc, peers: map[netip.AddrPort]*peer{}} }

// close closes the socket, and with it all who came through it.
func (p *packets) close() {
	p.mu.Lock()
	p.shut = true
	peers := p.peers
	p.peers = map[netip.AddrPort]*peer{}
	p.mu.Unlock()
	p.pc.Close()
	for _, c := range peers {
		c.Close()
	}
}

// acceptUDP hands out what a socket receives until it is closed.
func (e *Engine) acceptUDP(l *listener) {
	b := make([]byte, readSize)
	for {
		n, from, err := l.udp.pc.ReadFromUDPAddrPort(b)
		switch {
		case err == nil:
			c, fresh := l.udp.peer(from)
			if c == nil {
				if fresh {
					e.cfg.Log.Warn("UDP client refused: too many at once", "limit", maxPeers)
				}
				continue
			}
			c.put(b[:n])
			if fresh {
				e.admit(l.role, c)
			}
		case errors.Is(err, net.ErrClosed):
			return
		default: // somebody could not be reached, which is not news
			select {
			case <-time.After(5 * time.Millisecond):
			case <-e.force.Done():
				return
			}
		}
	}
}

// peer returns who sends from an address, and whether it is new. If there is no room it returns nil, and true the first time.
func (p *packets) peer(from netip.AddrPort) (c *peer, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c = p.peers[from]; c != nil {
		return c, false
	}
	if len(p.peers) >= maxPeers || p.shut {
		fresh = !p.full && !p.shut
		p.full = true
		return nil, fresh
	}
	p.full = false
	c = &peer{of: p, addr: from, queue: make(chan []byte, maxQueued), gone: make(chan struct{})}
	p.peers[from] = c
	return c, true
}

// A peer is the connection of one UDP client: a net.Conn whose reads and writes are datagrams.
type peer struct {
	of    *packets
	addr  netip.AddrPort
	queue chan []byte
	once  sync.Once
	gone  chan struct{}
}

func (c *peer) put(b []byte) {
	select {
	case c.queue <- bytes.Clone(b):
	default:
	}
}

// recv lends each datagram to got until the peer has gone.
func (c *peer) recv(got func([]byte)) error {
	for {
		select {
		case b := <-c.queue:
			got(b)
		case <-c.gone:
			return io.EOF
		}
	}
}

// Read reads one datagram. What does not fit is lost.
func (c *peer) Read(b []byte) (int, error) {
	select {
	case d := <-c.queue:
		return copy(b, d), nil
	case <-c.gone:
		return 0, io.EOF
	}
}

// Write sends one datagram.
func (c *peer) Write(b []byte) (int, error) { return c.of.pc.WriteToUDPAddrPort(b, c.addr) }

// Close forgets the peer. When it sends again it is a new one.
func (c *peer) Close() error {
	c.once.Do(func() {
		close(c.gone)
		c.of.mu.Lock()
		defer c.of.mu.Unlock()
		if c.of.peers[c.addr] == c {
			delete(c.of.peers, c.addr)
		}
	})
	return nil
}

// LocalAddr returns the socket's address.
func (c *peer) LocalAddr() net.Addr { return c.of.pc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *peer) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.addr) }

// SetDeadline does nothing: nobody waits for a peer with a deadline.
func (c *peer) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is like SetDeadline.
func (c *peer) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is like SetDeadline.
func (c *peer) SetWriteDeadline(time.Time) error { return nil }

// openUDP opens a socket.
func openUDP(host string, port int) (*packets, error) {
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(context.Background(), "udp", flow.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	return newPackets(pc.(*net.UDPConn)), nil
}

// dialUDP makes a socket for datagrams to and from one address, which is not the proxy itself.
func (e *Engine) dialUDP(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{ControlContext: e.self.check}
	if a := e.cfg.LocalAddr; a != nil {
		d.LocalAddr = &net.UDPAddr{IP: a.IP}
	}
	nc, err := e.dial(ctx, &d, "udp", addr)
	if errors.Is(err, errSelf) {
		return nil, errSelf
	}
	return nc, dialError(addr, err)
}
