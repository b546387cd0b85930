package proxy

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/layer"
	"sluice/proxy/layers"
	"sluice/proxy/wire/dns"
	"sluice/proxy/wire/h2"
	"sluice/proxy/wire/ws"
)

func fieldBlock(pairs ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(pairs); i += 2 {
		e.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return b.Bytes()
}

// ask2 is the preface and a request that has no end yet, of an HTTP/2 client whose streams have a window of so many bytes.
func ask2(path string, window uint32) []byte {
	b := h2.AppendSettings([]byte(h2.Preface), http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
	return appendAsk2(b, 1, path)
}

func appendAsk2(b []byte, id uint32, path string) []byte {
	return h2.AppendHeaders(b, id, false, fieldBlock(":method", "POST", ":scheme", "http", ":authority", "origin.test", ":path", path), h2.MaxFrame)
}

func wsFrame(h ws.Head, payload string) string {
	return string(ws.AppendFrame(nil, h, []byte(payload)))
}

// inTunnel has a client go on inside a tunnel to a host.
func inTunnel(host string, act func(c net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, "CONNECT "+host+" HTTP/1.1\r\n\r\n")
		if readHeadOf(c) != "" {
			act(c)
		}
	}
}

// inTLS has a client ask over TLS, in HTTP/2 if the server speaks it, and read what comes.
func inTLS(host string) func(net.Conn) {
	return inTunnel(host+":443", func(c net.Conn) {
		x := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: host, NextProtos: []string{"h2"}})
		x.Write(ask2("/", 1<<20))
		io.Copy(io.Discard, x)
	})
}

// also has a client read while it acts.
func also(act func(c net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		go io.Copy(io.Discard, c)
		act(c)
	}
}

func utters(s string) func(net.Conn) { return func(c net.Conn) { io.WriteString(c, s) } }

func floods(first, again string) func(net.Conn) {
	return also(func(c net.Conn) {
		io.WriteString(c, first)
		flood(c, again)
	})
}

func resets2(c net.Conn) {
	c.Write(ask2("/silent", 1<<20))
	for id := uint32(3); ; id += 2 {
		if _, err := c.Write(h2.AppendReset(appendAsk2(nil, id, "/silent"), id, http2.ErrCodeCancel)); err != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func manyStreams2(c net.Conn) {
	b := ask2("/endless", 0)
	for id := uint32(3); id < 60; id += 2 {
		b = appendAsk2(b, id, "/endless")
	}
	c.Write(b)
}

const helloStart = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// hostileSpeakers do their worst to a regular proxy in protocols other than HTTP/1.
var hostileSpeakers = map[string]func(net.Conn){
	"h2 garbage":              also(utters(h2.Preface + "\xff\xff\xff\x00\x00")),
	"h2 half a frame":         also(utters(h2.Preface + "\x00\x40\x00\x00\x00\x00\x00\x00\x01half")),
	"h2 pings":                floods(h2.Preface, string(h2.AppendPing(nil, false, [8]byte{}))),
	"h2 settings":             floods(h2.Preface, string(h2.AppendSettings(nil))),
	"h2 resets":               also(resets2),
	"h2 never reads":          func(c net.Conn) { c.Write(ask2("/endless", 1<<30)) },
	"h2 windows closed":       also(manyStreams2),
	"h2 one byte at a time":   floods(string(ask2("/silent", 1<<20)), string(h2.AppendData(nil, 1, false, []byte("x")))),
	"h2 empty continuations":  floods(h2.Preface+string(h2.AppendFrameHeader(nil, 0, http2.FrameHeaders, 0, 1)), string(h2.AppendFrameHeader(nil, 0, http2.FrameContinuation, 0, 1))),
	"h2 dribbling":            also(func(c net.Conn) { dribble(c, string(ask2("/fine", 1<<20))) }),
	"ws garbage":              also(utters(wsUpgrade + "\xff\xff\xff\xff")),
	"ws pings":                floods(wsUpgrade, wsFrame(ws.Head{Fin: true, Op: ws.Ping, Masked: true}, "ping")),
	"ws endless message":      floods(wsUpgrade+wsFrame(ws.Head{Op: ws.Text, Masked: true}, ""), wsFrame(ws.Head{Op: ws.Continuation, Masked: true}, "")),
	"ws never reads":          utters(wsUpgrade),
	"ws half a frame":         also(utters(wsUpgrade + "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x00keyshalf")),
	"tls half a hello":        inTunnel("origin.test:443", utters(helloStart)),
	"tls endless hello":       inTunnel("origin.test:443", also(func(c net.Conn) { flood(c, helloStart) })),
	"tls dribbling":           inTunnel("origin.test:443", func(c net.Conn) { dribble(c, helloStart+strings.Repeat("x", 500)) }),
	"tls garbage":             inTunnel("origin.test:443", also(utters("\x16\x03\x01\x00\x05\xff\xff\xff\xff\xff"))),
	"tls to silence":          inTLS("silent.test"),
	"tls to garbage":          inTLS("garbage.test"),
	"tls to half a hello":     inTLS("half.test"),
	"tls to h2 that floods":   inTLS("floods.test"),
	"tls to h2 that is mad":   inTLS("mad.test"),
	"tls to h2 that is quiet": inTLS("quiet.test"),
	"tcp that floods":         inTunnel("origin.test:9", also(func(c net.Conn) { flood(c, "\x00\x01\x02") })),
}

// tlsOrigins are origins behind TLS, by their names.
var tlsOrigins = map[string]func(net.Conn){
	"silent.test:443":  func(net.Conn) {},
	"garbage.test:443": utters("\x00\xff nothing that TLS knows\r\n"),
	"half.test:443":    utters("\x16\x03\x03\x00\x7a\x02\x00"),
	"floods.test:443":  speaks2(func(c net.Conn) { flood(c, string(h2.AppendPing(h2.AppendSettings(nil), false, [8]byte{}))) }),
	"mad.test:443":     speaks2(utters("\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00\x00\x01")),
	"quiet.test:443":   speaks2(func(c net.Conn) { c.Write(h2.AppendSettings(nil)) }),
}

// speaks2 has an origin speak HTTP/2 behind a handshake.
func speaks2(act func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		x := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{soakCertificate()}, NextProtos: []string{"h2"}})
		if x.Handshake() == nil {
			act(x)
		}
	}
}

