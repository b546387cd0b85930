package layers_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TestHTTP2CreditFollowsTheOtherSide: a window opens as content goes on, not as it comes.
func TestHTTP2CreditFollowsTheOtherSide(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.windows = true
	b.play(`
		>> client settings 4=1000
		>> client headers 1 end $GET
		<< server headers 1 end $GET
		>> server headers 1 :status=200
		<< client headers 1 :status=200
	`)
	piece := strings.Repeat("x", 16_000)
	for range 15 { // 240,000 bytes, of which the client takes 1000
		b.event("server data 1 " + piece)
	}
	if got := b.output(); len(got) != 1 || len(got[0]) != len("client data 1 ")+1000 {
		t.Fatalf("%.200q", got)
	}
	b.event("client window 0 2000000")
	b.event("client window 1 600000")
	var credit, content int
	for _, l := range b.output() {
		if n, ok := strings.CutPrefix(l, "server window 1 "); ok {
			credit += int(number(t, n))
		} else if data, ok := strings.CutPrefix(l, "client data 1 "); ok {
			content += len(data)
		} else {
			t.Errorf("%.100s", l)
		}
	}
	// What has gone on, as far as it is worth telling, and twice as much as the window was, for it drains.
	if content != 239_000 || credit < content+3*256<<10-512<<10/4 || credit > content+3*256<<10 {
		t.Errorf("%d bytes of credit for %d", credit, content)
	}
}

// TestHTTP2StalledStreamsStopNoOther: however many streams a client does not read, and however much it has read of them before,
// the server's connection has room for one more.
func TestHTTP2StalledStreamsStopNoOther(t *testing.T) {
	const stalled = 249
	b := h2Play(t, true, true, layer.Options{StreamLargeBodies: -1})
	b.windows = true
	b.event("server settings 3=250")
	b.event("client settings 4=0")
	b.event("client window 0 1000000000")
	window, piece := map[string]int{}, strings.Repeat("x", 16_000)
	push := func(id string) bool { // as much as the server may send at once
		if window[id] < len(piece) {
			return false
		}
		window[id] -= len(piece)
		b.event("server data " + id + " " + piece)
		return true
	}
	read := func() (content int) {
		for _, l := range b.output() {
			w := strings.SplitN(l, " ", 4)
			switch w[0] + " " + w[1] {
			case "server window":
				window[w[2]] += int(number(t, w[3]))
			case "client data":
				content += len(w[len(w)-1])
			case "client goaway", "server goaway", "client reset", "server reset":
				t.Fatalf("%.200s", l)
			}
		}
		return content
	}
	open := func(i int) string {
		id := itoa(2*i + 1)
		b.event("client headers " + id + words.Replace(" end $GET"))
		b.event("server headers " + id + " :status=200")
		window[id] = 256 << 10
		return id
	}
	for i := range stalled {
		id := open(i)
		if i%4 == 0 { // read by the client for a while: the window grows
			b.event("client window " + id + " 1000000")
		}
		for push(id) {
			read()
		}
	}
	id := open(stalled)
	b.event("client window " + id + " 16000")
	read()
	if !push(id) || read() != len(piece) {
		t.Error("nothing came through")
	}
}

// TestHTTP2StopsAnHTTP1Server: it is not read from while the client does not take what it sends.
func TestHTTP2StopsAnHTTP1Server(t *testing.T) {
	b := h2Play(t, true, false, layer.Options{})
	b.play(`
		>> client headers 1 end $GET
		<< send server "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"
		>> server "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n"
		<< client headers 1 :status=200 content-length=500000
	`)
	b.Data(b.conn("server"), make([]byte, 400_000))
	got := b.output()
	if n := len(got); n == 0 || got[n-1] != "stop reading server" {
		t.Fatalf("%.100q", got)
	}
	b.event("client window 1 1000000")
	b.event("client window 0 1000000")
	got = b.output()
	if n := len(got); n == 0 || got[n-1] != "go on reading server" {
		t.Fatalf("%.100q", got)
	}
}

// TestHTTP2Windows lets both sides send and open windows at random, and checks that neither is ever
// sent more than it allows, and that everything arrives in the end.
func TestHTTP2Windows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := h2Play(t, true, true, layer.Options{})
		first := rapid.IntRange(0, 3000).Draw(rt, "first window")
		var script strings.Builder
		streams := rapid.IntRange(1, 4).Draw(rt, "streams")
		b.event("client settings 4=" + itoa(first))
		window, conn := map[string]int{}, 65_535
		sent, got := map[string]int{}, map[string]int{}
		for i := range streams {
			id := itoa(2*i + 1)
			window[id] = first
			b.event("client headers " + id + " end :method=GET :scheme=https :authority=example.com :path=/")
			b.event("server headers " + id + " :status=200")
		}
		b.output()
		read := func() {
			for _, l := range b.output() {
				w := strings.SplitN(l, " ", 4)
				if w[0] != "client" || w[1] != "data" {
					rt.Fatalf("%s", l)
				}
				n := 0
				if len(w) == 4 {
					n = len(w[3])
				}
				got[w[2]] += n
				window[w[2]] -= n
				conn -= n
				if window[w[2]] < 0 || conn < 0 {
					rt.Fatalf("too much was sent on %s\n%s", w[2], script.String())
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			id := itoa(2*rapid.IntRange(0, streams-1).Draw(rt, "stream") + 1)
			n := rapid.IntRange(1, 9000).Draw(rt, "n")
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0, 1:
				sent[id] += n
				b.event("server data " + id + " " + strings.Repeat("x", n))
			case 2:
				window[id] += n
				b.event("client window " + id + " " + itoa(n))
			case 3:
				conn += n
				b.event("client window 0 " + itoa(n))
			}
			read()
		}
		conn += 1 << 24
		b.event("client window 0 " + itoa(1<<24))
		for id := range window {
			window[id] += 1 << 24
			b.event("client window " + id + " " + itoa(1<<24))
		}
		read()
		for id, n := range sent {
			if got[id] != n {
				rt.Errorf("stream %s: %d of %d bytes", id, got[id], n)
			}
		}
		if b.conn("client").State != flow.Open || b.conn("server").State != flow.Open {
			rt.Error("a connection was closed")
		}
	})
}
