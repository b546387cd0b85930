package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// maxLinked bounds the packets that wait to go into the tunnel. More are dropped, as a full link would.
const maxLinked = 1024

// A link is the inner end of a tunnel, a tun.Device: what comes out goes to the IP stack, what the stack sends goes in.
type link struct {
	ep     *channel.Endpoint
	events chan tun.Event
	over   context.Context
	cut    context.CancelFunc
	once   sync.Once
}

func newLink() *link {
	l := &link{ep: channel.New(maxLinked, tunnelMTU, ""), events: make(chan tun.Event)}
	l.over, l.cut = context.WithCancel(context.Background())
	return l
}

// Read waits for a packet from the stack.
func (l *link) Read(bufs [][]byte, sizes []int, offset int) (int, error) {
	pkt := l.ep.ReadContext(l.over)
	if pkt == nil {
		return 0, os.ErrClosed
	}
	defer pkt.DecRef()
	n := offset
	for _, part := range pkt.AsSlices() {
		n += copy(bufs[0][n:], part)
	}
	sizes[0] = n - offset
	return 1, nil
}

// Write gives packets to the stack.
func (l *link) Write(bufs [][]byte, offset int) (int, error) {
	for _, b := range bufs {
		b = b[offset:]
		if len(b) == 0 {
			continue
		}
		protocol := tcpip.NetworkProtocolNumber(header.IPv4ProtocolNumber)
		if b[0]>>4 == 6 {
			protocol = header.IPv6ProtocolNumber
		}
		pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(b)})
		l.ep.InjectInbound(protocol, pkt)
		pkt.DecRef()
	}
	return len(bufs), nil
}

// Close ends Read.
func (l *link) Close() error {
	l.once.Do(func() {
		l.cut()
		l.ep.Close()
		close(l.events)
	})
	return nil
}

// Events never sends: the tunnel is started and stopped by its owner.
func (l *link) Events() <-chan tun.Event { return l.events }

// MTU returns the bytes of the largest packet.
func (l *link) MTU() (int, error) { return tunnelMTU, nil }

// Name returns a name for logs.
func (l *link) Name() (string, error) { return "sluice", nil }

// File returns nil: there is no device of the system.
func (l *link) File() *os.File { return nil }

// BatchSize returns the packets of one Read.
func (l *link) BatchSize() int { return 1 }

// A wire is the outer end of a tunnel, a conn.Bind: a UDP socket that is open already.
type wire struct {
	pc   packetConn
	mu   sync.Mutex
	open bool
	shut bool
	over chan struct{}
}

// Open begins to receive.
func (b *wire) Open(uint16) ([]conn.ReceiveFunc, uint16, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
	return []conn.ReceiveFunc{b.receive}, addrPort(b.pc.LocalAddr()).Port(), nil
}

// Close closes the socket, unless it has not been opened: the device always closes before it opens.
func (b *wire) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open || b.shut {
		return nil
	}
	b.shut = true
	close(b.over)
	return b.pc.Close()
}

func (b *wire) receive(packets [][]byte, sizes []int, eps []conn.Endpoint) (int, error) {
	for {
		n, from, err := b.pc.ReadFromUDPAddrPort(packets[0])
		if err == nil {
			sizes[0], eps[0] = n, outer(from)
			return 1, nil
		}
		if errors.Is(err, net.ErrClosed) {
			return 0, net.ErrClosed
		}
		select { // somebody could not be reached, which is not news
		case <-time.After(5 * time.Millisecond):
		case <-b.over:
			return 0, net.ErrClosed
		}
	}
}

// Send sends each packet as a datagram.
func (b *wire) Send(packets [][]byte, to conn.Endpoint) error {
	o, ok := to.(outer)
	if !ok {
		return conn.ErrWrongEndpointType
	}
	for _, p := range packets {
		if _, err := b.pc.WriteToUDPAddrPort(p, netip.AddrPort(o)); err != nil {
			return err
		}
	}
	return nil
}

// ParseEndpoint reads an address.
func (b *wire) ParseEndpoint(s string) (conn.Endpoint, error) {
	ap, err := netip.ParseAddrPort(s)
	return outer(ap), err
}

// SetMark does nothing.
func (b *wire) SetMark(uint32) error { return nil }

// BatchSize returns the packets of one receive.
func (b *wire) BatchSize() int { return 1 }

// An outer is the address from which a client sends what is in the tunnel.
type outer netip.AddrPort

func (o outer) ClearSrc()           {}
func (o outer) SrcToString() string { return "" }
func (o outer) SrcIP() netip.Addr   { return netip.Addr{} }
func (o outer) DstToString() string { return netip.AddrPort(o).String() }
func (o outer) DstIP() netip.Addr   { return netip.AddrPort(o).Addr() }
func (o outer) DstToBytes() []byte {
	b, _ := netip.AddrPort(o).MarshalBinary() // never fails
	return b
}