// hostileSocks do their worst to a SOCKS proxy.
var hostileSocks = map[string]func(net.Conn){
	"garbage":      also(utters("GET / HTTP/1.1\r\n\r\n")),
	"half":         utters("\x05\xff\x00"),
	"dribbling":    also(func(c net.Conn) { dribble(c, "\x05\x01\x00\x05\x01\x00\x03\x0borigin.test\x00\x50") }),
	"half request": also(utters("\x05\x01\x00\x05\x01\x00\x03\xffx")),
	"bad address":  also(utters("\x05\x01\x00\x05\x01\x00\x09x")),
	"floods":       floods("\x05\x01\x00\x05\x01\x00\x03\x0borigin.test\x00\x09", "\x00\x01"),
}

// hostileDNS do their worst to a name server on TCP.
var hostileDNS = map[string]func(net.Conn){
	"garbage":     also(utters("\x00\x0cnothing at all")),
	"half":        also(utters("\xff\xff\x00\x01")),
	"floods":      floods("", string(dns.AppendFrame(nil, soakQuestion))),
	"never reads": func(c net.Conn) { flood(c, string(dns.AppendFrame(nil, soakQuestion))) },
	"dribbling":   also(func(c net.Conn) { dribble(c, "\x10\x00"+strings.Repeat("x", 5000)) }),
}

// soakQuestion asks for the address of a name that no server knows.
var soakQuestion = []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04soak\x04test\x00\x00\x01\x00\x01")

// soakNameServer answers in every hostile way in turn.
func soakNameServer(n *atomic.Int32) net.Conn {
	near, far := net.Pipe()
	go func() {
		b := make([]byte, 1<<16)
		for {
			size, err := far.Read(b)
			if err != nil {
				return
			}
			switch n.Add(1) % 4 {
			case 0:
				far.Write([]byte("garbage"))
			case 1:
				b[0] ^= 0xff // of another question
				far.Write(b[:size])
			case 2:
				far.Close()
			}
		}
	}()
	return near
}

// TestSoakOfEveryProtocol is TestSoak in HTTP/2, WebSocket, TLS, SOCKS, DNS and UDP.
func TestSoakOfEveryProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const each = 2
		var w *world
		var asked atomic.Int32
		w = newHTTPWorld(t, Config{IdleTimeout: time.Minute, ConnectTimeout: 10 * time.Second, UDPTimeout: time.Minute,
			Resolve: soakServers(), DialUDP: func(context.Context, string) (net.Conn, error) { return soakNameServer(&asked), nil },
			Dial: func(_ context.Context, addr string) (net.Conn, error) {
				near, far := net.Pipe()
				if act := tlsOrigins[addr]; act != nil {
					go func() { act(far); io.Copy(io.Discard, far) }()
				} else {
					w.servers <- far
				}
				return near, nil
			}})
		w.soak(each*len(hostileSpeakers)/2, func() (bad []io.Closer) {
			socks := &role{mode: "socks5", root: func(ctx *layer.Context) layer.Layer { return layers.NewSocks5Proxy(ctx) }}
			names := &role{mode: "dns", brief: true, root: func(ctx *layer.Context) layer.Layer { return layers.NewDNS(ctx) }}
			start := func(r *role, act func(net.Conn)) {
				near, far := net.Pipe()
				w.admit(r, far)
				bad = append(bad, near)
				go act(near)
			}
			for range each {
				for r, all := range map[*role]map[string]func(net.Conn){w.role: hostileSpeakers, socks: hostileSocks, names: hostileDNS} {
					for _, act := range all {
						start(r, act)
					}
				}
			}
			return append(bad, w.soakUDP(names))
		})
	})
}

// soakUDP has many peers send what is no DNS, and questions, until what it returns is closed.
func (w *world) soakUDP(names *role) io.Closer {
	a := newAir()
	p := newPackets(a)
	l := &listener{role: names, addr: a.LocalAddr(), udp: p}
	go w.acceptUDP(l)
	go func() {
		for {
			select {
			case <-a.out:
			case <-a.closed:
				return
			}
		}
	}()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		b := soakQuestion
		if i%2 == 0 {
			b = make([]byte, random.IntN(600))
			for j := range b {
				b[j] = byte(random.Uint32())
			}
		}
		a.in <- datagram{string(b), port(i % 500)}
	}
	return a
}

func soakServers() *atomic.Pointer[ResolveConfig] {
	p := &atomic.Pointer[ResolveConfig]{}
	p.Store(&ResolveConfig{Servers: []string{"192.0.2.1", "192.0.2.2"}})
	return p
}

// soakCertificate is what the origins show.
var soakCertificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"*.test"}, NotAfter: time.Now().AddDate(100, 0, 0)}
	der, err := x509.CreateCertificate(crand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})
