package proxy

import (
	"encoding/hex"
	"fmt"
	"net"
	"sync"

	"golang.zx2c4.com/wireguard/device"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	tunnelMTU    = 1420      // bytes of a packet inside the tunnel, as WireGuard has it over IPv6 and Ethernet
	maxSegment   = 1 << 20   // bytes that a TCP connection may have buffered in each direction
	firstSegment = 256 << 10 // the same, before it has shown what it can do
	maxDialing   = 1024      // TCP connections that are not yet open
	tunnelNIC    = 1
)

// A wireguard is a server of one tunnel. The packets that come out of it end in an IP stack of its own, which takes
// itself for every address that they go to, and makes a client of each TCP connection and each pair of UDP addresses.
type wireguard struct {
	e      *Engine
	role   *role
	pc     packetConn
	device *device.Device
	stack  *stack.Stack

	mu      sync.Mutex
	conns   map[*tunnelConn]struct{}
	dialing map[*waiter.Queue]struct{}
	peers   int  // of conns, those that send datagrams
	full    bool // peers have been refused since there was room
	deaf    bool // nobody is let in any more
	shut    bool
	wg      sync.WaitGroup // TCP connections that are being opened
}

// newWireguard makes a tunnel whose outer end is a UDP socket. It carries nothing before it is started.
func newWireguard(e *Engine, r *role, pc packetConn, k *tunnelKeys) (*wireguard, error) {
	w := &wireguard{e: e, role: r, pc: pc, conns: map[*tunnelConn]struct{}{}, dialing: map[*waiter.Queue]struct{}{}}
	end, err := w.newStack()
	if err != nil {
		return nil, err
	}
	w.device = device.NewDevice(end, &wire{pc: pc, over: make(chan struct{})}, &device.Logger{
		Verbosef: device.DiscardLogf,
		Errorf:   func(format string, args ...any) { e.cfg.Log.Debug("WireGuard: " + fmt.Sprintf(format, args...)) },
	})
	err = w.device.IpcSet(fmt.Sprintf("private_key=%s\npublic_key=%s\nallowed_ip=0.0.0.0/0\nallowed_ip=::/0\n",
		hex.EncodeToString(k.server.Bytes()), hex.EncodeToString(k.client.PublicKey().Bytes())))
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// newStack makes the IP stack and returns its link to the tunnel.
func (w *wireguard) newStack() (*link, error) {
	w.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	sack := tcpip.TCPSACKEnabled(true)
	in := tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: firstSegment, Max: maxSegment}
	out := tcpip.TCPSendBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: firstSegment, Max: maxSegment}
	for _, o := range []tcpip.SettableTransportProtocolOption{&sack, &in, &out} {
		if err := w.stack.SetTransportProtocolOption(tcp.ProtocolNumber, o); err != nil {
			return nil, fmt.Errorf("set up the IP stack: %s", err)
		}
	}
	end := newLink()
	if err := w.stack.CreateNIC(tunnelNIC, end.ep); err != nil {
		return nil, fmt.Errorf("set up the IP stack: %s", err)
	}
	w.stack.SetPromiscuousMode(tunnelNIC, true) // to receive what goes to any address
	w.stack.SetSpoofing(tunnelNIC, true)        // and to answer from it
	w.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: tunnelNIC}, {Destination: header.IPv6EmptySubnet, NIC: tunnelNIC},
	})
	w.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(w.stack, firstSegment, maxDialing, w.takeTCP).HandlePacket)
	w.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(w.stack, w.takeUDP).HandlePacket)
	return end, nil
}

// start lets packets in and out.
func (w *wireguard) start() error { return w.device.Up() }

// refuse lets no new clients in. Those that are there go on.
func (w *wireguard) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = true
}

// close ends the tunnel with all its clients, and returns when its socket is closed.
func (w *wireguard) close() {
	w.mu.Lock()
	shut := w.shut
	w.deaf, w.shut = true, true
	w.mu.Unlock()
	if shut {
		return
	}
	w.device.Close()
	w.pc.Close() // which the device leaves open if it was never up
	w.mu.Lock()
	conns := w.conns
	w.conns = map[*tunnelConn]struct{}{}
	for q := range w.dialing {
		q.Notify(waiter.WritableEvents) // nobody would answer any more
	}
	w.mu.Unlock()
	for c := range conns {
		c.Close()
	}
	w.stack.Close()
	w.wg.Wait()
	w.stack.TransportProtocolInstance(tcp.ProtocolNumber).Wait()
	w.stack.RemoveNIC(tunnelNIC)
}

// takeTCP answers a SYN, on a goroutine of its own.
func (w *wireguard) takeTCP(r *tcp.ForwarderRequest) {
	q := new(waiter.Queue)
	w.mu.Lock()
	if w.deaf {
		w.mu.Unlock()
		r.Complete(true)
		return
	}
	w.dialing[q] = struct{}{}
	w.wg.Add(1)
	w.mu.Unlock()
	defer w.wg.Done()
	id := r.ID()
	ep, err := r.CreateEndpoint(q)
	r.Complete(err != nil)
	w.mu.Lock()
	delete(w.dialing, q)
	w.mu.Unlock()
	if err != nil {
		return
	}
	to, from := endpoints(id)
	c := newTunnelConn(w, ep, q, net.TCPAddrFromAddrPort(to), net.TCPAddrFromAddrPort(from))
	if w.keep(c) {
		w.e.admit(w.role, c)
	} else {
		c.Close()
	}
}

// takeUDP makes a client of the sender of a datagram. It is called while the tunnel is read and must not wait.
func (w *wireguard) takeUDP(r *udp.ForwarderRequest) {
	w.mu.Lock()
	refused, news := w.deaf, false
	if w.peers >= maxPeers && !w.deaf {
		refused, news = true, !w.full
		w.full = true
	}
	w.mu.Unlock()
	if news {
		w.e.cfg.Log.Warn("UDP client of the tunnel refused: too many at once", "limit", maxPeers)
	}
	if refused {
		return
	}
	q := new(waiter.Queue)
	ep, err := r.CreateEndpoint(q)
	if err != nil {
		w.e.cfg.Log.Debug("WireGuard: cannot take a datagram", "err", err)
		return
	}
	to, from := endpoints(r.ID())
	c := newTunnelConn(w, ep, q, net.UDPAddrFromAddrPort(to), net.UDPAddrFromAddrPort(from))
	c.datagrams = true
	if w.keep(c) {
		w.e.admit(w.role, c)
	} else {
		c.Close()
	}
}

// keep remembers a connection until it is closed, unless the tunnel is being closed.
func (w *wireguard) keep(c *tunnelConn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return false
	}
	w.conns[c] = struct{}{}
	if c.datagrams {
		w.peers++
	}
	return true
}

// drop forgets a connection.
func (w *wireguard) drop(c *tunnelConn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, kept := w.conns[c]; kept {
		delete(w.conns, c)
		if c.datagrams {
			w.peers--
			w.full = false
		}
	}
}
