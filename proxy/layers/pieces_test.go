package layers_test

import (
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// TestSmallPieces: a peer that sends many pieces of a byte each, which have to wait here, costs us not much more than it was allowed to send.
func TestSmallPieces(t *testing.T) {
	const (
		pieces = 100_000
		room   = 1 << 20 // with an event for each it would be several times as much
	)
	hold := func(b *h2Book) { b.AutoHooks = false }
	stream := func(b *h2Book) { b.OnHook = stream }
	for name, c := range map[string]struct {
		client, server bool // speak HTTP/2
		before         func(*h2Book)
		begin          string
		who            string
		hold           func(*h2Book)
		piece          []byte
	}{
		"request behind a hook":           {true, true, hold, ">> client headers 1 $POST", "client", nil, h2.AppendData(nil, 1, false, []byte("x"))},
		"request in chunks behind a hook": {false, true, hold, `>> client "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n"`, "client", nil, []byte("1\r\nx\r\n")},
		"response behind a hook":          {true, true, nil, begun, "server", hold, h2.AppendData(nil, 1, false, []byte("x"))},
		"response that nobody takes":      {true, true, nil, begun, "server", nil, h2.AppendData(nil, 1, false, []byte("x"))},
		"streamed response nobody takes":  {true, true, stream, begun, "server", nil, h2.AppendData(nil, 1, false, []byte("x"))},
		"chunked response nobody takes":   {true, false, nil, begunInChunks, "server", nil, []byte("1\r\nx\r\n")},
		"before an extended CONNECT":      {true, true, hold, extendedConnect, "client", nil, h2.AppendData(nil, 1, false, []byte("x"))},
		"WebSocket behind a message":      {true, true, nil, webSocket, "server", hold, h2.AppendData(nil, 1, false, []byte("\x82\x00"))},
		"padding":                         {true, true, hold, ">> client headers 1 $POST", "client", nil, padded},
	} {
		t.Run(name, func(t *testing.T) {
			b := h2Play(t, c.client, c.server, layer.Options{WebSocket: true})
			if c.before != nil {
				c.before(b)
			}
			b.Start()
			for line := range strings.Lines(words.Replace(c.begin)) {
				b.event(strings.TrimSpace(strings.TrimPrefix(line, ">> ")))
				b.output()
			}
			if c.hold != nil {
				c.hold(b)
			}
			conn := b.conn(c.who)
			before := heap()
			for range pieces {
				b.Data(conn, append([]byte(nil), c.piece...))
				b.output()
			}
			if grown := heap() - before; grown > room {
				t.Errorf("%d KiB for %d pieces of a byte", grown>>10, pieces)
			} else {
				t.Logf("%d KiB for %d pieces of a byte", grown>>10, pieces)
			}
			if conn.State == 0 {
				t.Error("the connection is closed")
			}
			runtime.KeepAlive(b)
		})
	}
}

const (
	begun = ">> client settings 4=0\n>> client headers 1 end $GET\n>> server headers 1 :status=200"

	begunInChunks = ">> client settings 4=0\n>> client headers 1 end $GET\n" +
		`>> server "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"`
	extendedConnect = ">> client headers 1 :method=CONNECT :protocol=websocket :scheme=https :path=/ :authority=example.com sec-websocket-version=13"
	webSocket       = ">> server settings 8=1\n>> client settings 4=0\n" + extendedConnect + "\n>> server headers 1 :status=200"
)

// padded is a frame that is nearly all padding.
var padded = append(append(h2.AppendFrameHeader(nil, 257, http2.FrameData, http2.FlagDataPadded, 1), 255, 'x'), make([]byte, 255)...)

// heap returns how much memory is reachable.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
