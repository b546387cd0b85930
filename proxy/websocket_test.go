package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"sluice/proxy/flow"
)

// wsOrigin is a WebSocket server that says every message twice: as it is, and in upper case.
func wsOrigin(mode websocket.CompressionMode) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if string(data) == "close" {
				c.Close(4321, "as you like")
				return
			}
			for _, answer := range [][]byte{data, bytes.ToUpper(data)} {
				if err := c.Write(r.Context(), kind, answer); err != nil {
					return
				}
			}
		}
	})
}

// dialWS connects to url through the proxy.
func (r *rig) dialWS(url string, mode websocket.CompressionMode) *websocket.Conn {
	r.t.Helper()
	c, _, err := websocket.Dial(r.t.Context(), url, &websocket.DialOptions{HTTPClient: r.client, CompressionMode: mode, CompressionThreshold: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	r.t.Cleanup(func() { c.CloseNow() })
	return c
}

func sendWS(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func wantWS(t *testing.T, c *websocket.Conn, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if _, got, err := c.Read(t.Context()); err != nil || string(got) != want {
			t.Fatalf("%.80q, %v; want %.80q", got, err, want)
		}
	}
}

// says reports whether a flow has exactly these messages.
func says(texts ...string) func(f *flow.Flow) bool {
	return func(f *flow.Flow) bool {
		if f.WebSocket == nil || len(f.WebSocket.Messages) != len(texts) {
			return false
		}
		for i, m := range f.WebSocket.Messages {
			if string(m.Content) != texts[i] {
				return false
			}
		}
		return true
	}
}

func TestWebSocketEndToEnd(t *testing.T) {
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover, websocket.CompressionNoContextTakeover} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("mode %d, tls %v", mode, secure), func(t *testing.T) {
				r := newRig(t)
				origin := httptest.NewUnstartedServer(wsOrigin(mode))
				if secure {
					origin.StartTLS()
				} else {
					origin.Start()
				}
				defer origin.Close()
				c := r.dialWS(origin.URL+"/chat", mode)
				if err := c.Ping(c.CloseRead(t.Context())); err != nil { // answered by the server, through us
					t.Fatal(err)
				}
				c = r.dialWS(origin.URL+"/talk", mode)
				long := strings.Repeat("a long message, ", 20_000)
				sendWS(t, c, "hello")
				wantWS(t, c, "hello", "HELLO")
				sendWS(t, c, long)
				wantWS(t, c, long, strings.ToUpper(long))
				sendWS(t, c, "close")
				_, _, err := c.Read(t.Context())
				if code := websocket.CloseStatus(err); code != 4321 {
					t.Errorf("closed with %d: %v", code, err)
				}
				f := r.wait("/talk", func(f *flow.Flow) bool { return !f.Live })
				if !says("hello", "hello", "HELLO", long, long, strings.ToUpper(long), "close")(f) {
					t.Errorf("%d messages", len(f.WebSocket.Messages))
				}
				if w := f.WebSocket; w.CloseCode != 4321 || w.CloseReason != "as you like" || w.ClosedByClient || !w.Messages[0].Text {
					t.Errorf("closed %d %q", w.CloseCode, w.CloseReason)
				}
			})
		}
	}
}

func TestWebSocketHeldEditedDroppedInjected(t *testing.T) {
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			r := newRig(t, "intercept=~bq hold")
			origin := httptest.NewServer(wsOrigin(mode))
			defer origin.Close()
			c, other := r.dialWS(origin.URL+"/held", mode), r.dialWS(origin.URL+"/other", mode)
			sendWS(t, c, "hold me")
			f := r.wait("/held", held)
			if !says("hold me")(f) {
				t.Fatalf("held at %+v", f.WebSocket.Messages)
			}
			sendWS(t, other, "not me")
			wantWS(t, other, "not me", "NOT ME")
			if err := r.Inject(f.ID, flow.Message{FromClient: true, Text: true, Content: []byte("injected")}); err != nil {
				t.Fatal(err)
			}
			r.edit(f.ID, func(m *flow.Message) { m.Content = []byte("another text") })
			wantWS(t, c, "another text", "ANOTHER TEXT", "injected", "INJECTED")

			sendWS(t, c, "hold and drop")
			r.wait("/held", func(f *flow.Flow) bool { return f.Intercepted && len(f.WebSocket.Messages) == 7 })
			r.edit(f.ID, func(m *flow.Message) { m.Dropped = true })
			sendWS(t, c, "a last hello")
			wantWS(t, c, "a last hello", "A LAST HELLO")
			f = r.wait("/held", says("another text", "injected", "another text", "ANOTHER TEXT", "injected", "INJECTED",
				"hold and drop", "a last hello", "a last hello", "A LAST HELLO"))
			if m := f.WebSocket.Messages; !m[1].Injected || !m[6].Dropped {
				t.Errorf("%+v", m)
			}
			if err := r.Inject(f.ID, flow.Message{Text: true, Content: []byte("\xff")}); err == nil || !strings.Contains(err.Error(), "is_text") {
				t.Errorf("injected what is no text: %v", err)
			}
			if err := r.Inject(flow.NewID(), flow.Message{}); err == nil || !strings.Contains(err.Error(), "live") {
				t.Errorf("injected into nothing: %v", err)
			}
		})
	}
}

