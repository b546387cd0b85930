package layers_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
	"sluice/proxy/wire/ws"
)

// openHTTP1 has a client that speaks HTTP/2 open a WebSocket with a server that speaks HTTP/1, and returns the key that the server got.
func openHTTP1(t *testing.T, onHook func(layer.Hook)) (b *h2Book, key string) {
	t.Helper()
	b = h2Play(t, true, false, layer.Options{WebSocket: true})
	b.OnHook = onHook
	b.event("client headers 1 :method=CONNECT :protocol=websocket :scheme=https :path=/chat :authority=example.com " +
		"sec-websocket-version=13 sec-websocket-protocol=a sec-websocket-key=mine + data 1 \x81\x82%00%00%00%00hi")
	sent := ""
	for _, line := range b.output() {
		if q, ok := strings.CutPrefix(line, "send server "); ok {
			sent, _ = strconv.Unquote(q)
		}
	}
	_, key, _ = strings.Cut(sent, "Sec-WebSocket-Key: ")
	key = strings.TrimSuffix(key, "\r\n\r\n")
	want := "GET /chat HTTP/1.1\r\nHost: example.com\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: a\r\n" +
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " + key + "\r\n\r\n"
	if sent != want || len(key) != 24 {
		t.Fatalf("the server got %q", sent)
	}
	return b, key
}

// switches is how a server agrees.
func switches(key string) string {
	return fmt.Sprintf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: a\r\n\r\n", ws.Accept(key))
}

// TestExtendedConnectToHTTP1 reads the messages of a WebSocket between a client that speaks HTTP/2 and a server that speaks HTTP/1.
func TestExtendedConnectToHTTP1(t *testing.T) {
	var f *flow.Flow
	b, key := openHTTP1(t, func(h layer.Hook) {
		if h, ok := h.(*layer.WebSocketEnd); ok {
			f = h.Flow
		}
	})
	b.Data(b.conn("server"), []byte(switches(key)+"\x81\x02ho"))
	b.compare([]string{
		"client headers 1 :status=200 sec-websocket-protocol=a",
		`send server "\x81\x82\x00\x00\x00\x00hi"`,
		"client data 1 \x81\x02ho",
	})
	b.event("client data 1 \x88\x82%00%00%00%00\x03\xe8")
	b.compare([]string{`send server "\x88\x82\x00\x00\x00\x00\x03\xe8"`, "wakeup 10s", "update"})
	b.Data(b.conn("server"), []byte("\x88\x02\x03\xe8"))
	if got := strings.Join(b.output(), "\n"); !strings.Contains(got, "client data 1 end \x88\x02\x03\xe8") || !strings.Contains(got, "close server") {
		t.Errorf("at the end came\n%s", got)
	}
	if f == nil || len(f.WebSocket.Messages) != 2 || f.Live || f.WebSocket.CloseCode != 1000 || f.Request.Method != "CONNECT" || f.Response.Status != 200 {
		t.Errorf("%+v", f)
	}
}

// TestExtendedConnectRefusedByHTTP1: what is no consent does not become one.
func TestExtendedConnectRefusedByHTTP1(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(key string) string
		status int
	}{
		"no":          {func(string) string { return "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" }, 403},
		"a page":      {func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" }, 502},
		"another key": {func(string) string { return switches("another") }, 502},
		"another protocol": {func(key string) string {
			return strings.Replace(switches(key), "WebSocket", "h2c", 1)
		}, 502},
	} {
		b, key := openHTTP1(t, nil)
		b.Data(b.conn("server"), []byte(c.answer(key)))
		got := strings.Join(b.output(), "\n")
		if !strings.Contains(got, fmt.Sprintf("client headers 1 :status=%d", c.status)) || !strings.Contains(got, "close server") || strings.Contains(got, `send server`) {
			t.Errorf("%s became\n%s", name, got)
		}
	}
}

// TestExtendedConnectThrottlesHTTP1: a server whose messages the client does not take is not read any more, until it takes them.
func TestExtendedConnectThrottlesHTTP1(t *testing.T) {
	b, key := openHTTP1(t, nil)
	b.Data(b.conn("server"), []byte(switches(key)))
	b.output()
	message := ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Binary}, make([]byte, 16<<10))
	paused := 0
	for ; paused < 64 && !strings.Contains(strings.Join(b.output(), "\n"), "stop reading server"); paused++ {
		b.Data(b.conn("server"), message)
	}
	if paused == 64 {
		t.Fatal("the server is read although the client takes nothing")
	}
	b.event("client window 0 10000000 + window 1 10000000")
	if got := strings.Join(b.output(), "\n"); !strings.Contains(got, "go on reading server") {
		t.Errorf("the server is not read again")
	}
}

// TestExtendedConnectWaitsForHTTP1: a client whose messages the server does not take gets no more credit, until it takes them.
func TestExtendedConnectWaitsForHTTP1(t *testing.T) {
	b, key := openHTTP1(t, nil)
	b.Data(b.conn("server"), []byte(switches(key)))
	b.output()
	slow := true
	b.ctx.Behind = func(*flow.Conn) bool { return slow }
	b.windows = true
	message := h2.AppendData(nil, 1, false, ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Binary, Masked: true}, make([]byte, 15<<10)))
	for range 8 {
		b.Data(b.conn("client"), message)
	}
	if got := strings.Join(b.output(), "\n"); strings.Contains(got, "client window 1") {
		t.Error("the client gets credit although the server takes nothing")
	}
	slow = false
	b.event("server drained")
	if got := strings.Join(b.output(), "\n"); !strings.Contains(got, "client window 1") {
		t.Errorf("the client gets no credit when the server takes something:\n%s", got)
	}
}
