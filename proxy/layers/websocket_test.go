package layers

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/wire/ws"
)

var testKey = [4]byte{1, 2, 3, 4}

// wsRig is a WebSocket layer between two open connections, and its flow.
type wsRig struct {
	*layertest.Playbook
	flow           *flow.Flow
	ctx            *layer.Context
	client, server *flow.Conn
	hold           bool
	passing        map[bool]bool         // the message of that side is forwarded as it comes
	tooLate        bool                  // the message at hand has passed
	onMessage      func(m *flow.Message) // of a copy of the list
}

func newWSRig(t testing.TB, extensions string) *wsRig {
	return newWSRigWith(t, extensions, layer.Options{})
}

func newWSRigWith(t testing.TB, extensions string, opts layer.Options) *wsRig {
	ctx := layertest.Context(opts)
	ctx.Server.Address = flow.Addr{Host: "example.com", Port: 80}
	ctx.Server.State = flow.Open
	f := flow.New(flow.HTTP, ctx.Client, ctx.Server, layertest.Epoch)
	f.Request = &flow.Request{Method: "GET", Path: "/"}
	f.Response = &flow.Response{Status: 101}
	if extensions != "" {
		f.Response.Headers = flow.Headers{{Name: "Sec-WebSocket-Extensions", Value: extensions}}
	}
	f.WebSocket = &flow.WebSocket{}
	w := NewWebSocket(ctx, f).(*WebSocket)
	w.key = func() [4]byte { return testKey }
	r := &wsRig{Playbook: layertest.New(t, ctx, w), flow: f, ctx: ctx, client: &ctx.Client.Conn, server: &ctx.Server.Conn, passing: map[bool]bool{}}
	r.AutoHooks, r.HideHooks = true, true
	r.OnHook = r.hook
	return r
}

func (r *wsRig) hook(h layer.Hook) {
	switch h := h.(type) {
	case *layer.WebSocketMessageStart:
		h.Hold = r.hold
		r.passing[h.FromClient] = !r.hold
	case *layer.WebSocketMessage:
		if r.onMessage != nil {
			e := &flow.Edit{Messages: slices.Clone(h.Flow.WebSocket.Messages)}
			m := &e.Messages[len(e.Messages)-1]
			if r.tooLate = !m.Injected && r.passing[m.FromClient]; !m.Injected {
				r.passing[m.FromClient] = false
			}
			r.onMessage(m)
			e.Apply(h.Flow)
		}
	}
}

// fromClient and fromServer are frames. flags: "+": more follow; "z": RSV1.
func fromClient(op ws.Op, flags, payload string) string {
	return fromSide(ws.Head{Op: op, Masked: true, Key: testKey}, flags, payload)
}

func fromServer(op ws.Op, flags, payload string) string {
	return fromSide(ws.Head{Op: op}, flags, payload)
}

func fromSide(h ws.Head, flags, payload string) string {
	h.Fin = !strings.Contains(flags, "+")
	if strings.Contains(flags, "z") {
		h.RSV = ws.RSV1
	}
	return string(ws.AppendFrame(nil, h, []byte(payload)))
}

func closing(code int, reason string) string { return string(ws.AppendClose(nil, code, reason)) }

// play runs a transcript in which C:x and S:x stand for frames of client and server.
func (r *wsRig) play(lines ...string) { r.Run(strings.Join(lines, "\n")) }

func in(side, frames string) string  { return ">> " + side + " " + strconv.Quote(frames) }
func out(side, frames string) string { return "<< send " + side + " " + strconv.Quote(frames) }

