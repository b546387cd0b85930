package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

const (
	largeBody = 64 << 20
	roomFor   = 16 << 20 // what the heap may grow by while a large body passes, with garbage that was made meanwhile
)

// heap returns how much is reachable.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A gauge reads or is read, and notes at every quarter of a large body how large the heap is.
type gauge struct {
	n, next, most int64
}

func (g *gauge) pass(n int) {
	if g.n += int64(n); g.n >= g.next {
		g.next += largeBody / 4
		g.most = max(g.most, heap())
	}
}

func (g *gauge) Write(p []byte) (int, error) {
	g.pass(len(p))
	return len(p), nil
}

func (g *gauge) Read(p []byte) (int, error) {
	n := int(min(int64(len(p)), largeBody-g.n))
	if n == 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	g.pass(n)
	return n, nil
}

// TestLargeBodiesPassInBoundedMemory: what a body costs while it passes does not depend on its size.
func TestLargeBodiesPassInBoundedMemory(t *testing.T) {
	for name, c := range map[string]struct {
		set string
		gap flow.Gap
	}{
		"recorded": {"body_record_limit=1m", flow.Cut},
		"passed":   {"stream_large_bodies=1m", flow.Unrecorded},
	} {
		t.Run(name, func(t *testing.T) {
			origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
				got, _ := io.Copy(io.Discard, q.Body)
				if q.Method == "POST" {
					fmt.Fprint(w, got)
					return
				}
				io.Copy(w, io.LimitReader(zeros{}, largeBody))
			})
			r := newRig(t, c.set)
			r.do("GET", origin+"/warm", "") // a first connection is not what is measured
			before := heap()

			down := &gauge{next: largeBody / 4}
			resp, err := r.client.Get(origin + "/down")
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(down, resp.Body)
			resp.Body.Close()
			up := &gauge{next: largeBody / 4}
			resp, err = r.client.Post(origin+"/up", "", struct{ io.Reader }{up})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if down.n != largeBody || string(got) != fmt.Sprint(largeBody) {
				t.Fatalf("%d bytes came down, %s went up", down.n, got)
			}
			if d, u := down.most-before, up.most-before; d > roomFor || u > roomFor {
				t.Errorf("the heap grew by %d KiB for a download, %d KiB for an upload", d>>10, u>>10)
			}
			t.Logf("the heap grew by %d KiB for a download, %d KiB for an upload", (down.most-before)>>10, (up.most-before)>>10)
			f := r.wait("/down", ended)
			if b := &f.Response.Body; b.Gap() != c.gap || b.Len() != largeBody || b.Kept() > 1<<20 {
				t.Errorf("response: %d of %d kept, gap %d", b.Kept(), b.Len(), b.Gap())
			}
			f = r.wait("/up", ended)
			if b := &f.Request.Body; b.Gap() != c.gap || b.Len() != largeBody || b.Kept() > 1<<20 {
				t.Errorf("request: %d of %d kept, gap %d", b.Kept(), b.Len(), b.Gap())
			}
		})
	}
}

// TestPiecesArriveOneByOne: the origin writes a piece only after the client has read the one before
// and the store has seen it, as event streams, long polls and chunked downloads need it.
func TestPiecesArriveOneByOne(t *testing.T) {
	for name, kind := range map[string]string{"events": "text/event-stream", "chunks": "application/octet-stream"} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{})
			origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Content-Type", kind)
				for i := range 5 {
					fmt.Fprintf(w, "data: %d\n", i)
					w.(http.Flusher).Flush()
					select {
					case <-seen:
					case <-q.Context().Done():
						return
					}
				}
			})
			r := newRig(t)
			resp, err := r.client.Get(origin + "/pieces")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			in, all := bufio.NewReader(resp.Body), ""
			for i := range 5 {
				line, err := in.ReadString('\n')
				if err != nil || line != fmt.Sprintf("data: %d\n", i) {
					t.Fatal(line, err)
				}
				all += line
				f := r.wait("/pieces", func(f *flow.Flow) bool {
					return f.Response != nil && strings.HasPrefix(string(f.Response.Body.Bytes()), all)
				})
				if !f.Live {
					t.Error("the flow is over before its last piece was asked for")
				}
				seen <- struct{}{}
			}
			if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
				t.Error(rest, err)
			}
		})
	}
}
