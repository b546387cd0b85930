package layers

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/socks"
)

// Socks5Proxy is the outermost layer of a client that speaks SOCKS version 5 (RFC 1928): it learns where
// the client wants to go, and then anything may follow.
type Socks5Proxy struct {
	direct
	in []byte // not used yet
}

// NewSocks5Proxy returns the outermost layer of the mode socks5.
func NewSocks5Proxy(ctx *layer.Context) *Socks5Proxy {
	p := &Socks5Proxy{}
	p.init(ctx, p.run)
	ctx.Push(p)
	return p
}

// A socksFailure ends the dialogue: Reply, if there is one, is the last thing that the client gets.
type socksFailure struct {
	reply []byte
	text  string
}

func (f *socksFailure) Error() string { return f.text }

var errSocksLeft = errors.New("the client closed the connection")

func (p *Socks5Proxy) run(s *layer.Script) {
	s.Next() // Start
	for _, step := range []func(*layer.Script) error{p.greet, p.connect} {
		if err := step(s); err != nil {
			p.fail(s, err)
			return
		}
	}
	p.proceed(s, p.in)
}

// read has parse look at what the client has sent, until it has used some of it.
func (p *Socks5Proxy) read(s *layer.Script, parse func(b []byte) (n int, err error)) error {
	for {
		n, err := parse(p.in)
		if n > 0 || err != nil {
			p.in = p.in[n:]
			return err
		}
		switch ev := s.Next().(type) {
		case *layer.DataReceived:
			p.in = append(p.in, ev.Data...)
		case *layer.ConnectionClosed:
			return errSocksLeft
		}
	}
}

// greet agrees on how the client logs in (RFC 1928 §3), and has it do so.
func (p *Socks5Proxy) greet(s *layer.Script) error {
	var methods []byte
	err := p.read(s, func(b []byte) (n int, err error) {
		methods, n, err = socks.ParseGreeting(b)
		return n, err
	})
	var version socks.VersionError
	if errors.As(err, &version) {
		hint := ""
		if 'A' <= version && version <= 'Z' {
			hint = "this looks like HTTP and not like SOCKS: set the client to a SOCKS proxy, or use the mode regular. "
		}
		return &socksFailure{nil, hint + err.Error()}
	}
	if err != nil {
		return err
	}
	method := byte(socks.NoAuth)
	if p.ctx.Options().SOCKSLogin {
		method = socks.UserPassword
	}
	if bytes.IndexByte(methods, method) < 0 {
		what := "connections without a login, although proxyauth is not set"
		if method == socks.UserPassword {
			what = "a login with user name and password, which proxyauth asks for"
		}
		return &socksFailure{socks.AppendReply(nil, socks.NoneOffered), "the client does not support " + what}
	}
	p.send(s, []byte{socks.Version, method})
	if method == socks.UserPassword {
		return p.login(s)
	}
	return nil
}

// login checks a user name and password (RFC 1929).
func (p *Socks5Proxy) login(s *layer.Script) error {
	h := &layer.SOCKS5Auth{Client: p.ctx.Client}
	err := p.read(s, func(b []byte) (n int, _ error) {
		h.User, h.Password, n = socks.ParseLogin(b)
		return n, nil
	})
	if err != nil {
		return err
	}
	if s.Hook(h); !h.Valid {
		return &socksFailure{[]byte{1, 1}, "authentication failed"}
	}
	p.send(s, []byte{1, 0})
	return nil
}

// connect reads where to go (RFC 1928 §4) and goes there.
func (p *Socks5Proxy) connect(s *layer.Script) error {
	var to flow.Addr
	err := p.read(s, func(b []byte) (n int, err error) {
		to, n, err = socks.ParseRequest(b)
		return n, err
	})
	var refused *socks.RequestError
	if errors.As(err, &refused) {
		return &socksFailure{socks.AppendReply(nil, refused.Code), err.Error()}
	}
	if err != nil {
		return err
	}
	p.ctx.Server.Address = to
	if err := p.open(s); err != nil {
		return &socksFailure{socks.AppendReply(nil, socks.HostUnreachable), err.Error()}
	}
	p.send(s, socks.AppendReply(nil, socks.Succeeded))
	return nil
}

func (p *Socks5Proxy) fail(s *layer.Script, err error) {
	var f *socksFailure
	text := err.Error()
	switch {
	case errors.As(err, &f):
		if f.reply != nil {
			p.send(s, f.reply)
		}
	case len(p.in) > 0:
		text = fmt.Sprintf("%s in the middle of a SOCKS message: % x", text, p.in[:min(len(p.in), 64)])
	}
	s.Do(&layer.CloseConnection{Conn: &p.ctx.Client.Conn})
	s.Do(&layer.Log{Level: slog.LevelInfo, Text: text})
}

func (p *Socks5Proxy) send(s *layer.Script, b []byte) {
	s.Do(&layer.SendData{Conn: &p.ctx.Client.Conn, Data: b})
}
