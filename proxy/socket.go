package proxy

import (
	"encoding/binary"
	"errors"
	"math"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

const (
	readSize  = 64 << 10        // bytes of a pooled read buffer
	highWater = 256 << 10       // bytes of output over which whoever adds more waits
	linger    = 2 * time.Second // how long a closed client may take to read our last words
)

var readBuffers = sync.Pool{New: func() any { b := make([]byte, readSize); return &b }}

// A socket is a connection's real end: its reader, and the outbox of what is to be written to it.
type socket struct {
	c      *client
	conn   *flow.Conn
	nc     net.Conn
	raw    syscall.RawConn // nil when nc has none
	client bool
	packet bool // its output is datagrams, each led by its length in two bytes

	fresh []byte // not committed yet; guarded by the client's lock

	mu      sync.Mutex
	room    sync.Cond // a writer has made progress
	out     []byte    // behind what is being written
	writing bool
	attempt attempt
	behind  bool // by a goroutine of its own, for the peer does not take it
	owed    int  // bytes that are behind and count in the client's backlog; guarded by the client's lock
	watched bool // somebody waits until it is not behind any more
	half    bool // close the writing half after out
	shut    bool // close after out
	failed  bool
	eof     bool // the peer sends no more
	resting bool // whoever reads is to go on with a small stack

	deaf   atomic.Bool                   // shut or failed
	pauses int                           // that have not ended; guarded by the client's lock
	paused atomic.Pointer[chan struct{}] // is closed when the socket may be read again; nil: it is read

	once sync.Once
	gone chan struct{} // closed when nc is
}

func newSocket(c *client, conn *flow.Conn, nc net.Conn) *socket {
	s := &socket{c: c, conn: conn, nc: nc, client: conn == &c.conn.Conn, packet: conn.Transport == "udp", gone: make(chan struct{})}
	s.room.L = &s.mu
	c.e.sockets.Add(1)
	if sc, ok := nc.(syscall.Conn); ok {
		s.raw, _ = sc.SyscallConn()
	}
	return s
}

// try writes what the peer takes at once. Where that is not to be had, it is nothing.
func (s *socket) try(b []byte) (int, error) {
	switch {
	case s.packet:
		return len(b), s.sendPackets(b)
	case s.raw == nil:
		if c, ok := s.nc.(interface{ tryWrite(b []byte) (int, error) }); ok {
			return c.tryWrite(b)
		}
		return 0, nil
	}
	return s.tryRaw(b)
}

// put appends output, which is copied. The caller holds the client's lock and commits before it lets go.
func (s *socket) put(b []byte) {
	if s.deaf.Load() {
		return
	}
	if s.fresh == nil {
		s.fresh = outBuffer(len(b) + 2)
	}
	if s.packet {
		if len(b) > math.MaxUint16 {
			return
		}
		s.fresh = binary.BigEndian.AppendUint16(s.fresh, uint16(len(b)))
	}
	s.fresh = append(s.fresh, b...)
}

// A write is output that whoever has it must write, if it is theirs, or that somebody else is writing already.
type write struct {
	s    *socket
	b    []byte
	mine bool
}

// commit hands the output over to a writer: the caller, or who is writing already. The caller
// holds the client's lock, and calls flush, and wait, when it has let go of it.
func (s *socket) commit() write {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.fresh
	s.fresh = nil
	if !s.writing {
		s.writing = true
		return write{s, b, true}
	}
	if s.behind {
		s.owe(len(b))
	}
	if s.out == nil {
		s.out = b
	} else if b != nil {
		s.out = append(s.out, b...)
		keepBuffer(b)
	}
	return write{s: s}
}

// flush writes what has been committed. What the peer does not take at once is left to a goroutine, and what comes while
// somebody else is writing to them.
func (w write) flush() {
	if !w.mine {
		return
	}
	if rest := w.s.writeAll(w.b, w.s.try); len(rest) > 0 {
		w.s.handOver(rest)
	}
}

// wait waits while too much is there to be written: a slow peer slows those that feed it, nobody else.
func (w write) wait() {
	s := w.s
	s.mu.Lock()
	for s.writing && s.full() && !s.failed && !s.watched {
		s.room.Wait()
	}
	s.mu.Unlock()
}

// full reports whether there is so much output that whoever adds more waits: where memory is scarce, any.
func (s *socket) full() bool {
	return len(s.out) > 0 && (len(s.out) > highWater || s.c.ctx.Scarce())
}

// writeAll writes b and what is committed meanwhile, until there is no more or write leaves a rest, which is returned.
func (s *socket) writeAll(b []byte, write func([]byte) (int, error)) (rest []byte) {
	for {
		var err error
		if len(b) > 0 {
			var n int
			if n, err = write(b); err == nil && n < len(b) {
				return b[n:]
			}
			keepBuffer(b)
		}
		s.mu.Lock()
		if err != nil {
			s.failed = true
			s.deaf.Store(true)
		}
		b, s.out = s.out, nil
		s.room.Broadcast()
		over := len(b) == 0 || s.failed
		if over {
			s.writing, s.behind = false, false
			s.finishWriting()
		}
		s.mu.Unlock()
		if over {
			return nil
		}
	}
}

// handOver leaves the writing to a goroutine, until everything is out.
func (s *socket) handOver(b []byte) {
	c := s.c
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		s.writeAll(b, s.nc.Write) // the socket is closed, or about to be
		return
	}
	s.mu.Lock()
	s.behind = true
	s.owe(len(b) + len(s.out))
	s.mu.Unlock()
	c.wg.Go(func() {
		s.writeAll(b, s.writeOwed)
		s.mu.Lock()
		watched := s.watched
		s.watched = false
		s.mu.Unlock()
		if watched {
			c.post(&layer.Drained{Conn: s.conn})
		}
	})
	c.mu.Unlock()
}

