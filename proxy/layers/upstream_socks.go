package layers

import (
	"errors"
	"fmt"
	"strings"

	"sluice/proxy/layer"
	"sluice/proxy/wire/socks"
)

// socks asks a SOCKS proxy for a tunnel (RFC 1928), after a login where there is one to give.
func (u *Upstream) socks(s *layer.Script) error {
	user, password, login := strings.Cut(u.ctx.Options().UpstreamAuth, ":")
	request, err := socks.AppendRequest(nil, u.ctx.Server.Address)
	if err != nil {
		return err
	}
	r := &socksReader{u: u, s: s}
	u.Limit(s, handshakeTime)
	u.send(s, socks.AppendGreeting(nil, login))
	var method byte
	err = r.read(func(b []byte) (n int, err error) {
		method, n, err = socks.ParseMethod(b)
		return n, err
	})
	if err == nil && method == socks.UserPassword && login {
		err = u.login(r, user, password)
	} else if err == nil && method != socks.NoAuth {
		err = errors.New("it asks for a login: set upstream_auth to user:pass")
	}
	if err == nil {
		u.send(s, request)
		err = r.read(socks.ParseReply)
	}
	if err != nil {
		return fmt.Errorf("upstream proxy %s: %w", u.proxy.Address, err)
	}
	u.Surplus(r.in)
	return nil
}

func (u *Upstream) login(r *socksReader, user, password string) error {
	b, err := socks.AppendLogin(nil, user, password)
	if err != nil {
		return err
	}
	u.send(r.s, b)
	var ok bool
	err = r.read(func(b []byte) (n int, _ error) {
		ok, n = socks.ParseLoginReply(b)
		return n, nil
	})
	if err == nil && !ok {
		return errors.New("it refuses the login: see upstream_auth")
	}
	return err
}

func (u *Upstream) send(s *layer.Script, b []byte) {
	s.Do(&layer.SendData{Conn: &u.proxy.Conn, Data: b})
}

// A socksReader reads what the proxy answers.
type socksReader struct {
	u  *Upstream
	s  *layer.Script
	in []byte
}

// read has parse look at what has come until it has used some of it.
func (r *socksReader) read(parse func([]byte) (int, error)) error {
	for {
		n, err := parse(r.in)
		if n > 0 || err != nil {
			r.in = r.in[n:]
			return err
		}
		switch ev := r.s.Next().(type) {
		case *layer.DataReceived:
			r.in = append(r.in, ev.Data...)
		case *layer.Wakeup:
			return errors.New("it did not answer in " + handshakeTime.String())
		case *layer.ConnectionClosed:
			return errors.New("it closed the connection while it was asked for a tunnel")
		}
	}
}
