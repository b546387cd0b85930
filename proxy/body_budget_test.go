package proxy

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"sluice/proxy/flow"
)

// TestBodyBudgetIsShared: many downloads at once arrive whole, and together keep no more than the budget; a small one
// beside them is recorded whole; when all are over, however they ended, the budget is all there again.
func TestBodyBudgetIsShared(t *testing.T) {
	const budget, size, clients = 8 << 20, 4 << 20, 12
	var sent sync.WaitGroup
	sent.Add(clients)
	finish := make(chan struct{})
	origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/small" {
			fmt.Fprint(w, "whole")
			return
		}
		io.Copy(w, io.LimitReader(zeros{}, size))
		w.(http.Flusher).Flush()
		<-finish
	})
	r := newRig(t, "body_record_budget=8m")
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			c := r.newClient()
			defer c.CloseIdleConnections()
			resp, err := c.Get(fmt.Sprintf("%s/large%d", origin, i))
			if err != nil {
				t.Error(err)
				sent.Done()
				return
			}
			defer resp.Body.Close()
			n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, size))
			if sent.Done(); n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			<-finish
			if i%2 == 0 { // the others leave in the middle
				io.Copy(io.Discard, resp.Body)
			}
		})
	}
	sent.Wait()
	if _, body, _ := r.do("GET", origin+"/small", ""); body != "whole" {
		t.Errorf("%q", body)
	}
	if f := r.wait("/small", ended); string(f.Response.Body.Bytes()) != "whole" {
		t.Errorf("the small body: %q, gap %d", f.Response.Body.Bytes(), f.Response.Body.Gap())
	}
	if used := r.bodies.Used(); used > budget+clients*countedIn || used < budget/2 { // each may go a step over it
		t.Errorf("%d bytes of %d are used", used, budget)
	}
	kept, cut := int64(0), 0
	for i := range clients {
		f := r.wait(fmt.Sprintf("/large%d", i), func(f *flow.Flow) bool { return f.Response != nil && f.Response.Body.Len() == size })
		kept += f.Response.Body.Kept()
		if f.Response.Body.Gap() == flow.Cut {
			cut++
		}
	}
	if kept > budget+clients*countedIn || cut == 0 {
		t.Errorf("%d bytes are kept, %d bodies were cut", kept, cut)
	}
	close(finish)
	all.Wait()
	for i := range clients {
		r.wait(fmt.Sprintf("/large%d", i), ended)
	}
	if used := r.bodies.Used(); used != 0 {
		t.Errorf("%d bytes are used when all is over", used)
	}
}

// countedIn are the steps, in bytes, in which a body counts.
const countedIn = 64 << 10
