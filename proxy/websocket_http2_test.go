package proxy

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/flow"
)

// h2Wire is one end of an HTTP/2 connection, frame by frame.
type h2Wire struct {
	t *testing.T
	net.Conn
	*http2.Framer
	block bytes.Buffer
	enc   *hpack.Encoder
}

func newH2Wire(t *testing.T, c net.Conn) *h2Wire {
	w := &h2Wire{t: t, Conn: c, Framer: http2.NewFramer(c, c)}
	w.enc = hpack.NewEncoder(&w.block)
	w.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	return w
}

// fields sends a field section, of "name: value" each, on stream 1.
func (w *h2Wire) fields(lines ...string) {
	w.block.Reset()
	for _, l := range lines {
		name, value, _ := strings.Cut(l, "= ")
		w.enc.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: w.block.Bytes(), EndHeaders: true})
}

// until reads frames until one is as wanted. Settings are acknowledged.
func (w *h2Wire) until(want func(http2.Frame) bool) bool {
	for {
		f, err := w.ReadFrame()
		if err != nil {
			return false
		}
		if s, ok := f.(*http2.SettingsFrame); ok && !s.IsAck() {
			w.WriteSettingsAck()
		}
		if want(f) {
			return true
		}
	}
}

func isHeaders(f http2.Frame) bool { _, ok := f.(*http2.MetaHeadersFrame); return ok }

// inStream is the content of stream 1 as a connection.
type inStream struct {
	*h2Wire
	rest []byte
}

func (s *inStream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		end := false
		if !s.until(func(f http2.Frame) bool {
			d, ok := f.(*http2.DataFrame)
			if ok {
				s.rest, end = append(s.rest, d.Data()...), d.StreamEnded()
			}
			_, reset := f.(*http2.RSTStreamFrame)
			end = end || reset
			return len(s.rest) > 0 || end
		}) || len(s.rest) == 0 && end {
			return 0, io.EOF
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *inStream) Write(p []byte) (int, error) { return len(p), s.WriteData(1, false, p) }

// extendedOrigin answers an extended CONNECT and hands what follows to serve (RFC 8441 §5).
func extendedOrigin(t *testing.T, serve func(io.ReadWriter)) (addr string) {
	any := newOrigin(t, true, nil) // for its certificate
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: any.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		w := newH2Wire(t, c)
		io.ReadFull(c, make([]byte, len(http2.ClientPreface))) // says nothing before that
		w.WriteSettings(http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1})
		if w.until(func(f http2.Frame) bool {
			h, ok := f.(*http2.MetaHeadersFrame)
			return ok && h.PseudoValue("protocol") == "websocket" && h.PseudoValue("method") == "CONNECT"
		}) {
			w.fields(":status= 200")
			serve(&inStream{h2Wire: w})
		}
	}()
	t.Cleanup(func() { l.Close(); <-over })
	return l.Addr().String()
}

// upgraded makes of an HTTP/2 stream what a WebSocket library takes for an upgraded connection: it answers the library's request itself.
type upgraded struct{ s *inStream }

func (u upgraded) RoundTrip(q *http.Request) (*http.Response, error) {
	h := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
	sum := sha1.Sum([]byte(q.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §1.3
	h.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	return &http.Response{StatusCode: 101, Header: h, Body: struct {
		io.ReadWriter
		io.Closer
	}{u.s, u.s}}, nil
}

// TestWebSocketOverHTTP2: a WebSocket in a stream of HTTP/2 is read, recorded, held and edited as one over HTTP/1.
func TestWebSocketOverHTTP2(t *testing.T) {
	addr := extendedOrigin(t, func(s io.ReadWriter) {
		in := bufio.NewReader(s)
		for range 2 {
			text := readMasked(in)
			s.Write(append([]byte{0x81, byte(len(text))}, strings.ToUpper(text)...))
		}
	})
	r := newRig(t, "intercept=~bq hold")
	c := r.connectH2(addr)
	defer c.Close()
	if !c.until(func(f http2.Frame) bool {
		s, ok := f.(*http2.SettingsFrame)
		if !ok {
			return false
		}
		v, _ := s.Value(http2.SettingEnableConnectProtocol)
		return v == 1
	}) {
		t.Fatal("the client is not told of extended CONNECT")
	}
	c.fields(":method= CONNECT", ":protocol= websocket", ":scheme= https", ":path= /chat", ":authority= "+addr, "sec-websocket-version= 13")
	if !c.until(isHeaders) {
		t.Fatal("no answer")
	}
	conn, _, err := websocket.Dial(t.Context(), "ws://in.test/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: upgraded{&inStream{h2Wire: c}}}})
	if err != nil {
		t.Fatal(err)
	}
	sendWS(t, conn, "hello")
	wantWS(t, conn, "HELLO")
	sendWS(t, conn, "hold me")
	f := r.wait("/chat", held)
	r.edit(f.ID, func(m *flow.Message) { m.Content = []byte("edited") })
	wantWS(t, conn, "EDITED")
	f = r.wait("/chat", says("hello", "HELLO", "edited", "EDITED"))
	if m := f.WebSocket.Messages; !m[0].FromClient || m[1].FromClient || !m[0].Text || f.Request.Version != "HTTP/2.0" {
		t.Errorf("%+v over %s", m, f.Request.Version)
	}
}

// connectH2 returns an HTTP/2 connection to a server through the proxy.
func (r *rig) connectH2(addr string) *h2Wire {
	r.t.Helper()
	raw, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		r.t.Fatal(err)
	}
	io.WriteString(raw, "CONNECT "+addr+" HTTP/1.1\r\nHost: "+addr+"\r\n\r\n")
	expect(r.t, raw, "HTTP/1.1 200 Connection established\r\n\r\n")
	pool := x509.NewCertPool()
	pool.AddCert(r.CA.Certificate())
	c := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", NextProtos: []string{"h2"}})
	io.WriteString(c, http2.ClientPreface)
	w := newH2Wire(r.t, c)
	w.WriteSettings()
	return w
}

// readMasked reads one small frame of a client.
func readMasked(in *bufio.Reader) string {
	var head [6]byte
	io.ReadFull(in, head[:])
	b := make([]byte, head[1]&0x7f)
	io.ReadFull(in, b)
	for i := range b {
		b[i] ^= head[2+i%4]
	}
	return string(b)
}
