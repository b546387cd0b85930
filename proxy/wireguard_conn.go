package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/waiter"
)

// A tunnelConn is a client's connection inside a tunnel. Its local address is where the client was going.
type tunnelConn struct {
	of            *wireguard
	ep            tcpip.Endpoint
	q             *waiter.Queue
	local, remote net.Addr
	datagrams     bool // a read or write is a datagram

	mu   sync.Mutex
	late *time.Timer // closes the connection
	once sync.Once
	gone chan struct{}
}

func newTunnelConn(w *wireguard, ep tcpip.Endpoint, q *waiter.Queue, local, remote net.Addr) *tunnelConn {
	return &tunnelConn{of: w, ep: ep, q: q, local: local, remote: remote, gone: make(chan struct{})}
}

// endpoints returns both ends of a connection: where the client was going, and the client.
func endpoints(id stack.TransportEndpointID) (to, from netip.AddrPort) {
	local, _ := netip.AddrFromSlice(id.LocalAddress.AsSlice())
	remote, _ := netip.AddrFromSlice(id.RemoteAddress.AsSlice())
	return netip.AddrPortFrom(local, id.LocalPort), netip.AddrPortFrom(remote, id.RemotePort)
}

// recv waits until there is something to read, without holding a buffer while it waits, and lends it to got. It
// returns the error that ends the connection.
func (c *tunnelConn) recv(got func([]byte)) error {
	ready, unregister := c.watch(waiter.ReadableEvents)
	defer unregister()
	for {
		b := readBuffers.Get().(*[]byte)
		n, err := c.tryRead(*b)
		if n > 0 || err == nil {
			got((*b)[:n])
		}
		readBuffers.Put(b)
		if err == nil {
			continue
		}
		if !errors.Is(err, errNotReady) {
			return err
		}
		select {
		case <-ready:
		case <-c.gone:
			return net.ErrClosed
		}
	}
}

// Read waits until there is something to read.
func (c *tunnelConn) Read(b []byte) (int, error) {
	ready, unregister := c.watch(waiter.ReadableEvents)
	defer unregister()
	for {
		n, err := c.tryRead(b)
		if !errors.Is(err, errNotReady) {
			return n, err
		}
		select {
		case <-ready:
		case <-c.gone:
			return 0, net.ErrClosed
		}
	}
}

// watch returns a channel that says when events may have happened, until unregister is called.
func (c *tunnelConn) watch(events waiter.EventMask) (happened <-chan struct{}, unregister func()) {
	e, ch := waiter.NewChannelEntry(events | waiter.EventHUp | waiter.EventErr)
	c.q.EventRegister(&e)
	return ch, func() { c.q.EventUnregister(&e) }
}

var errNotReady = errors.New("nothing to read yet")

// tryRead reads what is there; errNotReady says that there is nothing.
func (c *tunnelConn) tryRead(b []byte) (int, error) {
	w := tcpip.SliceWriter(b)
	res, err := c.ep.Read(&w, tcpip.ReadOptions{})
	switch err.(type) {
	case nil:
		c.ep.ModerateRecvBuf(res.Count)
		return res.Count, nil
	case *tcpip.ErrWouldBlock:
		return 0, errNotReady
	case *tcpip.ErrClosedForReceive:
		return 0, io.EOF
	case *tcpip.ErrBadBuffer: // an empty datagram
		return 0, nil
	}
	return 0, errors.New(err.String())
}

// tryWrite writes what there is room for. A datagram that there is no room for is lost.
func (c *tunnelConn) tryWrite(b []byte) (n int, err error) {
	for {
		m, err := c.ep.Write(bytes.NewReader(b[n:]), tcpip.WriteOptions{})
		n += int(m)
		switch err.(type) {
		case nil:
			if n == len(b) {
				return n, nil
			}
		case *tcpip.ErrWouldBlock:
			return n, nil
		case *tcpip.ErrClosedForSend:
			return n, net.ErrClosed
		default:
			return n, errors.New(err.String())
		}
	}
}

// Write writes everything, or one datagram.
func (c *tunnelConn) Write(b []byte) (int, error) {
	n, err := c.tryWrite(b)
	if err != nil || n == len(b) || c.datagrams {
		return n, err
	}
	room, unregister := c.watch(waiter.WritableEvents)
	defer unregister()
	for {
		m, err := c.tryWrite(b[n:])
		if n += m; err != nil || n == len(b) {
			return n, err
		}
		select {
		case <-room:
		case <-c.gone:
			return n, net.ErrClosed
		}
	}
}

// CloseWrite says that nothing more will be written.
func (c *tunnelConn) CloseWrite() error {
	if c.datagrams {
		return nil
	}
	if err := c.ep.Shutdown(tcpip.ShutdownWrite); err != nil {
		return errors.New(err.String())
	}
	return nil
}

// Close closes the connection. What was written before still goes out.
func (c *tunnelConn) Close() error {
	c.once.Do(func() {
		close(c.gone)
		c.mu.Lock()
		if c.late != nil {
			c.late.Stop()
		}
		c.mu.Unlock()
		c.of.drop(c)
		c.ep.Close()
	})
	return nil
}

// SetReadDeadline closes the connection at a time: that is all that a deadline is used for here. It is called once at most.
func (c *tunnelConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = time.AfterFunc(time.Until(t), func() { c.Close() })
	return nil
}

// SetDeadline does nothing: nobody waits with one.
func (c *tunnelConn) SetDeadline(time.Time) error { return nil }

// SetWriteDeadline is like SetDeadline.
func (c *tunnelConn) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr returns where the client was going.
func (c *tunnelConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the client's address inside the tunnel.
func (c *tunnelConn) RemoteAddr() net.Addr { return c.remote }
