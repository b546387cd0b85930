package layer_test

import (
	"errors"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// greet is a tunnel whose handshake is one line each way; what follows passes as it is.
type greet struct{ layer.Tunnel }

func (g *greet) Handshake(s *layer.Script) error {
	s.Hook(&layer.HTTPConnectUpstream{})
	s.Do(&layer.SendData{Conn: outer, Data: []byte("HELLO\n")})
	var got []byte
	for {
		switch ev := s.Next().(type) {
		case *layer.DataReceived:
			got = append(got, ev.Data...)
		case *layer.ConnectionClosed:
			return errors.New("connection closed")
		}
		if len(got) < 3 {
			continue
		}
		if string(got[:3]) != "OK\n" {
			s.Do(&layer.CloseConnection{Conn: outer})
			return errors.New("refused")
		}
		g.Surplus(got[3:])
		return nil
	}
}

// outer is the connection that greet greets on. Tests of this file do not run in parallel.
var outer *flow.Conn

// opener opens the inner server when the client speaks and relays after that.
type opener struct{ ctx *layer.Context }

func (o *opener) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	client, server := &o.ctx.Client.Conn, &o.ctx.Server.Conn
	switch ev := ev.(type) {
	case layer.Start:
		return append(cmds, &layer.Log{Level: layer.LevelAlert, Text: "child started"})
	case *layer.DataReceived:
		switch {
		case ev.Conn == server:
			return append(cmds, &layer.SendData{Conn: client, Data: ev.Data})
		case server.State == flow.Closed:
			return append(cmds, &layer.OpenConnection{Server: o.ctx.Server})
		}
		return append(cmds, &layer.SendData{Conn: server, Data: ev.Data})
	case *layer.OpenCompleted:
		text := "open"
		if ev.Err != nil {
			text = ev.Err.Error()
		}
		return append(cmds, &layer.SendData{Conn: client, Data: []byte(text)})
	case *layer.ConnectionClosed:
		if ev.Conn == server {
			return append(cmds, &layer.CloseConnection{Conn: client})
		}
		return append(cmds, &layer.CloseConnection{Conn: server})
	}
	return cmds
}

// newGreet returns a tunnel to inner.test through proxy.test, which is not connected.
func newGreet(t *testing.T) (*layertest.Playbook, *layer.Context, *flow.Server) {
	ctx := layertest.Context(layer.Options{})
	ctx.Server.Address = flow.Addr{Host: "inner.test", Port: 80}
	proxy := flow.NewServer(flow.Addr{Host: "proxy.test", Port: 3128})
	g := &greet{}
	g.BindServer(ctx, g, proxy, ctx.Server)
	g.Child = &opener{ctx}
	outer = &proxy.Conn
	return layertest.New(t, ctx, g), ctx, proxy
}

func TestTunnelOpensForItsChild(t *testing.T) {
	p, ctx, _ := newGreet(t)
	p.Run(`
		<< log alert "child started"
		>> client "x"
		<< open server proxy.test:3128
		>> opened
		<< hook http_connect_upstream
		>> answer
		<< send server "HELLO\n"
		>> server "O"
		>> server "K\nsur"
		<< send client "opensur"
		>> server "plus"
		<< send client "plus"
		>> client "up"
		<< send server "up"
	`)
	if ctx.Server.State != flow.Open || ctx.Server.Start.IsZero() {
		t.Errorf("inner %+v", ctx.Server)
	}
	p.Run(`
		>> server closed
		<< close client
	`)
	if ctx.Server.State&flow.CanRead != 0 || ctx.Server.End.IsZero() {
		t.Errorf("inner %+v", ctx.Server)
	}
}

func TestTunnelFailures(t *testing.T) {
	for name, end := range map[string]string{
		"unreachable": `
			>> refused "no route"
			<< send client "no route"`,
		"refused": `
			>> opened
			<< hook http_connect_upstream
			>> answer
			<< send server "HELLO\n"
			>> server "NO!"
			<< close server
			<< send client "refused"`,
		"closed": `
			>> opened
			<< hook http_connect_upstream
			>> answer
			<< send server "HELLO\n"
			>> server closed
			<< send client "connection closed"`,
		"closed during the hook": `
			>> opened
			<< hook http_connect_upstream
			>> server closed
			>> answer
			<< send server "HELLO\n"
			<< send client "connection closed"`,
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx, _ := newGreet(t)
			p.Run(`
				<< log alert "child started"
				>> client "x"
				<< open server proxy.test:3128` + end)
			if ctx.Server.State != flow.Closed {
				t.Errorf("inner %+v", ctx.Server)
			}
		})
	}
}

func TestTunnelBeginsOnAnOpenConnection(t *testing.T) {
	p, _, proxy := newGreet(t)
	proxy.State = flow.Open
	p.Start()
	p.Expect("hook http_connect_upstream")
	p.Answer("")
	p.Expect(`send unknown connection …`)
	p.Run(`>> client "waits"`)
	p.Data(&proxy.Conn, []byte("OK\n"))
	p.Expect(`log alert "child started"`, `send unknown connection …`)
}

func TestTunnelCloseIsTheOuterOnes(t *testing.T) {
	p, ctx, proxy := newGreet(t)
	p.AutoHooks, p.HideHooks = true, true
	p.Run(`
		<< log alert "child started"
		>> client "x"
		<< open server proxy.test:3128
		>> opened
		<< send server "HELLO\n"
		>> server "OK\n"
		<< send client "open"
		>> client closed
		<< close server
	`)
	if ctx.Server.State != flow.Closed || proxy.State != flow.Closed {
		t.Error("inner", ctx.Server.State, "outer", proxy.State)
	}
}
