package filter

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// newFlow returns an HTTP flow with a response: POST http://named.example:8080/api/v1?q=1 to 10.0.0.1.
func newFlow() *flow.Flow {
	client := &flow.Client{Conn: flow.Conn{Peer: netip.MustParseAddrPort("127.0.0.1:51000")}}
	f := flow.New(flow.HTTP, client, flow.NewServer(flow.Addr{Host: "10.0.0.1", Port: 8080}), time.Time{})
	f.Request = &flow.Request{Method: "POST", Scheme: "http", Host: "10.0.0.1", Port: 8080, Path: "/api/v1?q=1",
		HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Body: flow.BodyOf([]byte("name=Ann\nage=7")), Headers: flow.Headers{
			{Name: "Host", Value: "named.example:8080"}, {Name: "X-One", Value: "eins"},
			{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}}}
	f.Response = &flow.Response{Status: 404, Reason: "Not Found",
		HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Body: flow.BodyOf([]byte("\x89PNG\r\n\x1a\n\xff\xfe")), Headers: flow.Headers{
			{Name: "content-type", Value: "image/png"}, {Name: "Server", Value: "nginx"}}}}
	return f
}

// flowsByName are what the tables match against.
func flowsByName(t testing.TB) map[string]*flow.Flow {
	all := map[string]*flow.Flow{}
	add := func(name string, change func(*flow.Flow)) {
		f := newFlow()
		change(f)
		all[name] = f
	}
	kind := func(k flow.Kind) func(*flow.Flow) {
		return func(f *flow.Flow) {
			f.Kind, f.Request, f.Response = k, nil, nil
			f.Messages = []flow.Message{{FromClient: true, Content: []byte("ping\nPONG")}, {Content: []byte("answer")}}
		}
	}
	add("http", func(*flow.Flow) {})
	add("request", func(f *flow.Flow) { f.Response = nil })
	add("tcp", kind(flow.TCP))
	add("udp", kind(flow.UDP))
	add("dns", kind(flow.DNS))
	add("gzip", func(f *flow.Flow) { setCoded(t, f, "gzip", "gzip") })
	add("two codings", func(f *flow.Flow) { setCoded(t, f, "br, zstd", "br", "zstd") })
	add("broken", func(f *flow.Flow) {
		f.Response.Headers = f.Response.Headers.Add("Content-Encoding", "gzip")
		f.Response.Body = flow.BodyOf([]byte("in the clear"))
	})
	add("dropped", func(f *flow.Flow) { f.Response.Body = flow.BodyGap(10, flow.Dropped) })
	add("websocket", func(f *flow.Flow) {
		f.WebSocket = &flow.WebSocket{Messages: []flow.Message{{FromClient: true, Content: []byte("up")}, {Content: []byte("down")}}}
	})
	add("noted", func(f *flow.Flow) {
		f.Marked, f.Comment, f.Metadata = ":red:", "first\nsecond line", map[string]string{"b": "2", "a": "1"}
	})
	add("error", func(f *flow.Flow) { f.Kill(time.Time{}) })
	add("replayed request", func(f *flow.Flow) { f.Replay = flow.ReplayedRequest })
	add("replayed response", func(f *flow.Flow) { f.Replay = flow.ReplayedResponse })
	add("v6", func(f *flow.Flow) {
		f.Client.Peer = netip.MustParseAddrPort("[::1]:4000")
		f.Server.Address = flow.Addr{Host: "2001:db8::1", Port: 443}
	})
	add("mapped", func(f *flow.Flow) { f.Client.Peer = netip.MustParseAddrPort("[::ffff:1.2.3.4]:4000") })
	add("bare", func(f *flow.Flow) { f.Client, f.Server, f.Request, f.Response = nil, nil, nil, nil })
	return all
}

func setCoded(t testing.TB, f *flow.Flow, encoding string, lines ...string) {
	b, err := coding.Encode(encoding, []byte("the secret inside, long enough to be packed packed packed packed"))
	if err != nil {
		t.Fatal(err)
	}
	f.Response.Body = flow.BodyOf(b)
	for _, line := range lines {
		f.Response.Headers = f.Response.Headers.Add("Content-Encoding", line)
	}
}

// manyFlows returns n flows that differ in what filters look at.
func manyFlows(n int) []*flow.Flow {
	flows := make([]*flow.Flow, n)
	for i := range flows {
		f := newFlow()
		f.Request.Path = fmt.Sprintf("/items/%d?page=%d", i, i%7)
		f.Request.Method = []string{"GET", "POST", "PUT"}[i%3]
		f.Response.Status = 200 + i%5*100
		flows[i] = f
	}
	return flows
}
