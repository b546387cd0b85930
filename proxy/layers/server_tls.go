package layers

import (
	"crypto/tls"
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// ServerTLS speaks TLS to a server. Around a ClientTLS it waits until that one has
// seen the ClientHello and opens the server; around anything else it begins as soon as the server is connected.
type ServerTLS struct {
	tlsTunnel
	trouble *trouble // why the last handshake failed; nil: it did not
}

// NewServerTLS returns TLS to srv, or to the context's server if it is nil. It wants TLS on that connection from now on.
func NewServerTLS(ctx *layer.Context, srv *flow.Server) *ServerTLS {
	if srv == nil {
		srv = ctx.Server
	}
	t := &ServerTLS{}
	t.session = tlsSession{ctx: ctx, conn: &srv.Conn}
	t.BindServer(ctx, t, srv, srv)
	srv.TLS = true
	srv.Touch()
	ctx.Push(t)
	return t
}

// Handle implements layer.Layer.
func (t *ServerTLS) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if _, ok := ev.(layer.Start); ok {
		_, t.Patient = t.Child.(*ClientTLS)
	}
	return t.tlsTunnel.Handle(ev, cmds)
}

// Handshake implements layer.Protocol.
func (t *ServerTLS) Handshake(s *layer.Script) error {
	x := &t.session
	*x, t.trouble = tlsSession{ctx: x.ctx, conn: x.conn, limit: &t.Tunnel}, nil
	start := &layer.TLSStart{Context: x.ctx, Conn: x.conn}
	if err := t.start(s, start); err != nil {
		return err
	}
	asked := false // for a certificate that we do not have
	cfg := start.Config
	if len(cfg.Certificates) == 0 && cfg.GetClientCertificate == nil {
		cfg = cfg.Clone()
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return &tls.Certificate{}, nil
		}
	}
	surplus, err := x.handshake(s, nil, tls.Client(x, cfg))
	if err != nil {
		why := serverTrouble(err, start)
		if asked && isAlert(err, alertHandshakeFailure) { // as TLS 1.2 says it (RFC 5246 §7.4.6)
			why = wantsCertificate(err)
		}
		t.trouble = &why
		s.Do(&layer.Log{Level: slog.LevelWarn, Text: "Server TLS handshake failed. " + why.String()})
		return t.fail(s, why.String(), &layer.TLSFailed{Context: x.ctx, Conn: x.conn})
	}
	t.Surplus(surplus)
	x.established()
	s.Hook(&layer.TLSEstablished{Context: x.ctx, Conn: x.conn})
	return nil
}
