package proxy

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"sluice/proxy/addon"
)

// Whoever sends while a person holds the flow, or a server is being reached, is slowed and not remembered without end.
func TestBacklogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := holdAll(t)
		w := newWorld(t, Config{Addons: addon.Chain{hold}})
		c := w.connect()
		s := <-w.servers
		var sent atomic.Int64
		piece := make([]byte, 32<<10)
		const all = 32 << 20
		go func() {
			for sent.Load() < all {
				n, err := c.Write(piece)
				if err != nil {
					return
				}
				sent.Add(int64(n))
			}
		}()
		f := w.flow()
		if n := sent.Load(); n > maxBacklog+4*readSize || n < maxBacklog/2 {
			t.Fatalf("%d bytes wait", n)
		}
		hold.SetFilter(nil)
		go func() {
			b := make([]byte, readSize)
			for {
				if _, err := s.Read(b); err != nil {
					return
				}
			}
		}()
		hold.Resume(f.ID, nil)
		synctest.Wait()
		if n := sent.Load(); n != all {
			t.Fatalf("only %d bytes went on", n)
		}
		c.Close()
		w.end()
	})
}

func TestCrowdedClientCanEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{Addons: addon.Chain{holdAll(t)}})
		c := w.connect()
		<-w.servers
		go func() {
			piece := make([]byte, 32<<10)
			for {
				if _, err := c.Write(piece); err != nil {
					return
				}
			}
		}()
		w.flow()
		w.end()
	})
}
