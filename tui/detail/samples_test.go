package detail

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"image"
	"image/png"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/flow"
	"sluice/tui/style"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC
	m.Run()
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func after(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

// newModel returns a model that never waits.
func newModel(cfg Config) *Model {
	m := New(style.New("solarized_dark", true, true, false), cfg)
	m.after = func(_ time.Duration, fn func(time.Time) tea.Msg) tea.Cmd {
		return func() tea.Msg { return fn(noon) }
	}
	return m
}

// run does all that a command leads to and returns the messages that are not for the model.
func run(m *Model, cmd tea.Cmd) (others []tea.Msg) {
	todo := []tea.Cmd{cmd}
	for len(todo) > 0 {
		c := todo[0]
		todo = todo[1:]
		if c == nil {
			continue
		}
		switch msg := c().(type) {
		case tea.BatchMsg:
			todo = append(todo, msg...)
		default:
			next := m.Update(msg)
			if next == nil {
				others = append(others, msg)
			}
			todo = append(todo, next)
		}
	}
	return others
}

// show returns a model with a flow at a size.
func show(t *testing.T, f *flow.Flow, w, h int) *Model {
	t.Helper()
	m := newModel(Config{})
	t.Cleanup(m.Close)
	m.SetSize(w, h)
	run(m, m.SetFlow(f))
	return m
}

// screen returns the view without styles and without blanks at the ends of lines.
func screen(m *Model) string {
	lines := strings.Split(ansi.Strip(m.View()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func httpFlow(method, url string, body []byte, reqType string) *flow.Flow {
	client := &flow.Client{Mode: "regular"}
	client.Peer = netip.MustParseAddrPort("127.0.0.1:50000")
	client.Start, client.TLSSetup = after(0), after(9)
	client.TLS, client.TLSVersion, client.SNI, client.ALPN, client.Cipher = true, "TLSv1.3", "api.example.com", "h2", "TLS_AES_128_GCM_SHA256"
	server := flow.NewServer(flow.Addr{Host: "api.example.com", Port: 443})
	server.Peer = netip.MustParseAddrPort("[::ffff:192.0.2.7]:443")
	server.Start, server.TCPSetup, server.TLSSetup, server.TLS = after(10), after(22), after(45), true
	server.ALPN, server.Certificates = "h2", []*x509.Certificate{certificate()}
	f := flow.New(flow.HTTP, client, server, noon)
	f.Live = false
	u, err := flow.ParseURL(url)
	if err != nil {
		panic(err)
	}
	r := &flow.Request{Method: method, Scheme: u.Scheme, Host: u.Host, Port: u.Port, Path: u.Path}
	r.Version, r.Start, r.End = "HTTP/2.0", after(46), after(47)
	r.Headers = flow.Headers{{Name: "Host", Value: u.Host}, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}, {Name: "Accept", Value: "*/*"}}
	if reqType != "" {
		r.Headers = r.Headers.Add("Content-Type", reqType)
	}
	r.Body = flow.BodyOf(body)
	f.Request = r
	return f
}

func respond(f *flow.Flow, status int, kind string, body []byte) *flow.Flow {
	r := &flow.Response{Status: status, Reason: "OK"}
	r.Version, r.Start, r.End = "HTTP/2.0", after(120), after(1370)
	r.Headers = flow.Headers{{Name: "content-type", Value: kind}, {Name: "server", Value: "nginx"}}
	r.Body = flow.BodyOf(body)
	f.Response = r
	return f
}

func certificate() *x509.Certificate {
	return &x509.Certificate{
		Raw: []byte("raw"), PublicKey: ed25519.PublicKey(nil), SerialNumber: big.NewInt(0x1234567890),
		NotBefore: noon.AddDate(0, -1, 0), NotAfter: noon.AddDate(0, 2, 0), DNSNames: []string{"api.example.com", "*.example.com"},
		Subject: pkix.Name{Names: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: "api.example.com"}}},
		Issuer: pkix.Name{Names: []pkix.AttributeTypeAndValue{
			{Type: []int{2, 5, 4, 6}, Value: "US"}, {Type: []int{2, 5, 4, 10}, Value: "Example \x1b[31mTrust"},
		}},
	}
}

const jsonBody = `{"users":[{"id":1,"name":"Ada Lovelace","admin":true,"tags":["a","b"]},{"id":2,"name":"Grüße 世界","admin":false,"score":-1.5e3,"note":null}],"next":"https://api.example.com/v2/users?page=2&token=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"}`

func jsonFlow() *flow.Flow {
	return respond(httpFlow("GET", "https://api.example.com/v2/users?page=1&per_page=50", nil, ""), 200, "application/json", []byte(jsonBody))
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

func picture() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 32))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func tcpFlow(n int) *flow.Flow {
	client := &flow.Client{}
	client.Peer = netip.MustParseAddrPort("127.0.0.1:50001")
	f := flow.New(flow.TCP, client, flow.NewServer(flow.Addr{Host: "db.internal", Port: 5432}), noon)
	for i := range n {
		text := []string{"HELLO sluice\r\n", `{"ok":true,"rows":[1,2,3]}`, "\x00\x01\x02\xff\xfe binary \x1b[2J", ""}[i%4]
		f.Messages = append(f.Messages, flow.Message{FromClient: i%2 == 0, Content: []byte(text), Time: after(i)})
	}
	return f
}

// tlsFlow is a connection on which TLS has failed, or was passed through.
func tlsFlow(failed bool) *flow.Flow {
	f := tcpFlow(0)
	f.Client.TLS, f.Client.SNI, f.Live = true, "bank.example", !failed
	f.Server.Address = flow.Addr{Host: "bank.example", Port: 443}
	f.Metadata = map[string]string{flow.MetaTLS: flow.TLSPassed, flow.MetaReason: "192.0.2.9 refused the certificate for bank.example 3 times (tls_passthrough_after=3)",
		flow.MetaRemedy: "install /home/ada/.sluice/sluice-ca-cert.pem in the client as a trusted CA; if it is there already, the client accepts only certificates that it knows: " +
			"to let bank.example through untouched, add it to ignore_hosts"}
	if failed {
		delete(f.Metadata, flow.MetaReason)
		f.Metadata[flow.MetaTLS] = "TLS failed: CA not trusted"
		f.Error = &flow.Error{Message: "The client does not trust the proxy's certificate for bank.example (unknown certificate authority)", Time: after(60)}
	}
	return f
}

func webSocketFlow() *flow.Flow {
	f := respond(httpFlow("GET", "https://chat.example.com/ws", nil, ""), 101, "", nil)
	f.WebSocket = &flow.WebSocket{CloseCode: 1001, CloseReason: "going away", ClosedByClient: true, Messages: []flow.Message{
		{FromClient: true, Content: []byte("hi there"), Text: true, Time: noon},
		{Content: []byte("who is it?"), Text: true, Injected: true, Time: noon},
		{Content: []byte("nobody"), Text: true, Dropped: true, Time: noon},
		{Lost: 2048, Time: noon},
	}}
	return f
}
