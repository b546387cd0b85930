package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLargeFlowsWaitForTheStore: while nobody takes what is published, a client gets only so far as its flows do not take up much, and
// goes on from there when they are taken: all of them are.
func TestLargeFlowsWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all, size = 30, 64 << 10
		w := newHTTPWorld(t, Config{})
		w.gate = make(chan struct{})
		w.serveAll()
		c := w.connect()
		var answered atomic.Int32
		done := make(chan struct{})
		go func() {
			defer close(done)
			in := bufio.NewReader(c)
			for i := range all {
				fmt.Fprintf(c, "GET http://origin.test/%d HTTP/1.1\r\nHost: origin.test\r\nA: %s\r\n\r\n", i, strings.Repeat("x", size))
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				answered.Add(1)
			}
		}()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := answered.Load(); n == 0 || n > 4*maxFreshSize/size {
			t.Errorf("%d of %d requests were answered while nothing was taken", n, all)
		}
		close(w.gate)
		<-done
		if n := len(w.settled()); n != all {
			t.Errorf("%d of %d flows were published", n, all)
		}
		c.Close()
		w.wantOver(time.Minute)
		w.end()
	})
}

// serveAll answers every request on every connection.
func (w *world) serveAll() {
	go func() {
		for {
			select {
			case c := <-w.servers:
				go func() {
					for readHeadOf(c) != "" {
						io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
					}
				}()
			case <-w.over:
				return
			}
		}
	}()
}
