package proxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// pieces is how many pieces pass in each direction that has many.
const pieces = 4

// A turn is what both ends of an exchange have of it. What one end says it says only when the other has told it that
// it has seen what came before, past the proxy: if anything is held, nobody goes on.
type turn struct {
	t    *testing.T
	seen chan struct{} // by the client
	got  chan string   // by the origin
}

// see lets the origin go on.
func (c *turn) see() { c.seen <- struct{}{} }

// await waits until the client has seen what was said, and reports whether it is still there.
func (c *turn) await(q *http.Request) bool {
	select {
	case <-c.seen:
		return true
	case <-q.Context().Done():
		return false
	}
}

// say sends a piece, or the head if it is empty, and waits until the client has seen it.
func (c *turn) say(w http.ResponseWriter, q *http.Request, p string) bool {
	io.WriteString(w, p)
	http.NewResponseController(w).Flush()
	return c.await(q)
}

// hear reads n bytes of the request and tells the client.
func (c *turn) hear(q *http.Request, n int) bool {
	b := make([]byte, n)
	if _, err := io.ReadFull(q.Body, b); err != nil {
		c.got <- err.Error()
		return false
	}
	c.got <- string(b)
	return true
}

// finished waits for the end of the request.
func (c *turn) finished(q *http.Request) bool {
	rest, err := io.ReadAll(q.Body)
	if len(rest) > 0 || err != nil {
		c.t.Errorf("%.40q, %v at the end of the request", rest, err)
	}
	return err == nil
}

// event is one of Server-Sent Events, and message one of gRPC.
func event(i int) string { return fmt.Sprintf("id: %d\ndata: event %d\n\n", i, i) }

func message(who string, i int) string {
	text := fmt.Sprintf("%s %d", who, i)
	b := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text)))
	return string(append(b, text...))
}

// chunk is a piece of a download that fits into no buffer on its way at once.
func chunk(i int) string { return strings.Repeat(string(rune('a'+i)), 300<<10) }

// A kind is a way to use an exchange: what the client sends and what it gets, piece by piece, and in which order.
type kind struct {
	name, media string
	up, down    []string
	duplex      bool // the client says its next piece when it has got one; otherwise all of its own first
	trailers    bool
}

func list(n int, piece func(int) string) (all []string) {
	for i := range n {
		all = append(all, piece(i))
	}
	return all
}

func kinds() []kind {
	ask := func(i int) string { return message("ask", i) }
	answer := func(i int) string { return message("answer", i) }
	return []kind{
		{name: "events", media: "text/event-stream", down: list(pieces, event)},
		{name: "poll", media: "application/json", down: []string{`{"news":1}`}},
		{name: "download", media: "application/octet-stream", down: list(pieces, chunk)},
		{name: "unary", media: "application/grpc", up: list(1, ask), down: list(1, answer), trailers: true},
		{name: "server-streaming", media: "application/grpc", up: list(1, ask), down: list(pieces, answer), trailers: true},
		{name: "client-streaming", media: "application/grpc", up: list(pieces, ask), down: list(1, answer), trailers: true},
		{name: "bidirectional", media: "application/grpc", up: list(pieces, ask), down: list(pieces, answer), duplex: true, trailers: true},
	}
}

// serve is the origin's end.
func (k kind) serve(c *turn) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Content-Type", k.media)
		if k.trailers {
			w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		}
		if k.duplex && !c.say(w, q, "") {
			return
		}
		for i, p := range k.up {
			if !c.hear(q, len(p)) || k.duplex && !c.say(w, q, k.down[i]) {
				return
			}
		}
		if !k.duplex && (!c.finished(q) || !c.say(w, q, "")) { // the head alone
			return
		}
		for _, p := range k.down {
			if !k.duplex && !c.say(w, q, p) {
				return
			}
		}
		if k.duplex && !c.finished(q) {
			return
		}
		if k.trailers {
			w.Header().Set("Grpc-Status", "0")
			w.Header().Set("Grpc-Message", "done")
		}
	}
}

