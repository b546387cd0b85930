package addon

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

func exchange() *flow.Flow {
	c := &flow.Client{Conn: flow.Conn{Peer: netip.MustParseAddrPort("127.0.0.1:50000")}}
	f := flow.New(flow.HTTP, c, flow.NewServer(flow.Addr{Host: "shop.test", Port: 443}), time.Unix(0, 0))
	f.Request = &flow.Request{Method: "POST", Scheme: "https", Host: "shop.test", Port: 443, Path: "/cart?id=7"}
	f.Request.Version = "HTTP/1.1"
	f.Request.Headers = flow.Headers{{Name: "Host", Value: "shop.test"}, {Name: "X-Evil", Value: "a\x1b[2Jb"}}
	f.Response = &flow.Response{Status: 201, Reason: "Created"}
	f.Response.Version = "HTTP/1.1"
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
	f.Response.Body = flow.BodyOf([]byte(`{"ok":true}`))
	f.Live = false
	return f
}

// dump returns what a dumper prints of snapshots.
func dump(t *testing.T, cfg DumperConfig, specs []string, flows ...*flow.Flow) string {
	t.Helper()
	var out strings.Builder
	opts := option.New()
	if err := opts.Set(specs...); err != nil {
		t.Fatal(err)
	}
	cfg.Out = &out
	d, err := NewDumper(opts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		d.Put(f)
	}
	d.Flush()
	return out.String()
}

