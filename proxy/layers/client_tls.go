package layers

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/tlshello"
)

// ClientTLS speaks TLS to the client, as the server that the client wants to reach.
type ClientTLS struct {
	tlsTunnel
	// Overdue says that the client has had its time: its first data must hold its whole ClientHello.
	Overdue bool

	server *ServerTLS // the layer right around this one, if it is one
	failed bool
	told   bool // there is a row about this client, or what is to be said when it is gone has been said
	asking bool // the handshake waits for the server's
}

// NewClientTLS returns TLS to the client. If the client has TLS already, this is TLS inside it, and the facts of the outer one are forgotten.
func NewClientTLS(ctx *layer.Context) *ClientTLS {
	t := &ClientTLS{}
	t.session = tlsSession{ctx: ctx, conn: &ctx.Client.Conn}
	if n := len(ctx.Layers); n > 0 {
		t.server, _ = ctx.Layers[n-1].(*ServerTLS)
	}
	t.BindClient(ctx, t)
	c := ctx.Client
	if c.TLS {
		c.ALPN, c.Cipher, c.SNI, c.TLSVersion = "", "", "", ""
		c.ALPNOffers, c.CipherList, c.Certificates, c.Leaf = nil, nil, nil, nil
		c.TLSSetup = time.Time{}
	}
	c.TLS = true
	c.Touch()
	ctx.Push(t)
	return t
}

// Handle implements layer.Layer. After a failed handshake nothing happens any more.
func (t *ClientTLS) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if t.failed {
		return cmds
	}
	if c, ok := ev.(*layer.ConnectionClosed); ok && t.asking && c.Conn == t.session.conn && !t.told {
		t.told = true // nothing may follow: the client was all that kept the server's handshake going
		cmds = append(cmds, tlsRow(t.session.ctx, silentServer))
	}
	cmds = t.tlsTunnel.Handle(ev, cmds)
	if t.session.ended && !t.told {
		t.told = true
		return t.untold(cmds)
	}
	return cmds
}

// Handshake implements layer.Protocol.
func (t *ClientTLS) Handshake(s *layer.Script) error {
	x := &t.session
	raw, hello, err := t.readHello(s)
	if err != nil {
		return t.clientFailed(s, err, nil)
	}
	h := &layer.TLSClientHello{Context: x.ctx, Hello: hello}
	x.ctx.Client.SNI, x.ctx.Client.ALPNOffers = hello.SNI, hello.ALPN
	x.ctx.Groups = hello.Groups
	x.conn.Touch()
	s.Hook(h)
	if h.Ignore {
		return t.ignore(raw, h)
	}
	if h.ServerFirst && x.ctx.Server.TLSSetup.IsZero() {
		t.openServer(s)
	}
	start := &layer.TLSStart{Context: x.ctx, Conn: x.conn, Client: true, Hello: hello}
	if err := t.start(s, start); err != nil {
		t.failed = true
		s.Do(tlsRow(x.ctx, t.trouble(err, start)))
		return err
	}
	if x.conn.State&flow.CanRead == 0 {
		return t.clientFailed(s, errClosedEarly, start)
	}
	x.limit = &t.Tunnel
	surplus, err := x.handshake(s, raw, tls.Server(x, start.Config))
	if err != nil {
		return t.clientFailed(s, err, start)
	}
	t.Surplus(surplus)
	x.established()
	s.Hook(&layer.TLSEstablished{Context: x.ctx, Conn: x.conn, Client: true})
	return nil
}

// readHello collects a whole ClientHello. Raw is all that has come so far, which can be more.
func (t *ClientTLS) readHello(s *layer.Script) (raw []byte, hello *layer.ClientHello, err error) {
	var scan tlshello.Scanner
	limited := false
	for {
		switch ev := s.Next().(type) {
		case *layer.DataReceived:
			raw = append(raw, ev.Data...)
		case *layer.ConnectionClosed:
			return raw, nil, errConnectionClosed
		case *layer.Wakeup:
			return raw, nil, errSilent
		}
		h, n, err := scan.Parse(raw)
		if err != nil {
			const shown = 128 // bytes
			return raw, nil, garbledHello(hex.EncodeToString(raw[:min(len(raw), shown)]))
		}
		if n > 0 {
			t.Limit(s, 0)
			return raw, &layer.ClientHello{Raw: raw[:n:n], SNI: h.SNI, ALPN: h.ALPN,
				CipherSuites: h.CipherSuites, Groups: h.Groups, Versions: h.Versions}, nil
		}
		if t.Overdue {
			return raw, nil, errSilent
		}
		if !limited {
			t.Limit(s, handshakeTime)
			limited = true
		}
	}
}

// ignore takes this layer and the TLS around it out of the way, and lets everything pass from the first byte.
func (t *ClientTLS) ignore(raw []byte, h *layer.TLSClientHello) error {
	t.Bypass()
	t.Surplus(raw)
	if t.server != nil {
		t.server.Bypass()
	}
	t.Child = NewPassedTLS(t.session.ctx, h.Reason, h.Remedy)
	return errIgnored
}

// openServer makes TLS to the server before the client gets an answer. If it fails, the client goes on without.
func (t *ClientTLS) openServer(s *layer.Script) {
	if t.server == nil {
		s.Do(&layer.Log{Level: slog.LevelWarn, Text: "No server TLS available."})
		return
	}
	t.asking = true
	err := s.Open(t.session.ctx.Server)
	t.asking = false
	if err != nil {
		s.Do(&layer.Log{Level: slog.LevelInfo, Text: "Unable to establish TLS connection with server (" + err.Error() +
			"). Trying to establish TLS with client anyway. To connect to servers only when they are needed, set connection_strategy to lazy."})
	}
}

// clientFailed ends the handshake and shows why. Start is nil where it had not come so far.
func (t *ClientTLS) clientFailed(s *layer.Script, err error, start *layer.TLSStart) error {
	x := &t.session
	why := t.trouble(err, start)
	early := errors.Is(err, errClosedEarly)
	if !early {
		s.Do(&layer.Log{Level: clientLevel(err), Text: "Client TLS handshake failed. " + why.String()})
	}
	refused := isDistrust(err) || start != nil && errors.Is(err, errConnectionClosed)
	var show []layer.Command
	if !t.told {
		show = append(show, tlsRow(x.ctx, why))
	}
	err = t.fail(s, clientText(err), &layer.TLSFailed{Context: x.ctx, Conn: x.conn, Client: true, Refused: refused}, show...)
	t.failed = true
	return err
}

// shown reports whether what is inside is a flow though nothing has come.
func (t *ClientTLS) shown() bool {
	tcp, ok := t.Child.(*TCP)
	return ok && tcp.flow != nil
}

// untold shows what no flow inside tells of when the client has gone: that it did
// not trust the certificate after all, or that there was no TLS to the server while it said nothing.
func (t *ClientTLS) untold(cmds []layer.Command) []layer.Command {
	switch x := &t.session; {
	case x.carried:
	case x.err != nil && isDistrust(x.err):
		x.conn.Error = clientText(x.err)
		x.conn.Touch()
		return append(cmds, tlsRow(x.ctx, t.trouble(x.err, nil)))
	case x.err != nil && x.err != io.EOF:
		return append(cmds, tlsRow(x.ctx, trouble{"broken", "TLS with the client broke before it had asked for anything (" + plainError(x.err) + ")", t.pass()}))
	case t.server != nil && t.server.trouble != nil && !t.shown():
		return append(cmds, tlsRow(x.ctx, *t.server.trouble))
	}
	return cmds
}