func (r *wsRig) messages() string {
	var b strings.Builder
	for _, m := range r.flow.WebSocket.Messages {
		from := "server"
		if m.FromClient {
			from = "client"
		}
		b.WriteString(from + ":" + string(m.Content))
		for _, flag := range []struct {
			is   bool
			name string
		}{{m.Text, " text"}, {m.Injected, " injected"}, {m.Dropped, " dropped"}} {
			if flag.is {
				b.WriteString(flag.name)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r *wsRig) want(t *testing.T, messages string) {
	t.Helper()
	if got := r.messages(); got != messages {
		t.Errorf("recorded:\n%swant:\n%s", got, messages)
	}
}

func TestWebSocketDialogue(t *testing.T) {
	r := newWSRig(t, "")
	r.HideHooks = false
	r.play(
		"<< hook websocket_start",
		in("client", fromClient(ws.Text, "", "hello")),
		"<< hook websocket_message",
		out("server", fromClient(ws.Text, "", "hello")),
		in("server", fromServer(ws.Binary, "", "\x00\x01")+fromServer(ws.Text, "", "")),
		"<< hook websocket_message",
		out("client", fromServer(ws.Binary, "", "\x00\x01")),
		"<< hook websocket_message",
		out("client", fromServer(ws.Text, "", "")),
		in("server", fromServer(ws.Ping, "", "p")),
		out("client", fromServer(ws.Ping, "", "p")),
		in("client", fromClient(ws.Pong, "", "p")),
		out("server", fromClient(ws.Pong, "", "p")),
		in("client", fromClient(ws.Close, "", closing(4000, "bye"))),
		out("server", fromClient(ws.Close, "", closing(4000, "bye"))),
		"<< wakeup 10s",
		"<< update",
		in("server", fromServer(ws.Text, "", "last words")+fromServer(ws.Close, "", closing(4000, ""))),
		"<< hook websocket_message",
		out("client", fromServer(ws.Text, "", "last words")+fromServer(ws.Close, "", closing(4000, ""))),
		"<< close server", "<< close client",
		"<< hook websocket_end",
	)
	r.want(t, "client:hello text\nserver:\x00\x01\nserver: text\nserver:last words text\n")
	w := r.flow.WebSocket
	if w.CloseCode != 4000 || w.CloseReason != "bye" || !w.ClosedByClient || w.End.IsZero() || r.flow.Live {
		t.Errorf("closed: %+v, live %v", w, r.flow.Live)
	}
}

func TestWebSocketQueuesUntilItHasStarted(t *testing.T) {
	r := newWSRig(t, "")
	r.AutoHooks, r.HideHooks = false, false
	r.play(
		"<< hook websocket_start",
		in("client", fromClient(ws.Text, "", "early")),
		">> answer websocket_start",
		"<< hook websocket_message",
		">> answer websocket_message",
		out("server", fromClient(ws.Text, "", "early")),
	)
}

func TestWebSocketFragments(t *testing.T) {
	whole := fromClient(ws.Text, "+", "foo") + fromClient(ws.Ping, "", "") + fromClient(ws.Continuation, "+", "") + fromClient(ws.Continuation, "", "bar")
	t.Run("in one read", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(in("client", whole), out("server", fromClient(ws.Ping, "", "")+fromClient(ws.Text, "+", "foo")+
			fromClient(ws.Continuation, "+", "")+fromClient(ws.Continuation, "", "bar")))
		r.want(t, "client:foobar text\n")
	})
	t.Run("as they come", func(t *testing.T) {
		r := newWSRig(t, "")
		r.HideHooks = false
		r.play(
			"<< hook websocket_start",
			in("client", fromClient(ws.Text, "+", "foo")),
			"<< hook websocket_message_start",
			out("server", fromClient(ws.Text, "+", "foo")),
			in("client", fromClient(ws.Continuation, "", "bar")),
			out("server", fromClient(ws.Continuation, "", "bar")),
			"<< hook websocket_message",
		)
		r.want(t, "client:foobar text\n")
	})
	t.Run("held", func(t *testing.T) {
		r := newWSRig(t, "")
		r.hold = true
		r.play(
			in("client", fromClient(ws.Text, "+", "foo")),
			in("client", fromClient(ws.Continuation, "", "bar")),
			out("server", fromClient(ws.Text, "+", "foo")+fromClient(ws.Continuation, "", "bar")),
		)
	})
	t.Run("byte by byte", func(t *testing.T) {
		for _, hold := range []bool{false, true} {
			r := newWSRig(t, "")
			r.hold = hold
			r.Start()
			var sent []byte
			for _, b := range layertest.Split(whole) {
				r.Data(r.client, b)
				sent = append(sent, r.TakeSent(r.server)...)
			}
			if len(sent) != len(whole) || !hold && string(sent) != whole {
				t.Errorf("hold %v: sent %q", hold, sent)
			}
			r.want(t, "client:foobar text\n")
		}
	})
}

func TestWebSocketEdited(t *testing.T) {
	fragmented := fromClient(ws.Text, "+", "foo") + fromClient(ws.Continuation, "", "bar")
	long := strings.Repeat("0123456789", 900)
	for _, c := range []struct{ name, to, out string }{
		{"the same length", "FOOBAR", fromClient(ws.Text, "+", "FOO") + fromClient(ws.Continuation, "", "BAR")},
		{"shorter", "fo", fromClient(ws.Text, "", "fo")},
		{"empty", "", fromClient(ws.Text, "", "")},
		{"long", long, fromClient(ws.Text, "+", long[:4000]) + fromClient(ws.Continuation, "+", long[4000:8000]) +
			fromClient(ws.Continuation, "", long[8000:])},
		{"no text", "\xff", fromClient(ws.Text, "", "\ufffd")},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newWSRig(t, "")
			r.onMessage = func(m *flow.Message) { m.Content = []byte(c.to) }
			r.play(in("client", fragmented), out("server", c.out))
			r.want(t, "client:"+c.to+" text\n")
		})
	}
	t.Run("dropped", func(t *testing.T) {
		r := newWSRig(t, "")
		r.onMessage = func(m *flow.Message) { m.Dropped = m.FromClient }
		r.play(in("client", fragmented), in("server", fromServer(ws.Text, "", "next")), out("client", fromServer(ws.Text, "", "next")))
		r.want(t, "client:foobar text dropped\nserver:next text\n")
	})
}