// TestDumperVersions: the versions are printed unless both are HTTP/1, a response of HTTP/2 has a reason as others do, and the
// status stands below the method.
func TestDumperVersions(t *testing.T) {
	f := exchange()
	f.Response.Version, f.Response.Reason = "HTTP/2.0", ""
	want := "127.0.0.1:50000: POST https://shop.test/cart?id=7 HTTP/1.1\n     << HTTP/2.0 201 Created 11b\n"
	if got := dump(t, DumperConfig{}, nil, f); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f.Response.Version, f.Response.Reason, f.Replay = "HTTP/1.1", "Created", flow.ReplayedResponse
	want = "127.0.0.1:50000: POST https://shop.test/cart?id=7\n[replay]      << 201 Created 11b\n"
	if got := dump(t, DumperConfig{}, nil, f); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f.Response.Reason, f.Replay = "", flow.NotReplayed
	f.Request.Version, f.Response.Version = "HTTP/2.0", "HTTP/1.1"
	want = "127.0.0.1:50000: POST https://shop.test/cart?id=7 HTTP/2.0\n     << HTTP/1.1 201 11b\n"
	if got := dump(t, DumperConfig{}, nil, f); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f.Response = nil
	want = "127.0.0.1:50000: POST https://shop.test/cart?id=7 HTTP/2.0\n"
	if got := dump(t, DumperConfig{}, nil, f); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestDumperQuery: a request without a body has its query printed in the place of it, if no view is asked for that shows none.
func TestDumperQuery(t *testing.T) {
	f := exchange()
	f.Request.Headers, f.Request.Path, f.Response.Body = nil, "/cart?id=7&q=a%20b", flow.Body{}
	if got := dump(t, DumperConfig{}, []string{"flow_detail=3"}, f); !strings.Contains(got, "\n    id: 7\n    q: a b\n\n << ") || strings.Count(got, "id: 7") != 1 {
		t.Errorf("got %q", got)
	}
	if got := dump(t, DumperConfig{}, []string{"flow_detail=3", "dumper_default_contentview=json"}, f); strings.Contains(got, "id: 7") {
		t.Errorf("got %q", got)
	}
}

func TestDumperDetail(t *testing.T) {
	head := "127.0.0.1:50000: POST https://shop.test/cart?id=7\n"
	request, response := "    Host: shop.test\n    X-Evil: a␛[2Jb\n", "\n << 201 Created 11b\n    Content-Type: application/json\n"
	body := "\n    {\n        \"ok\": true\n    }\n"
	for detail, want := range map[string]string{
		"0": "",
		"1": head + "              << 201 Created 11b\n",
		"2": head + request + response + "\n",
		"3": head + request + "\n    id: 7\n" + response + body + "\n",
	} {
		if got := dump(t, DumperConfig{}, []string{"flow_detail=" + detail}, exchange()); got != want {
			t.Errorf("detail %s:\n%q, want\n%q", detail, got, want)
		}
	}
}

func TestDumperChoosesWhatToPrint(t *testing.T) {
	live, held, connect, refused := exchange(), exchange(), exchange(), exchange()
	live.Live, held.Intercepted = true, true
	connect.Request.Method, refused.Request.Method = "CONNECT", "CONNECT"
	refused.Response.Status = 502
	if got := dump(t, DumperConfig{}, nil, live, held, connect); got != "" {
		t.Errorf("printed %q", got)
	}
	if got := dump(t, DumperConfig{}, nil, refused); !strings.Contains(got, "<< 502") {
		t.Errorf("a refused CONNECT is missing: %q", got)
	}
	if got := dump(t, DumperConfig{}, []string{"dumper_filter=~m GET"}, exchange()); got != "" {
		t.Errorf("the filter let through %q", got)
	}
}

func TestDumperRequestToNobody(t *testing.T) {
	f := exchange()
	f.Request.Scheme, f.Request.Host, f.Request.Port, f.Response = "", "", 0, nil
	if got, want := dump(t, DumperConfig{}, nil, f), "127.0.0.1:50000: POST /cart?id=7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDumperFilterError(t *testing.T) {
	opts := option.New()
	if err := opts.Set("dumper_filter=~u ("); err != nil {
		t.Fatal(err)
	}
	var syntax *filter.SyntaxError
	if _, err := NewDumper(opts, DumperConfig{}); !errors.As(err, &syntax) {
		t.Errorf("error %v, want a SyntaxError", err)
	}
}

func TestDumperCutsAtLevelOneOnly(t *testing.T) {
	f := exchange()
	f.Request.Path = "/" + strings.Repeat("x", 200)
	narrow := DumperConfig{Width: func() int { return 80 }}
	if got, _, _ := strings.Cut(dump(t, narrow, nil, f), "\n"); !strings.HasSuffix(got, "…") || len(got) > 90 {
		t.Errorf("line %q", got)
	}
	for _, specs := range [][]string{{"flow_detail=2"}, nil} {
		cfg := narrow
		if specs == nil {
			cfg = DumperConfig{}
		}
		if got := dump(t, cfg, specs, f); strings.Contains(got, "…") {
			t.Errorf("%v: the URL was cut: %q", specs, got)
		}
	}
}

func TestDumperCutsBodies(t *testing.T) {
	f := exchange()
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/plain"}}
	f.Response.Body = flow.BodyOf([]byte("one\ntwo\nthree\n"))
	got := dump(t, DumperConfig{}, []string{"flow_detail=3", "content_view_lines_cutoff=2"}, f)
	if !strings.Contains(got, "    two\n    (cut off)\n") || strings.Contains(got, "three") {
		t.Errorf("got %q", got)
	}
	f.Response.Body = flow.BodyGap(99, flow.Unrecorded)
	if got := dump(t, DumperConfig{}, []string{"flow_detail=4"}, f); !strings.Contains(got, "(content missing)") {
		t.Errorf("got %q", got)
	}
}

func TestDumperConversation(t *testing.T) {
	f := flow.New(flow.TCP, exchange().Client, flow.NewServer(flow.Addr{Host: "db.test", Port: 5432}), time.Unix(0, 0))
	first := f.Snapshot()
	f.Messages = append(f.Messages, flow.Message{FromClient: true, Content: []byte("a\x07b")})
	second := f.Snapshot()
	f.Messages = append(f.Messages, flow.Message{Content: []byte("reply")})
	f.Live, f.Error = false, &flow.Error{Message: "reset"}
	last := f.Snapshot()
	want := "127.0.0.1:50000 -> tcp -> db.test:5432\n127.0.0.1:50000 <- tcp <- db.test:5432\nError in TCP connection to db.test:5432: reset\n"
	if got := dump(t, DumperConfig{}, nil, first, second, last); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := dump(t, DumperConfig{}, []string{"flow_detail=3"}, last); !strings.Contains(got, "    reply\n") || strings.Contains(got, "\a") {
		t.Errorf("got %q", got)
	}
}

// TestDumperEndOfWebSocket: a WebSocket that was closed as it should be is told from one with which something was wrong.
func TestDumperEndOfWebSocket(t *testing.T) {
	for _, c := range []struct {
		end   flow.WebSocket
		error string
		want  string
	}{
		{flow.WebSocket{CloseCode: 1000, ClosedByClient: true}, "", "WebSocket connection closed by client: 1000\n"},
		{flow.WebSocket{CloseCode: 1001, CloseReason: "bye\x07"}, "", "WebSocket connection closed by server: 1001 bye␇\n"},
		{flow.WebSocket{CloseCode: 1006}, "", "Error in WebSocket connection to shop.test:443: WebSocket Error: ABNORMAL_CLOSURE\n"},
		{flow.WebSocket{CloseCode: 1011, CloseReason: "o\x1b"}, "", "Error in WebSocket connection to shop.test:443: WebSocket Error: INTERNAL_ERROR (reason: o␛)\n"},
		{flow.WebSocket{CloseCode: 4000}, "", "Error in WebSocket connection to shop.test:443: WebSocket Error: UNKNOWN_ERROR=4000\n"},
		{flow.WebSocket{}, "killed", "Error in WebSocket connection to shop.test:443: killed\n"},
	} {
		f := exchange()
		f.WebSocket = &c.end
		if c.error != "" {
			f.Error = &flow.Error{Message: c.error}
		}
		if got := dump(t, DumperConfig{}, nil, f); !strings.HasSuffix(got, c.want) || strings.Count(got, "onnection") != 1 || strings.Count(got, "killed") > 1 {
			t.Errorf("got %q, want %q at its end", got, c.want)
		}
	}
}

func TestDumperColor(t *testing.T) {
	if got := dump(t, DumperConfig{Color: true}, nil, exchange()); !strings.Contains(got, "\x1b[1;32m201 Created\x1b[0m") {
		t.Errorf("got %q", got)
	}
	if got := dump(t, DumperConfig{}, []string{"flow_detail=4"}, exchange()); strings.Contains(got, "\x1b") {
		t.Errorf("colour without being asked: %q", got)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0b", 1023: "1023b", 1024: "1k", 1536: "1.5k", 1<<20 - 1: "1m", 5 << 30: "5g"} {
		b := flow.BodyGap(n, flow.Dropped)
		if n == 0 {
			b = flow.Body{}
		}
		if got := size(&b); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}
