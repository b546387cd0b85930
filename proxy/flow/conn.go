package flow

import (
	"crypto/x509"
	"net/netip"
	"time"
)

// ConnState is what can still be done with a connection.
type ConnState uint8

// The states. A half-closed connection has one of the two bits.
const (
	Closed   ConnState = 0
	CanRead  ConnState = 1
	CanWrite ConnState = 2
	Open               = CanRead | CanWrite
)

// Addr is a host name or IP literal with a port. The zero Addr is "not known yet".
type Addr struct {
	Host string
	Port int
}

// IsZero reports whether the address is not known.
func (a Addr) IsZero() bool { return a == Addr{} }

// String returns host:port.
func (a Addr) String() string { return JoinHostPort(a.Host, a.Port) }

// A Conn is one side of a proxied connection: an identity and facts, never a
// socket. A live one belongs to its client's driver and is changed only under that driver's
// mutex; whoever changes it calls Touch. Its pointer is its identity.
type Conn struct {
	ID        ID
	Transport string // "tcp" or "udp"
	State     ConnState
	Peer      netip.AddrPort // the other end; zero until connected
	Local     netip.AddrPort // our end
	Error     string         // why it failed; on a client set by a hook: refuse it

	TLS          bool // TLS is wanted or used
	SNI          string
	ALPN         string // negotiated; "" for none
	ALPNOffers   []string
	Cipher       string
	CipherList   []string
	TLSVersion   string              // "TLSv1.3", ...
	Certificates []*x509.Certificate // the peer's chain, leaf first

	Start    time.Time // TCP: when the handshake began; client: when accepted
	TCPSetup time.Time // server: when TCP was open
	TLSSetup time.Time // when TLS was open; zero: no TLS yet
	End      time.Time

	rev uint32
}

// Touch says that a fact has changed, so that the next snapshot is a new copy.
func (c *Conn) Touch() { c.rev++ }

// A Client is the connection of a client to us.
type Client struct {
	Conn
	Leaf *x509.Certificate // the certificate that we showed it
	Mode string            // the spec of the proxy mode that accepted it

	snap *Client
}

// Via is an upstream proxy.
type Via struct {
	Scheme string // "http" or "https"
	Addr   Addr
}

// A Server is our connection to a server.
type Server struct {
	Conn
	Address Addr // fixed while the connection is open
	Via     *Via // immutable

	snap *Server
}

// NewServer returns a connection to addr that has not been opened.
func NewServer(addr Addr) *Server {
	return &Server{Conn: Conn{ID: NewID(), Transport: "tcp"}, Address: addr}
}

// Snapshot returns an immutable copy, the same one until the next Touch. A snapshot's snapshot is itself.
func (c *Client) Snapshot() *Client {
	if c == nil || c.snap == c {
		return c
	}
	if c.snap == nil || c.snap.rev != c.rev {
		s := *c
		s.snap = &s
		c.snap = &s
	}
	return c.snap
}

// Snapshot is like Client.Snapshot.
func (s *Server) Snapshot() *Server {
	if s == nil || s.snap == s {
		return s
	}
	if s.snap == nil || s.snap.rev != s.rev || s.snap.Address != s.Address || s.snap.Via != s.Via {
		c := *s
		c.snap = &c
		s.snap = &c
	}
	return s.snap
}
