package layers

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// noMoreYet is a temporary net.Error. Any other error of a read would be the end of a tls.Conn.
type noMoreYet struct{}

var errNoMoreYet net.Error = noMoreYet{}

func (noMoreYet) Error() string   { return "no more ciphertext yet" }
func (noMoreYet) Timeout() bool   { return true }
func (noMoreYet) Temporary() bool { return true }

// A tlsSession is crypto/tls without a socket: it is the net.Conn under its own
// tls.Conn. During the handshake, which runs on a script, a read without ciphertext
// parks the script. After that it returns errNoMoreYet, which crypto/tls takes for
// temporary at any byte, so that neither goroutine nor stack is left on an open connection.
//
// All that is encrypted during one event goes out as one SendData. No buffer outlives the event.
type tlsSession struct {
	ctx  *layer.Context
	conn *flow.Conn
	tls  *tls.Conn
	open bool // the handshake is over; only then may tls be touched by anybody else

	in     []byte        // ciphertext, lent
	given  records       // those that tls has been given
	read   uint64        // how many of them it is known to have used up
	eof    bool          // there will be no more
	script *layer.Script // of the handshake, while it lasts
	limit  *layer.Tunnel // bounds it; nil as soon as it does, or nothing is to
	tail   alertRecord   // the last bytes that the handshake was given

	out    *layer.Buffer   // this event's ciphertext
	sent   *layer.SendData // what will send it
	issued bool            // sent is among the commands
	ended  bool            // the child knows that nothing more will come
	shut   bool            // close_notify has been sent

	carried bool  // the peer has sent something inside
	err     error // what ended an open session; nil or io.EOF: nothing wrong
}

// Read implements net.Conn.
func (x *tlsSession) Read(p []byte) (int, error) {
	for len(x.in) == 0 {
		if x.eof {
			return 0, io.EOF
		}
		if x.script == nil {
			return 0, errNoMoreYet
		}
		x.flush()
		if x.limit != nil {
			x.limit.Limit(x.script, handshakeTime)
			x.limit = nil
		}
		switch ev := x.script.Next().(type) {
		case *layer.DataReceived:
			x.in = ev.Data
		case *layer.ConnectionClosed:
			x.eof = true
		case *layer.Wakeup:
			return 0, errSilent
		}
	}
	n := copy(p, x.in)
	x.given.walk(x.in[:n])
	if x.script != nil {
		x.tail.add(x.in[:n])
	}
	x.in = x.in[n:]
	return n, nil
}

// Write implements net.Conn.
func (x *tlsSession) Write(p []byte) (int, error) {
	if x.sent == nil {
		x.sent, x.out = x.ctx.SendData(x.conn, nil), x.ctx.Buffer(len(p))
	}
	x.out = x.ctx.Room(x.out, len(p))
	x.out.B = append(x.out.B, p...)
	return len(p), nil
}

// Close implements net.Conn.
func (x *tlsSession) Close() error { return nil }

// LocalAddr implements net.Conn.
func (x *tlsSession) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(x.conn.Local) }

// RemoteAddr implements net.Conn.
func (x *tlsSession) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(x.conn.Peer) }

// SetDeadline implements net.Conn.
func (x *tlsSession) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (x *tlsSession) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (x *tlsSession) SetWriteDeadline(time.Time) error { return nil }

// emit puts the command that sends this event's output in its place. Later output joins it there.
func (x *tlsSession) emit(cmds []layer.Command) []layer.Command {
	if x.sent == nil || x.issued {
		return cmds
	}
	x.issued = true
	return append(cmds, x.sent)
}

// flush is emit for the script.
func (x *tlsSession) flush() {
	if x.sent != nil && !x.issued {
		x.issued = true
		x.script.Do(x.sent)
	}
}

// finish ends an event: what has been encrypted is lent to the command that sends it.
func (x *tlsSession) finish() {
	if x.sent != nil {
		x.sent.Data = x.out.B
		x.sent, x.out, x.issued = nil, nil, false
	}
}

// handshake runs one on the script. Data is what the peer has sent already. What
// it has sent too much is returned, the caller's own.
func (x *tlsSession) handshake(s *layer.Script, data []byte, c *tls.Conn) (surplus []byte, err error) {
	x.tls, x.script, x.in = c, s, data
	err = c.Handshake()
	x.flush()
	surplus = bytes.Clone(x.in)
	x.script, x.limit, x.in, x.open = nil, nil, nil, err == nil
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errConnectionClosed
	}
	if alert := x.tail.alert(); err != nil && alert != nil {
		err = alert
	}
	return surplus, err
}

// established records the facts of a finished handshake.
func (x *tlsSession) established() {
	cs := x.tls.ConnectionState()
	c := x.conn
	c.Certificates = cs.PeerCertificates
	c.ALPN = cs.NegotiatedProtocol
	c.Cipher = cipherName(cs.CipherSuite)
	c.TLSVersion = versionName(cs.Version)
	c.TLSSetup = x.ctx.Now()
	c.Touch()
}

// cipherNames are the names of ciphers, which crypto/tls makes lists of each time it is asked.
var cipherNames = func() map[uint16]string {
	m := map[uint16]string{}
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		m[c.ID] = c.Name
	}
	return m
}()

func cipherName(id uint16) string {
	if name, ok := cipherNames[id]; ok {
		return name
	}
	return tls.CipherSuiteName(id)
}

func versionName(v uint16) string {
	switch v {
	case tls.VersionTLS10:
		return "TLSv1"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	return tls.VersionName(v)
}

// decrypt returns all the plaintext there is in and before data, lent until the
// commands of this event are carried out. err is nil if there may be more, io.EOF after close_notify.
func (x *tlsSession) decrypt(data []byte) (plain []byte, err error) {
	x.in = data
	buf := x.ctx.Buffer(len(data))
	b := buf.B
	for err == nil && !x.drained() {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		var n int
		room := b[len(b):cap(b)]
		n, err = x.tls.Read(room)
		b = b[:len(b)+n]
		if n < len(room) {
			x.read++
		}
	}
	buf.B, x.in = b, nil
	if errors.Is(err, errNoMoreYet) {
		x.read, err = x.given.whole, nil
	}
	return b, err
}

// drained reports whether a read is certain to return errNoMoreYet. A read that
// does not fill its room has used up one record at least, so records may be counted too low, as
// those of the handshake are, but never too high; the next errNoMoreYet sets that right.
func (x *tlsSession) drained() bool { return len(x.in) == 0 && x.read == x.given.whole }
