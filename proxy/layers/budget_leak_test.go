package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

const small = 1 << 20

// wantUnused checks that nothing counts in a small budget but n bytes.
func wantUnused(t *testing.T, ctx *layer.Context, n int64) {
	t.Helper()
	if !ctx.HasRoom(small - n) {
		t.Errorf("more than %d bytes count in the budget when everything is over", n)
	}
}

// TestBudgetOfHeadsThatBreakOff: what has come of a field section counts no longer than its connection lasts.
func TestBudgetOfHeadsThatBreakOff(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{BodyBudget: small})
	b.play(`
		>> client headers 1 end $GET
		<< server headers 1 end $GET
		>> server goaway 1 0
	`)
	head := append([]byte{0, 0x40, 0, 1, 0, 0, 0, 0, 1}, make([]byte, 0x4000)...)
	b.Data(b.conn("server"), head)
	b.event("client reset 1 8")
	b.event("server closed")
	b.event("client closed")
	b.output()
	wantUnused(t, b.ctx, 0)
}

// TestBudgetOfTunnels: what is inside a stream of HTTP/2 counts no longer than the stream lasts, whatever became of it.
func TestBudgetOfTunnels(t *testing.T) {
	b := h2Play(t, true, false, layer.Options{BodyBudget: small, Lazy: true, WebSocket: true})
	b.Playbook = layertest.New(t, b.ctx, layers.NewHTTP(b.ctx, layers.HTTPRegular))
	b.ctx.Server = flow.NewServer(flow.Addr{})
	b.AutoHooks, b.HideHooks = true, true
	b.OnNext = func(n *layer.NextLayer) { n.Decide(layers.NewHTTP(n.Context, layers.HTTPTransparent)) }
	b.play(`
		>> client headers 1 :method=CONNECT :authority=example.com:80
		<< client headers 1 :status=200
	`)
	b.event("client data 1 GET%20/%20HTTP/1.1%0d%0aHost:%20example.com%0d%0aSec-WebSocket-Version:%2013%0d%0aUpgrade:%20websocket%0d%0aConnection:%20Upgrade%0d%0a%0d%0a")
	b.Do("opened")
	b.Data(&b.Server(1).Conn, []byte("HTTP/1.1 101 Up\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
	if got := strings.Join(b.output(), "\n"); !strings.Contains(got, "101 Up") {
		t.Fatal(got)
	}
	b.event("client reset 1 8")
	b.output()
	wantUnused(t, b.ctx, 0)
}