// edit changes the last message of a held flow, as a person does it, and resumes it.
func (r *rig) edit(id flow.ID, change func(m *flow.Message)) {
	r.t.Helper()
	err := r.store.Edit(id, func(f *flow.Flow) error {
		change(&f.WebSocket.Messages[len(f.WebSocket.Messages)-1])
		return nil
	})
	if err != nil || !r.Resume(id, r.store.PendingEdit(id)) {
		r.t.Fatal("not resumed:", err)
	}
}

// A message that takes a while to come is on its way before it is whole, unless it may be held.
func TestWebSocketForwardsAsItComes(t *testing.T) {
	for _, intercept := range []string{"", "~bq whole"} {
		t.Run(intercept, func(t *testing.T) {
			r := newRig(t, "intercept="+intercept)
			got, more := make(chan string), make(chan struct{})
			origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				c, err := websocket.Accept(w, q, nil)
				if err != nil {
					return
				}
				defer c.CloseNow()
				_, in, err := c.Reader(q.Context())
				if err != nil {
					return
				}
				b := make([]byte, 5)
				io.ReadFull(in, b)
				got <- string(b)
				io.Copy(io.Discard, in)
				got <- "end"
			}))
			defer origin.Close()
			c := r.dialWS(origin.URL+"/slow", websocket.CompressionDisabled)
			out, err := c.Writer(t.Context(), websocket.MessageText)
			if err != nil {
				t.Fatal(err)
			}
			// The library sends what does not fit into its buffer.
			first := "first" + strings.Repeat(" ", 16<<10)
			io.WriteString(out, first)
			if intercept == "" {
				if s := <-got; s != "first" {
					t.Fatal(s)
				}
			}
			io.WriteString(out, "whole")
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			close(more)
			if intercept != "" {
				f := r.wait("/slow", held)
				select {
				case s := <-got:
					t.Fatal("came through while it was held:", s)
				default:
				}
				r.Resume(f.ID, nil)
				if s := <-got; s != "first" {
					t.Fatal(s)
				}
			}
			if s := <-got; s != "end" {
				t.Fatal(s)
			}
			r.wait("/slow", says(first+"whole"))
		})
	}
}

func TestWebSocketKillWakesAHeldMessage(t *testing.T) {
	r := newRig(t, "intercept=~bq hold")
	origin := httptest.NewServer(wsOrigin(websocket.CompressionDisabled))
	defer origin.Close()
	c := r.dialWS(origin.URL+"/killed", websocket.CompressionDisabled)
	sendWS(t, c, "hold me")
	f := r.wait("/killed", held)
	if !r.Kill(f.ID) {
		t.Fatal("nothing to kill")
	}
	if _, _, err := c.Read(t.Context()); err == nil {
		t.Error("goes on")
	}
	f = r.wait("/killed", ended)
	if !f.Killed() || f.Intercepted || f.WebSocket.CloseCode != 1006 {
		t.Errorf("%+v", f)
	}
}

// A shutdown does not wait for a message that a person holds.
func TestWebSocketShutdownWakesAHeldMessage(t *testing.T) {
	r := newRig(t, "intercept=~bq hold")
	origin := httptest.NewServer(wsOrigin(websocket.CompressionDisabled))
	defer origin.Close()
	c := r.dialWS(origin.URL+"/down", websocket.CompressionDisabled)
	sendWS(t, c, "hold me")
	r.wait("/down", held)
	// The rig's cleanup ends the engine and waits for all of it.
}

// The off switch: the bytes pass as TCP.
func TestWebSocketOff(t *testing.T) {
	r := newRig(t, "websocket=false")
	origin := httptest.NewServer(wsOrigin(websocket.CompressionDisabled))
	defer origin.Close()
	c := r.dialWS(origin.URL+"/raw", websocket.CompressionDisabled)
	sendWS(t, c, "hello")
	wantWS(t, c, "hello", "HELLO")
	if f := r.wait("/raw", ended); f.WebSocket != nil || f.Response.Status != 101 {
		t.Errorf("%+v", f)
	}
}

func TestInjectTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	heard := make(chan string, 1)
	wg.Go(func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 8)
		n, _ := io.ReadFull(c, b)
		heard <- string(b[:n])
	})
	r := newRig(t, "tcp_hosts=.*")
	c, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", ln.Addr(), ln.Addr())
	readHeadOf(c)
	io.WriteString(c, "ab")
	id := r.waitTCP(1).ID
	inject := func(m flow.Message) {
		if err := r.Inject(id, m); err != nil {
			t.Fatal(err)
		}
	}
	inject(flow.Message{Content: []byte("to you")})
	b := make([]byte, 6)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "to you" {
		t.Errorf("the client heard %q, %v", b, err)
	}
	inject(flow.Message{FromClient: true, Content: []byte("cdefgh")})
	if s := <-heard; s != "abcdefgh" {
		t.Errorf("the server heard %q", s)
	}
}
