package layers

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/wire/ws"
)

const (
	smallBudget = 1 << 20
	recordable  = smallBudget * 3 / 4
)

// taken returns what was sent to a connection in one piece, and how often the log named the budget.
func taken(p *layertest.Playbook, who string) (sends, told int) {
	for _, line := range p.TakeAll() {
		switch {
		case strings.HasPrefix(line, "send "+who):
			sends++
		case strings.HasPrefix(line, "log warn") && strings.Contains(line, "body_record_budget"):
			told++
		}
	}
	return sends, told
}

// TestTCPRecordIsWithinTheBudget: of a flow that is too large for what is left of the budget, the messages that follow pass and are
// recorded no more, which log and flow say; when it is over, all of the budget is there again.
func TestTCPRecordIsWithinTheBudget(t *testing.T) {
	ctx := layertest.Context(layer.Options{BodyBudget: smallBudget})
	ctx.Server.Address = flow.Addr{Host: "example.com", Port: 25}
	p := layertest.New(t, ctx, NewTCP(ctx, false))
	var f *flow.Flow
	p.AutoHooks, p.HideHooks, p.OnHook = true, true, func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }
	p.Run("<< open server …\n>> opened")
	const piece, all = 32 << 10, 40
	sends, told := 0, 0
	for range all {
		p.Data(&p.Server(1).Conn, make([]byte, piece))
		n, k := taken(p, "client")
		sends, told = sends+n, told+k
	}
	if n := len(f.Messages) * piece; sends != all || told != 1 || n == 0 || n > recordable {
		t.Errorf("%d of %d pieces passed, %d bytes are recorded, said %d times", sends, all, n, told)
	}
	if why := f.Metadata["tcp_record"]; !strings.Contains(why, "body_record_budget") {
		t.Errorf("the flow says %q", why)
	}
	if ctx.MayRecord(recordable) {
		t.Error("what is recorded does not count")
	}
	p.Run(">> server closed\n<< half-close client\n>> client closed\n<< close server")
	if f.Live || !ctx.MayRecord(recordable) {
		t.Error("the budget is not there again when the flow is over")
	}
}

// TestWebSocketRecordIsWithinTheBudget is the same for messages of a WebSocket, whole and endless.
func TestWebSocketRecordIsWithinTheBudget(t *testing.T) {
	whole := ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Binary}, make([]byte, 32<<10))
	part := ws.AppendFrame(nil, ws.Head{Op: ws.Continuation}, make([]byte, 32<<10))
	for name, pieces := range map[string][][]byte{
		"messages": {whole, whole},
		"endless":  {ws.AppendFrame(nil, ws.Head{Op: ws.Binary}, []byte("begin")), part},
	} {
		t.Run(name, func(t *testing.T) {
			const all = 60
			r := newWSRigWith(t, "", layer.Options{BodyBudget: smallBudget})
			r.Start()
			sends, told := 0, 0
			for i := range all {
				r.Data(r.server, pieces[min(i, 1)])
				n, k := taken(r.Playbook, "client")
				sends, told = sends+n, told+k
			}
			kept := int64(0)
			for _, m := range r.flow.WebSocket.Messages {
				kept += int64(len(m.Content))
			}
			if sends < all || told != 1 || kept > recordable || name == "messages" && kept == 0 {
				t.Errorf("%d of %d pieces passed, %d bytes are recorded, said %d times", sends, all, kept, told)
			}
			if why := r.flow.Metadata["websocket_record"]; !strings.Contains(why, "body_record_budget") {
				t.Errorf("the flow says %q", why)
			}
			r.Event(&layer.Kill{Flow: r.flow.ID})
			if r.TakeAll(); r.flow.Live || !r.ctx.MayRecord(recordable) {
				t.Error("the budget is not there again when the flow is over")
			}
		})
	}
}

// TestWebSocketHeldMessageIsWithinTheBudget: one that has to be whole before it goes on, and for which there is no room, ends the
// connection with the code that asks to come back later.
func TestWebSocketHeldMessageIsWithinTheBudget(t *testing.T) {
	r := newWSRigWith(t, "", layer.Options{BodyBudget: smallBudget})
	r.hold = true
	r.Start()
	h := ws.Head{Op: ws.Binary, Length: maxMessage}
	r.Data(r.server, h.Append(nil))
	var lines []string
	for i := 0; len(lines) == 0; i++ {
		if r.Data(r.server, make([]byte, 64<<10)); i > smallBudget>>16 {
			t.Fatal("more is kept than the budget allows")
		}
		lines = r.TakeAll()
	}
	if got := strings.Join(lines, "\n"); !strings.Contains(got, "raise body_record_budget") || !strings.Contains(got, `send client "\x88P\x03\xf5`) {
		t.Errorf("%s", got)
	}
	if r.flow.WebSocket.CloseCode != ws.TryAgainLater || !r.ctx.HasRoom(smallBudget) {
		t.Errorf("closed with %d, or the budget is not there again", r.flow.WebSocket.CloseCode)
	}
}