// play is the client's end. After each piece the store has to have it, while the flow is alive.
func (k kind) play(r *rig, client *http.Client, url string, c *turn) *flow.Flow {
	t := r.t
	method, body, out := "GET", io.Reader(nil), io.WriteCloser(nil)
	if k.up != nil {
		method = "POST"
		body, out = io.Pipe()
	}
	q, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", k.media)
	q.Header.Set("Te", "trailers")
	answered := make(chan *http.Response, 1)
	go func() {
		resp, err := client.Do(q)
		if err != nil {
			t.Error(err)
		}
		answered <- resp
	}()
	var sent, came bytes.Buffer
	upload := func(p string) {
		io.WriteString(out, p)
		if got := <-c.got; got != p {
			t.Errorf("the origin got %.40q, not %.40q", got, p)
		}
		sent.WriteString(p)
		r.wait("/"+k.name, func(f *flow.Flow) bool { return f.Live && bytes.Equal(f.Request.Body.Bytes(), sent.Bytes()) })
	}
	if !k.duplex {
		for _, p := range k.up {
			upload(p)
		}
		if out != nil {
			out.Close()
		}
	}
	resp := <-answered
	if resp == nil {
		t.FailNow()
	}
	defer resp.Body.Close()
	r.wait("/"+k.name, func(f *flow.Flow) bool { return f.Live && f.Response != nil && f.Response.Status == 200 })
	c.see()
	in := bufio.NewReader(resp.Body)
	for i, p := range k.down {
		if k.duplex {
			upload(k.up[i])
		}
		b := make([]byte, len(p))
		if _, err := io.ReadFull(in, b); err != nil || string(b) != p {
			t.Fatalf("the client got %.40q, %v, not %.40q", b, err, p)
		}
		came.Write(b)
		r.wait("/"+k.name, func(f *flow.Flow) bool { return f.Live && bytes.Equal(f.Response.Body.Bytes(), came.Bytes()) })
		c.see()
	}
	if k.duplex {
		out.Close()
	}
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("%.40q, %v at the end", rest, err)
	}
	if k.trailers && (resp.Trailer.Get("Grpc-Status") != "0" || resp.Trailer.Get("Grpc-Message") != "done") {
		t.Errorf("trailers %v", resp.Trailer)
	}
	f := r.wait("/"+k.name, ended)
	if f.Error != nil || !bytes.Equal(f.Request.Body.Bytes(), sent.Bytes()) || !bytes.Equal(f.Response.Body.Bytes(), came.Bytes()) {
		t.Errorf("recorded %d and %d bytes, %v", f.Request.Body.Len(), f.Response.Body.Len(), f.Error)
	}
	if k.trailers && f.Response.Trailers.Get("grpc-status") != "0" {
		t.Errorf("recorded trailers %v", f.Response.Trailers)
	}
	return f
}

// TestStreamsFirst: in no kind of exchange, over no pair of versions, is a piece held back. Each end says the next only when the other
// has the one before, and the store has it too.
func TestStreamsFirst(t *testing.T) {
	for _, v := range pairs {
		t.Run(v.name, func(t *testing.T) {
			for _, k := range kinds() {
				t.Run(k.name, func(t *testing.T) {
					c := &turn{t: t, seen: make(chan struct{}), got: make(chan string, 1)}
					spoken := ""
					origin := newOrigin(t, v.origin, func(w http.ResponseWriter, q *http.Request) {
						spoken = q.Proto
						k.serve(c)(w, q)
					})
					r := newRig(t, "connection_strategy=lazy")
					f := k.play(r, v.clientOf(r), origin.URL+"/"+k.name, c)
					if got := f.Request.Version + " " + spoken; got != v.versions {
						t.Errorf("spoke %s, not %s", got, v.versions)
					}
				})
			}
		})
	}
}

// A pair is one version of HTTP that a client speaks and one that its origin does.
type pair struct {
	name     string
	offers   []string
	origin   bool   // speaks HTTP/2
	versions string // the client's and the origin's
}

var pairs = []pair{
	{"h1 to h1", []string{"http/1.1"}, false, "HTTP/1.1 HTTP/1.1"},
	{"h2 to h2", []string{"h2"}, true, "HTTP/2.0 HTTP/2.0"},
	{"h2 to h1", []string{"h2"}, false, "HTTP/2.0 HTTP/1.1"},
	{"h1 to h2", []string{"http/1.1", "h2"}, true, "HTTP/1.1 HTTP/2.0"},
}

// clientOf returns the pair's client. The proxy has to be lazy: else it would speak what the origin does.
func (p pair) clientOf(r *rig) *http.Client {
	c := r.h2Client(p.offers...)
	if len(p.offers) == 1 && p.offers[0] == "http/1.1" {
		return speaking(c, onlyHTTP1)
	}
	return c
}
