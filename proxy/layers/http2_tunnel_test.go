package layers_test

import (
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TestExtendedConnect passes bytes through a stream of both sides, once the server has said that it takes it (RFC 8441).
func TestExtendedConnect(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{RawTCP: true})
	b.play(`
		>> server settings 8=1
		<< client settings ENABLE_CONNECT_PROTOCOL=1
		>> client headers 1 :method=CONNECT :protocol=websocket :scheme=https :path=/chat :authority=example.com sec-websocket-version=13
		<< server headers 1 :method=CONNECT :scheme=https :path=/chat :authority=example.com :protocol=websocket sec-websocket-version=13
		# what comes early keeps its place
		>> client data 1 early
		>> server headers 1 :status=200 + data 1 welcome
		<< client headers 1 :status=200
		<< server data 1 early
		<< client data 1 welcome
		>> client data 1 more
		<< server data 1 more
		>> server data 1 less
		<< client data 1 less
		>> client headers 3 end $GET
		<< server headers 3 end $GET
		>> client data 1 end
		<< server data 1 end
		>> server data 1 end bye
		<< client data 1 end bye
		>> server headers 3 end :status=204
		<< client headers 3 end :status=204
	`)
}

// TestExtendedConnectOfWebSocket reads the frames that pass, in streams of both sides.
func TestExtendedConnectOfWebSocket(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{WebSocket: true})
	var f *flow.Flow
	b.OnHook = func(h layer.Hook) {
		if h, ok := h.(*layer.WebSocketEnd); ok {
			f = h.Flow
		}
	}
	b.play(strings.NewReplacer(
		"$HI", "\x81\x02hi", "$HO", "\x81\x82\x00\x00\x00\x00ho", "$BAD", "\x8c\x00",
		"$BYE", "\x88\x02\x03\xe8", "$CLOSE", "\x88\x82\x00\x00\x00\x00\x03\xe8",
	).Replace(`
		>> server settings 8=1
		<< client settings ENABLE_CONNECT_PROTOCOL=1
		>> client headers 1 :method=CONNECT :protocol=websocket :scheme=https :path=/chat :authority=example.com sec-websocket-version=13
		<< server headers 1 :method=CONNECT :scheme=https :path=/chat :authority=example.com :protocol=websocket sec-websocket-version=13
		>> server headers 1 :status=200 + data 1 $HI
		<< client headers 1 :status=200
		<< client data 1 $HI
		>> client data 1 $HO
		<< server data 1 $HO
		>> server data 1 $BYE
		<< client data 1 $BYE
		<< wakeup 10s
		<< update
		>> client data 1 $CLOSE
		<< server data 1 end $CLOSE
		<< server reset 1 NO_ERROR
		<< client data 1 end
		<< client reset 1 NO_ERROR
	`))
	if f == nil || len(f.WebSocket.Messages) != 2 || f.Live || f.WebSocket.CloseCode != 1000 {
		t.Errorf("%+v", f)
	}
}

func TestExtendedConnectIsRefused(t *testing.T) {
	for _, server := range []bool{true, false} {
		b := h2Play(t, true, server, layer.Options{RawTCP: true})
		b.event("client headers 1 :method=CONNECT :protocol=x :scheme=https :path=/chat :authority=example.com")
		if got := b.output(); len(got) == 0 || !matchFront(got[len(got)-1], "client reset 1 NO_ERROR") || !strings.Contains(strings.Join(got, ""), "client headers 1 :status=502") {
			t.Errorf("%q", got)
		}
	}
}

func TestExtendedConnectGivenUp(t *testing.T) {
	for name, c := range map[string]string{
		"by the client": ">> client reset 1 8\n<< server data 1 end\n<< server reset 1 CANCEL",
		"by the server": ">> server reset 1 8\n<< client data 1 end\n>> client data 1 end",
	} {
		t.Run(name, func(t *testing.T) {
			b := h2Play(t, true, true, layer.Options{RawTCP: true})
			b.play(`
				>> server settings 8=1
				<< client settings ENABLE_CONNECT_PROTOCOL=1
				>> client headers 1 :method=CONNECT :protocol=x :scheme=https :path=/chat :authority=example.com
				<< server headers 1 :method=CONNECT :scheme=https :path=/chat :authority=example.com :protocol=x
				>> server headers 1 :status=200
				<< client headers 1 :status=200
				` + c)
			b.play(`
				>> client headers 3 end $GET
				<< server headers 3 end $GET
			`)
		})
	}
}

// TestHTTP2Keepalive pings a server that has been idle.
func TestHTTP2Keepalive(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{HTTP2Ping: 58 * time.Second})
	now := b.ctx.Now()
	b.ctx.Now = func() time.Time { return now }
	b.play(`
		<< wakeup 58s
		>> client headers 1 end $GET
		<< server headers 1 end $GET
	`)
	now = now.Add(20 * time.Second)
	b.play(`
		>> server headers 1 end :status=204
		<< client headers 1 end :status=204
	`)
	now = now.Add(38 * time.Second)
	b.play(`
		>> wakeup
		<< wakeup 20s
	`)
	now = now.Add(20 * time.Second)
	b.play(`
		>> wakeup
		<< wakeup 58s
		<< server ping
		>> server closed
		<< close server
		>> wakeup
	`)
}
