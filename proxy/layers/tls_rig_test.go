package layers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// peer is one end of a TLS connection in memory, made of nothing but crypto/tls.
type peer struct {
	net.Conn
	tls  *tls.Conn
	in   []byte
	out  []byte
	eof  bool
	park func(struct{}) bool
	next func() (struct{}, bool)
	stop func()
	open bool
	got  []byte
	err  error // what ended it
}

func newPeer(t testing.TB, mk func(net.Conn, *tls.Config) *tls.Conn, cfg *tls.Config) *peer {
	p := &peer{}
	p.tls = mk(p, cfg)
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.park = yield
		p.err = p.tls.Handshake()
		p.open, p.park = p.err == nil, nil
	})
	t.Cleanup(p.stop)
	return p
}

func (p *peer) Read(b []byte) (int, error) {
	for len(p.in) == 0 {
		switch {
		case p.eof:
			return 0, io.EOF
		case p.park == nil:
			return 0, os.ErrDeadlineExceeded
		case !p.park(struct{}{}):
			return 0, net.ErrClosed
		}
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *peer) Write(b []byte) (int, error) { p.out = append(p.out, b...); return len(b), nil }
func (p *peer) Close() error                { return nil }

// SetWriteDeadline is wanted by CloseWrite.
func (p *peer) SetWriteDeadline(time.Time) error { return nil }

// feed gives the peer ciphertext, and collects the plaintext in it.
func (p *peer) feed(b []byte) {
	p.in = append(p.in, b...)
	if !p.open && p.err == nil {
		p.next()
	}
	var buf [4096]byte
	for p.open && p.err == nil {
		n, err := p.tls.Read(buf[:])
		p.got = append(p.got, buf[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		p.err = err
	}
}

// rig is a small driver around a stack of layers, with a real client and a real server at its ends.
type rig struct {
	t      testing.TB
	ctx    *layer.Context
	root   layer.Layer
	client *peer
	server *peer
	chunk  int                        // bytes at a time
	hooks  func(h layer.Hook)         // what addons do
	open   func(s *flow.Server) error // whether a server can be reached
	log    []string
	rows   []*flow.Flow // that were shown without a hook
	todo   []layer.Event
	toC    []byte
	toS    []byte
	quiet  bool // keep no log
}

func (r *rig) post(ev layer.Event) {
	r.todo = append(r.todo, ev)
	for len(r.todo) > 0 {
		ev := r.todo[0]
		r.todo = r.todo[1:]
		for _, c := range r.root.Handle(ev, nil) {
			r.do(c)
		}
		r.ctx.Release()
		if d, ok := ev.(*layer.DataReceived); ok {
			clear(d.Data)
		}
	}
	r.todo = nil
}

func (r *rig) note(format string, args ...any) {
	if !r.quiet {
		r.log = append(r.log, fmt.Sprintf(format, args...))
	}
}

func (r *rig) do(c layer.Command) {
	switch c := c.(type) {
	case *layer.SendData:
		if c.Conn.State&flow.CanWrite == 0 {
			return
		}
		if c.Conn == &r.ctx.Client.Conn {
			r.toC = append(r.toC, c.Data...)
		} else {
			r.toS = append(r.toS, c.Data...)
		}
	case *layer.OpenConnection:
		r.note("open")
		var err error
		if r.open != nil {
			err = r.open(c.Server)
		}
		if c.Server.Start = r.ctx.Now(); err == nil {
			c.Server.State = flow.Open
		}
		r.todo = append(r.todo, &layer.OpenCompleted{Cmd: c, Err: err})
	case *layer.CloseConnection:
		side := "server"
		if c.Conn == &r.ctx.Client.Conn {
			side = "client"
		}
		if c.Half {
			side += " half"
			c.Conn.State &^= flow.CanWrite
		} else {
			c.Conn.State = flow.Closed
		}
		r.note("close %s", side)
	case *layer.Update:
		r.rows = append(r.rows, c.Flow)
		r.note("row %s", c.Flow.TLSNote())
	case *layer.Log:
		r.note("%s: %s", c.Level, c.Text)
	case layer.Hook:
		r.note("%s", c.Name())
		if r.hooks != nil {
			r.hooks(c)
		}
		r.todo = append(r.todo, &layer.HookCompleted{Hook: c})
	}
}

// settle moves bytes until nobody has any.
func (r *rig) settle() {
	if r.client.out == nil && !r.client.open {
		r.client.feed(nil)
	}
	for {
		c, s, toC, toS := r.client.out, r.server.out, r.toC, r.toS
		r.client.out, r.server.out, r.toC, r.toS = nil, nil, nil, nil
		if len(c)+len(s)+len(toC)+len(toS) == 0 {
			return
		}
		r.pieces(c, func(b []byte) { r.post(&layer.DataReceived{Conn: &r.ctx.Client.Conn, Data: b}) })
		r.pieces(s, func(b []byte) { r.post(&layer.DataReceived{Conn: &r.ctx.Server.Conn, Data: b}) })
		r.pieces(toC, r.client.feed)
		r.pieces(toS, r.server.feed)
	}
}

func (r *rig) pieces(b []byte, f func([]byte)) {
	for len(b) > 0 {
		n := len(b)
		if r.chunk > 0 {
			n = min(n, r.chunk)
		}
		f(b[:n:n])
		b = b[n:]
	}
}

// newRig returns client -> ServerTLS -> ClientTLS -> TCP -> server, the server connected.
func newRig(t testing.TB, clientCfg, serverCfg *tls.Config) *rig {
	r := &rig{t: t, ctx: layertest.Context(layer.Options{})}
	t.Cleanup(r.ctx.Stop)
	r.client, r.server = newPeer(t, tls.Client, clientCfg), newPeer(t, tls.Server, serverCfg)
	r.hooks = func(h layer.Hook) {
		switch h := h.(type) {
		case *layer.TLSClientHello:
			h.ServerFirst = true
		case *layer.TLSStart:
			if h.Client {
				h.Trust = "ca.pem"
				h.Config = &tls.Config{Certificates: []tls.Certificate{testCert()}, NextProtos: []string{"http/1.1"}}
			} else {
				h.Config = &tls.Config{ServerName: "x.test", RootCAs: testRoots(), NextProtos: []string{"http/1.1"}}
			}
		}
	}
	r.ctx.Server.Address = flow.Addr{Host: "x.test", Port: 443}
	r.ctx.Server.State, r.ctx.Server.Start = flow.Open, layertest.Epoch
	outer := NewServerTLS(r.ctx, nil)
	inner := NewClientTLS(r.ctx)
	outer.Child = inner
	inner.Child = NewTCP(r.ctx, true)
	r.root = outer
	return r
}

func (r *rig) start() {
	r.post(layer.Start{})
	r.settle()
}

func clientConfig() *tls.Config {
	return &tls.Config{ServerName: "x.test", RootCAs: testRoots(), NextProtos: []string{"h2", "http/1.1"}}
}

func serverConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{testCert()}, NextProtos: []string{"http/1.1"}}
}

var testCert = sync.OnceValue(func() tls.Certificate {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x.test"},
		DNSNames: []string{"x.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k, Leaf: leaf}
})

func testRoots() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(testCert().Leaf)
	return p
}