func TestWebSocketInjected(t *testing.T) {
	inject := func(r *wsRig, fromClient bool, text string) {
		r.Event(&layer.Injected{Flow: r.flow.ID, Message: flow.Message{FromClient: fromClient, Text: true, Content: []byte(text)}})
	}
	t.Run("to either side", func(t *testing.T) {
		r := newWSRig(t, "")
		inject(r, true, "to server")
		inject(r, false, "to client")
		r.Event(&layer.Injected{Flow: flow.NewID(), Message: flow.Message{Content: []byte("of another flow")}})
		r.play(out("server", fromClient(ws.Text, "", "to server")), out("client", fromServer(ws.Text, "", "to client")))
		r.want(t, "client:to server text injected\nserver:to client text injected\n")
	})
	t.Run("after the message that is under way", func(t *testing.T) {
		r := newWSRig(t, "")
		first := fromServer(ws.Text, "", "a long message")
		r.play(in("server", first[:5]), out("client", first[:5]))
		inject(r, false, "injected")
		r.play(in("server", first[5:]), out("client", first[5:]+fromServer(ws.Text, "", "injected")))
	})
	t.Run("after the close", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(in("server", fromServer(ws.Close, "", "")), out("client", fromServer(ws.Close, "", "")), "<< wakeup 10s", "<< update")
		inject(r, false, "late")
		r.play(`<< log warn "A message was not injected: the server has closed the WebSocket connection."`)
	})
}

func TestWebSocketCloses(t *testing.T) {
	t.Run("without a code", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(in("server", fromServer(ws.Close, "", "")), out("client", fromServer(ws.Close, "", "")), "<< wakeup 10s", "<< update",
			in("client", fromClient(ws.Close, "", "")), out("server", fromClient(ws.Close, "", "")), "<< close server", "<< close client")
		if w := r.flow.WebSocket; w.CloseCode != 1005 || w.ClosedByClient {
			t.Errorf("%+v", w)
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(in("client", fromClient(ws.Close, "", closing(1001, "x"))), out("server", fromClient(ws.Close, "", closing(1001, "x"))),
			"<< wakeup 10s", "<< update", ">> wakeup",
			out("client", fromServer(ws.Close, "", closing(1001, "x"))), "<< close server", "<< close client")
	})
	t.Run("the server leaves", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(">> server closed", out("client", fromServer(ws.Close, "", closing(1000, ""))), "<< close server", "<< close client")
		if w := r.flow.WebSocket; w.CloseCode != 1006 || w.ClosedByClient {
			t.Errorf("%+v", w)
		}
	})
	t.Run("the client leaves inside of a frame", func(t *testing.T) {
		r := newWSRig(t, "")
		begun := fromClient(ws.Binary, "", "never whole")[:9]
		r.play(in("client", begun), out("server", begun), ">> client closed", "<< close server", "<< close client")
	})
	t.Run("the answer is the end", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(in("client", fromClient(ws.Close, "", closing(4000, ""))), out("server", fromClient(ws.Close, "", closing(4000, ""))),
			"<< wakeup 10s", "<< update", ">> server closed",
			out("client", fromServer(ws.Close, "", closing(4000, ""))), "<< close server", "<< close client")
		if w := r.flow.WebSocket; w.CloseCode != 4000 || !w.ClosedByClient {
			t.Errorf("%+v", w)
		}
	})
}