// owe counts n bytes that the peer does not take. The caller holds the client's lock.
func (s *socket) owe(n int) {
	s.owed += n
	s.c.ctx.Backlog(int64(n))
}

// writeOwed writes what the peer has not taken before, and waits until it does.
func (s *socket) writeOwed(b []byte) (int, error) {
	n, err := s.nc.Write(b)
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		s.deaf.Store(true) // nothing more is kept
		s.owe(-s.owed)
	} else {
		s.owe(-min(len(b), s.owed))
	}
	return n, err
}

// behind reports whether a connection's peer does not take what was sent. If so, Drained will be posted.
func (c *client) behind(conn *flow.Conn) bool {
	s := c.socketOf(conn)
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = s.watched || s.behind
	return s.behind
}

// sendPackets writes the datagrams in b, each behind its length. One that cannot be sent is lost.
func (s *socket) sendPackets(b []byte) error {
	for len(b) >= 2 {
		n := 2 + int(binary.BigEndian.Uint16(b))
		if _, err := s.nc.Write(b[2:n]); errors.Is(err, net.ErrClosed) {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (s *socket) finishWriting() {
	if s.failed {
		s.out = nil
		s.cut()
		return
	}
	if s.half || s.shut && s.client {
		if cw, ok := s.nc.(interface{ CloseWrite() error }); ok {
			cw.CloseWrite()
		} else if s.half {
			return
		}
	}
	if !s.shut {
		return
	}
	if s.conn.Transport == "tcp" && resets(s.nc) && s.client && !s.eof {
		// The client may still be sending: closing now would reset the connection and lose our last words (RFC 9112 §9.6).
		s.resting = false
		s.nc.SetReadDeadline(time.Now().Add(linger))
		return
	}
	s.cut()
}

// ended notes that the peer sends no more. A connection that was only lingering is closed.
func (s *socket) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eof = true
	if s.shut && !s.writing && len(s.out) == 0 {
		s.cut()
	}
}

// discards reports whether what comes is of no interest any more.
func (s *socket) discards() bool { return s.deaf.Load() }

// cut closes the connection at once.
func (s *socket) cut() {
	s.once.Do(func() {
		s.nc.Close()
		s.c.e.sockets.Add(-1)
		close(s.gone)
	})
}

// recv waits until there is something to read, without holding a buffer
// while it waits, and lends it to got. It returns the error that ends the connection.
func (s *socket) recv(got func([]byte)) error {
	if c, ok := s.nc.(interface{ recv(got func([]byte)) error }); ok {
		return c.recv(got)
	}
	if s.raw == nil {
		return s.recvPlain(got)
	}
	return s.recvRaw(got)
}

func (s *socket) recvPlain(got func([]byte)) error {
	b := make([]byte, readSize)
	for {
		n, err := s.nc.Read(b)
		if n > 0 {
			got(b[:n])
		}
		if err != nil {
			return err
		}
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.TCPAddr:
		ap = a.AddrPort()
	case *net.UDPAddr:
		ap = a.AddrPort()
	default:
		return ap
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
