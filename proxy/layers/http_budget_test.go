package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TestBodyBudget: a body that is larger than what is left of the three quarters of the budget that may be recorded passes on, is recorded no further, and the log says so once;
// when its flow is over, all of the budget is there again.
func TestBodyBudget(t *testing.T) {
	const budget, piece = 1 << 20, 64 << 10
	var flows []*flow.Flow
	p, ctx := play(t, layer.Options{BodyBudget: budget})
	p.AutoHooks, p.HideHooks, p.OnHook = true, true, func(h layer.Hook) {
		if h, ok := h.(*layer.ResponseHeaders); ok {
			flows = append(flows, h.Flow)
		}
	}
	for i := range 2 {
		open := ""
		if i == 0 {
			open = `
			<< open server example.com:80
			>> opened`
		}
		run(t, p, `
			>> client "$GET"`+open+`
			<< send server "$SENT"
			>> server "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"
			<< send client "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"
		`)
		sent, said := 0, 0
		for range 1 << 20 / piece {
			p.Data(&p.Server(1).Conn, make([]byte, piece))
			for _, line := range p.TakeAll() {
				if strings.HasPrefix(line, "log warn") && strings.Contains(line, "body_record_budget") {
					said++
				} else if strings.HasPrefix(line, "send client") {
					sent++
				} else {
					t.Error(line)
				}
			}
		}
		b := &flows[i].Response.Body
		if sent != 1<<20/piece || b.Len() != 1<<20 || b.Gap() != flow.Cut || b.Kept() != budget*3/8 || b.CutBy() != "body_record_budget" {
			t.Errorf("%d pieces sent, %d of %d bytes kept, gap %d", sent, b.Kept(), b.Len(), b.Gap())
		}
		if said != 1 {
			t.Errorf("said %d times", said)
		}
		if left := ctx.Spare(); left != budget*3/4 {
			t.Errorf("%d bytes of the budget are left at the end", left)
		}
	}
}

// TestBodyBudgetOfHeldBodies: one that is held goes on as it is when there is no room for it and its copy on the way.
func TestBodyBudgetOfHeldBodies(t *testing.T) {
	p := quiet(t, layer.Options{BodyBudget: 16 << 20}, hold)
	run(t, p, `
		>> client "$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"
	`)
	n := 0
	for ; p.TakeAll() == nil; n++ {
		p.Data(&p.Server(1).Conn, make([]byte, 1<<20))
	}
	if n != 6 {
		t.Errorf("%d MiB were held", n)
	}
}