func TestWebSocketBreaches(t *testing.T) {
	for _, c := range []struct {
		name, in string
		code     int
		text     string
	}{
		{"unmasked", fromServer(ws.Text, "", "x"), 1002, "a frame of the client is not masked"},
		{"reserved bit", fromClient(ws.Text, "z", "x"), 1002, "a text frame has a reserved bit set that no extension has a use for"},
		{"reserved opcode", fromClient(3, "", ""), 1002, "a frame has the reserved opcode 3"},
		{"fragmented ping", fromClient(ws.Ping, "+", ""), 1002, "a ping frame is fragmented"},
		{"continuation of nothing", fromClient(ws.Continuation, "", "x"), 1002, "a continuation frame has no message to continue"},
		{"close code", fromClient(ws.Close, "", "\x03\xed"), 1002, "a close frame has the status code 1005, which must not be sent"},
		{"close reason", fromClient(ws.Close, "", "\x03\xe8\xff"), 1007, "the reason of a close frame is not UTF-8"},
		{"text", fromClient(ws.Text, "", "\xc3\x28"), 1007, "a text message is not UTF-8"},
		{"half a character", fromClient(ws.Text, "", "\xc3"), 1007, "a text message is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newWSRig(t, "")
			r.play(in("client", c.in+fromClient(ws.Text, "", "swallowed")),
				"<< log warn "+strconv.Quote("WebSocket connection closed because of its client: "+c.text),
				out("server", fromClient(ws.Close, "", closing(c.code, c.text))), out("client", fromServer(ws.Close, "", closing(c.code, c.text))),
				"<< close server", "<< close client")
			if w := r.flow.WebSocket; w.CloseCode != c.code || w.CloseReason != c.text || !w.ClosedByClient {
				t.Errorf("%+v", w)
			}
			r.want(t, "")
		})
	}
	t.Run("text that is split inside of a character", func(t *testing.T) {
		r := newWSRig(t, "")
		r.play(in("client", fromClient(ws.Text, "+", "\xc3")+fromClient(ws.Continuation, "", "\xa4")),
			out("server", fromClient(ws.Text, "+", "\xc3")+fromClient(ws.Continuation, "", "\xa4")))
		r.want(t, "client:ä text\n")
	})
}

func TestWebSocketKilled(t *testing.T) {
	t.Run("while it runs", func(t *testing.T) {
		r := newWSRig(t, "")
		r.Start()
		r.Event(&layer.Kill{Flow: flow.NewID()})
		r.Event(&layer.Kill{Flow: r.flow.ID})
		r.play("<< close server", "<< close client")
		if !r.flow.Killed() || r.flow.Live {
			t.Error("lives on")
		}
	})
	t.Run("while a message is held", func(t *testing.T) {
		r := newWSRig(t, "")
		r.AutoHooks, r.HideHooks = false, false
		r.play("<< hook websocket_start", ">> answer", in("client", fromClient(ws.Text, "", "x")), "<< hook websocket_message")
		r.flow.Kill(layertest.Epoch)
		r.play(">> answer", "<< close server", "<< close client", "<< hook websocket_end", ">> answer")
	})
}

func TestWebSocketRecordIsBounded(t *testing.T) {
	r := newWSRig(t, "")
	r.Start()
	piece := ws.AppendFrame(nil, ws.Head{Fin: true, Op: ws.Binary}, make([]byte, 16<<20))
	for range 6 {
		r.Data(r.server, piece)
		if got := r.TakeSent(r.client); !bytes.Equal(got, piece) {
			t.Fatalf("%d bytes forwarded", len(got))
		}
	}
	if n := len(r.flow.WebSocket.Messages); n != 3 {
		t.Errorf("%d messages of 16 MiB are recorded", n)
	}
	if r.flow.Metadata["websocket_record"] == "" {
		t.Error("nothing says so")
	}
	r.play(in("client", fromClient(ws.Text, "", "\xff")), "<< log warn …", out("server", fromClient(ws.Close, "", closing(1007, "a text message is not UTF-8"))),
		"<< send client …", "<< close server", "<< close client")
}

func TestWebSocketHeldMessageIsBounded(t *testing.T) {
	r := newWSRig(t, "")
	r.hold = true
	r.Start()
	h := ws.Head{Op: ws.Binary, Length: maxMessage + 1}
	r.Data(r.server, h.Append(nil))
	piece := make([]byte, 1<<20)
	for range maxMessage>>20 - 1 {
		r.Data(r.server, piece)
	}
	r.Expect()
	r.Data(r.server, piece)
	r.play(`<< log warn "…larger than the 64 MiB…"`,
		out("server", fromClient(ws.Close, "", closing(1009, tooBig().Error()))), out("client", fromServer(ws.Close, "", closing(1009, tooBig().Error()))),
		"<< close server", "<< close client")
}

// Many small frames that come in one read leave in one piece, whatever a peer makes of it.
func TestWebSocketFlood(t *testing.T) {
	r := newWSRig(t, "")
	r.ctx.Inline = func(layer.Hook) bool { return true }
	w := NewWebSocket(r.ctx, r.flow)
	w.Handle(layer.Start{}, nil)
	for _, frame := range []string{fromClient(ws.Text, "", "x"), fromClient(ws.Ping, "", ""), fromClient(ws.Binary, "+", "") + fromClient(ws.Continuation, "", "")} {
		flood := []byte(strings.Repeat(frame, 8000))
		cmds := w.Handle(&layer.DataReceived{Conn: r.client, Data: bytes.Clone(flood)}, nil)
		if len(cmds) != 1 || !bytes.Equal(cmds[0].(*layer.SendData).Data, flood) {
			t.Errorf("%d commands for %q", len(cmds), frame)
		}
		r.ctx.Release()
	}
	if n := len(r.flow.WebSocket.Messages); n != 16000 {
		t.Errorf("%d messages", n)
	}
}
