package tui

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/flow"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func plain(s string) string { return ansi.Strip(s) }

// A sample describes an HTTP flow.
type sample struct {
	method, url string
	status      int
	kind        string
	size        int
	took        time.Duration
	change      func(f *flow.Flow)
}

// build makes the flow number n of a list.
func (s sample) build(n int) *flow.Flow {
	at := noon.Add(time.Duration(n) * time.Second)
	f := flow.New(flow.HTTP, &flow.Client{}, flow.NewServer(flow.Addr{}), at)
	copy(f.ID[:], fmt.Sprintf("flow-%011d", n))
	f.Client.Peer = netip.MustParseAddrPort("127.0.0.1:50000")
	f.Rev, f.Live = 1, false
	u, err := flow.ParseURL(s.url)
	if err != nil {
		panic(err)
	}
	r := &flow.Request{Method: s.method, Scheme: u.Scheme, Host: u.Host, Port: u.Port, Path: u.Path}
	r.Version, r.Start, r.End = "HTTP/1.1", at, at
	r.Headers = flow.Headers{{Name: "Host", Value: u.Host}}
	f.Server.Address = flow.Addr{Host: u.Host, Port: u.Port}
	f.Request = r
	if s.status != 0 {
		resp := &flow.Response{Status: s.status, Reason: "OK"}
		resp.Version, resp.Start, resp.End = "HTTP/1.1", at.Add(s.took/2), at.Add(s.took)
		if s.kind != "" {
			resp.Headers = flow.Headers{{Name: "Content-Type", Value: s.kind}}
		}
		resp.Body = flow.BodyOf(make([]byte, s.size))
		f.Response = resp
	}
	if s.change != nil {
		s.change(f)
	}
	return f
}

func build(samples ...sample) []*flow.Flow {
	flows := make([]*flow.Flow, len(samples))
	for i, s := range samples {
		flows[i] = s.build(i)
	}
	return flows
}

// gallery has a flow of every look.
func gallery() []*flow.Flow {
	flows := build(
		sample{"GET", "https://www.example.com/", 200, "text/html; charset=utf-8", 15 << 10, 120 * time.Millisecond, nil},
		sample{"GET", "https://static.example.co.uk/assets/app.4f2a91.js?v=12&mode=fast", 200, "application/javascript", 412 << 10, 340 * time.Millisecond, nil},
		sample{"POST", "https://api.example.com/v2/sessions", 201, "application/json", 512, 1250 * time.Millisecond, func(f *flow.Flow) {
			f.Marked, f.Request.Version = ":default:", "HTTP/2.0"
		}},
		sample{"GET", "https://img.example.com/photos/2026/01/a-rather-long-name-of-a-picture-that-goes-on.jpeg?width=1920&height=1080&fit=crop", 304, "", 0, 30 * time.Millisecond, nil},
		sample{"DELETE", "http://admin.internal:8443/users/17", 403, "application/problem+json", 188, 12 * time.Millisecond, func(f *flow.Flow) { f.Comment = "why is this allowed at all?" }},
		sample{"PUT", "https://api.example.com/v2/profile", 0, "", 0, 0, func(f *flow.Flow) { f.Live, f.Intercepted = true, true }},
		sample{"GET", "https://api.example.com/v2/feed", 200, "application/json", 48 << 10, 800 * time.Millisecond, func(f *flow.Flow) { f.Live, f.Intercepted = true, true }},
		sample{"GET", "https://slow.example.net/report.pdf", 200, "application/pdf", 3 << 20, 14 * time.Second, func(f *flow.Flow) { f.Replay = flow.ReplayedRequest }},
		sample{"GET", "https://down.example.org/health", 502, "text/plain", 0, 3 * time.Millisecond, func(f *flow.Flow) {
			f.Error = &flow.Error{Message: "connection refused by 192.0.2.7:443", Time: f.Created}
		}},
		sample{"GET", "https://events.example.com/stream", 0, "", 0, 0, func(f *flow.Flow) { f.Live = true }},
		sample{"GET", "https://chat.example.com/ws", 101, "", 0, 20 * time.Millisecond, func(f *flow.Flow) {
			f.WebSocket = &flow.WebSocket{}
		}},
		sample{"HEAD", "http://[2001:db8::1]/", 500, "text/html", 0, 5 * time.Millisecond, nil},
	)
	tcp := flow.New(flow.TCP, &flow.Client{}, flow.NewServer(flow.Addr{Host: "db.internal", Port: 5432}), noon.Add(20*time.Second))
	copy(tcp.ID[:], "flow-tcp-0000000")
	tcp.Rev = 1
	tcp.Client.Peer = netip.MustParseAddrPort("127.0.0.1:50001")
	tcp.Messages = []flow.Message{{FromClient: true, Content: []byte("hello"), Time: tcp.Created}, {Content: []byte("world"), Time: tcp.Created.Add(time.Second)}}
	return append(flows, tcp)
}

// tlsRows are connections on which TLS has failed, and one that was passed through.
func tlsRows() []*flow.Flow {
	var flows []*flow.Flow
	for i, note := range []string{"TLS failed: CA not trusted", "TLS failed: server certificate", flow.TLSPassed} {
		f := flow.New(flow.TCP, &flow.Client{}, flow.NewServer(flow.Addr{Host: "bank.example", Port: 443}), noon.Add(time.Duration(i)*time.Second))
		copy(f.ID[:], fmt.Sprintf("flow-tls-%07d", i))
		f.Rev, f.Live = 1, false
		f.Client.Peer = netip.MustParseAddrPort("127.0.0.1:50002")
		f.Metadata = map[string]string{flow.MetaTLS: note}
		if note != flow.TLSPassed {
			f.Error = &flow.Error{Message: "why it failed", Time: f.Created}
		}
		flows = append(flows, f)
	}
	return flows
}
