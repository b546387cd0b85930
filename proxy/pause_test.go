package proxy

import (
	"bytes"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"sluice/proxy/addon"
)

// What a client sends behind a held message waits with the client, not here, and all of it comes through in the end.
func TestHeldFlowStopsItsSource(t *testing.T) {
	for _, end := range []string{"resumed", "killed", "shut down"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := holdAll(t)
				w := newWorld(t, Config{Addons: addon.Chain{hold}})
				c := w.connect()
				s := <-w.servers
				send(t, c, "held")
				f := w.flow()
				const all = 8 << 20
				var sent atomic.Int64
				go func() {
					piece := make([]byte, 64<<10)
					for sent.Load() < all {
						n, err := c.Write(piece)
						if sent.Add(int64(n)); err != nil {
							return
						}
					}
				}()
				synctest.Wait()
				if n := sent.Load(); n > 1<<20 {
					t.Errorf("%d bytes were taken behind a held message", n)
				}
				switch end {
				case "resumed":
					hold.SetFilter(nil)
					hold.Resume(f.ID, nil)
					got := make([]byte, len("held")+all)
					if _, err := io.ReadFull(s, got); err != nil || !bytes.HasPrefix(got, []byte("held\x00")) {
						t.Errorf("%.10q: %v", got, err)
					}
				case "killed":
					hold.Kill(f.ID)
					if b, err := io.ReadAll(s); err != nil || len(b) > 0 {
						t.Errorf("%d bytes of a killed flow, %v", len(b), err)
					}
				}
				c.Close()
				w.end()
			})
		})
	}
}
