package layers

import (
	"errors"
	"fmt"
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/http1"
)

// Upstream is the way to a server through another proxy: plain, for requests
// that name their server themselves, or a tunnel made with CONNECT (RFC 9110 §9.3.6).
type Upstream struct {
	layer.Tunnel
	ctx     *layer.Context
	proxy   *flow.Server
	connect bool
}

// newUpstream leads child, whose connection is ctx.Server, through the proxy
// that ctx.Server.Via names. It returns the outermost layer and the connection to the proxy.
func newUpstream(ctx *layer.Context, child layer.Layer, connect bool) (layer.Layer, *flow.Server) {
	via := ctx.Server.Via
	u := &Upstream{ctx: ctx, proxy: flow.NewServer(via.Addr), connect: connect}
	u.proxy.Transport = ctx.Server.Transport
	var top layer.Layer = u
	if via.Scheme == "https" {
		u.proxy.SNI = via.Addr.Host
		u.proxy.ALPNOffers = []string{"http/1.1", "http/1.0", "http/0.9"}
		outside := ctx.Fork()
		outside.Server = u.proxy
		t := NewServerTLS(outside, u.proxy)
		t.Child, top = u, t
	}
	ctx.Push(u)
	u.BindServer(ctx, u, u.proxy, ctx.Server)
	u.Child = child
	return top, u.proxy
}

// Handshake asks the proxy for a tunnel.
func (u *Upstream) Handshake(s *layer.Script) error {
	if u.ctx.Server.Via.Scheme == "socks5" {
		err := u.socks(s)
		if err != nil && u.proxy.State != flow.Closed {
			s.Do(&layer.CloseConnection{Conn: &u.proxy.Conn})
		}
		return err
	}
	if !u.connect {
		return nil
	}
	f := flow.New(flow.HTTP, u.ctx.Client, u.proxy, u.ctx.Now())
	f.Request = u.request()
	s.Hook(&layer.HTTPConnectUpstream{OfFlow: layer.OfFlow{Flow: f}})
	s.Do(&layer.SendData{Conn: &u.proxy.Conn, Data: http1.AppendRequest(nil, f.Request)})
	u.Limit(s, handshakeTime)
	err := u.await(s)
	if err != nil && u.proxy.State != flow.Closed {
		s.Do(&layer.CloseConnection{Conn: &u.proxy.Conn})
	}
	return err
}

func (u *Upstream) request() *flow.Request {
	addr := u.ctx.Server.Address
	host := flow.ASCIIHost(addr.Host)
	r := &flow.Request{Method: "CONNECT", Host: host, Port: addr.Port, Authority: flow.JoinHostPort(host, addr.Port)}
	r.Version, r.Start, r.End = "HTTP/1.1", u.ctx.Now(), u.ctx.Now()
	if !u.ctx.Options().OmitConnectHost {
		r.Headers = flow.Headers{{Name: "Host", Value: r.Authority}}
	}
	return r
}

// await reads the proxy's answer.
func (u *Upstream) await(s *layer.Script) error {
	var in []byte
	var scan http1.Scanner
	interim := 0
	for {
		switch ev := s.Next().(type) {
		case *layer.Wakeup:
			return errors.New("upstream proxy " + u.proxy.Address.String() + " did not answer in " + handshakeTime.String())
		case *layer.ConnectionClosed:
			return errors.New("upstream proxy " + u.proxy.Address.String() + " closed the connection while it was asked for a tunnel")
		case *layer.DataReceived:
			in = append(in, ev.Data...)
		}
		for {
			r, n, err := scan.Response(in, http1.Limits{Head: u.ctx.Options().HeadLimit})
			if err != nil {
				return fmt.Errorf("error connecting to %s: %w", u.proxy.Address, err)
			}
			if n == 0 {
				break
			}
			if r.Status/100 == 2 {
				u.Surplus(in[n:])
				return nil
			}
			if r.Status/100 != 1 {
				s.Do(&layer.Log{Level: slog.LevelDebug, Text: string(in[:n])})
				return u.refused(r)
			}
			if interim++; interim > maxInterim {
				return fmt.Errorf("upstream proxy %s sent more than %d interim responses", u.proxy.Address, maxInterim)
			}
			in, scan = in[n:], http1.Scanner{}
		}
	}
}

// refused says of an answer that it is no tunnel, and what to do about it.
func (u *Upstream) refused(r *flow.Response) error {
	todo := ""
	if r.Status == 407 {
		todo = ": set upstream_auth to a user:password that it takes"
	}
	return fmt.Errorf("Upstream proxy %s refused HTTP CONNECT request: %d %s%s", u.proxy.Address, r.Status, r.Reason, todo)
}
