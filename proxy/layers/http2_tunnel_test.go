package layers_test

import (
	"strings"
	"testing"
	"time"

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

func TestExtendedConnectIsRefused(t *testing.T) {
	for _, server := range []bool{true, false} {
		b := h2Play(t, true, server, layer.Options{RawTCP: true})
		b.event("client headers 1 :method=CONNECT :protocol=websocket :scheme=https :path=/chat :authority=example.com")
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
		>> client headers 1 end $GET
		<< wakeup 58s
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
