package layers

import (
	"errors"
	"io"
	"log/slog"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

var (
	errConnectionClosed = errors.New("connection closed")
	errIgnored          = errors.New("connection is passed through")
	errSilent           = errors.New("no end of the handshake in " + handshakeTime.String())
)

// handshakeTime is how long a peer may take for its side of a handshake: of TLS, or with a proxy about a tunnel.
const handshakeTime = 30 * time.Second

// tlsTunnel is what ClientTLS and ServerTLS have in common: all but the handshake.
type tlsTunnel struct {
	layer.Tunnel
	session tlsSession
}

// Handle implements layer.Layer.
func (t *tlsTunnel) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	cmds = t.Tunnel.Handle(ev, cmds)
	t.session.finish()
	return cmds
}

// Receive decrypts data and gives the child all of it at once.
func (t *tlsTunnel) Receive(data []byte, cmds []layer.Command) []layer.Command {
	if !t.session.open || t.session.ended {
		return cmds
	}
	plain, err := t.session.decrypt(data)
	cmds = t.session.emit(cmds)
	if len(plain) > 0 {
		t.session.carried = true
		cmds = t.Deliver(plain, cmds)
	}
	if err == nil {
		return cmds
	}
	t.session.err = err
	if err != io.EOF {
		text := plainError(err)
		if t.session.conn != &t.session.ctx.Client.Conn {
			text = lateTrouble(err).String()
			t.session.conn.Error = text
		}
		cmds = append(cmds, &layer.Log{Level: slog.LevelWarn, Text: "TLS Error: " + text})
	}
	t.session.conn.State &^= flow.CanRead
	t.session.conn.Touch()
	cmds = t.ReceiveClose(cmds)
	if t.session.open && t.session.shut { // both ways are over, so the transport is too
		return t.SendClose(false, cmds)
	}
	return cmds
}

// ReceiveClose tells the child once, whether TLS or the transport was closed first.
func (t *tlsTunnel) ReceiveClose(cmds []layer.Command) []layer.Command {
	if t.session.ended {
		return cmds
	}
	t.session.ended = true
	return t.DeliverClose(cmds)
}

// Send encrypts data. After the end of TLS it does nothing.
func (t *tlsTunnel) Send(data []byte, cmds []layer.Command) []layer.Command {
	if !t.session.open || len(data) == 0 {
		return cmds
	}
	t.session.tls.Write(data) // its error is the session's end, which a read or a close tells as well
	return t.session.emit(cmds)
}

// SendClose sends close_notify (RFC 8446 §6.1) before the transport is closed.
func (t *tlsTunnel) SendClose(half bool, cmds []layer.Command) []layer.Command {
	x := &t.session
	if x.open {
		half = half && !x.ended
		x.tls.CloseWrite() // fails only where the transport is of no use any more
		cmds = x.emit(cmds)
		x.open, x.shut = half, true
	}
	return append(cmds, &layer.CloseConnection{Conn: x.conn, Half: half})
}

// start asks addons for a configuration. Without one the connection is closed.
func (t *tlsTunnel) start(s *layer.Script, h *layer.TLSStart) error {
	s.Hook(h)
	if h.Config != nil {
		return nil
	}
	side := "server"
	if h.Client {
		side = "client"
	}
	s.Do(&layer.Log{Level: slog.LevelError, Text: "no TLS configuration was provided for the " + side + ": closing the connection"})
	s.Do(&layer.CloseConnection{Conn: h.Conn})
	return errNoCertificate
}

// fail ends a handshake that did not succeed. Text becomes the connection's error. What is to be shown of it comes before the close.
func (t *tlsTunnel) fail(s *layer.Script, text string, h *layer.TLSFailed, show ...layer.Command) error {
	t.session.conn.Error = text
	t.session.conn.Touch()
	s.Hook(h)
	for _, c := range show {
		s.Do(c)
	}
	s.Do(&layer.CloseConnection{Conn: t.session.conn})
	return errors.New(text)
}
