package layers

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/ws"
)

// heard is what one peer got, read by the rules that bind whoever sends to it.
type heard struct {
	reader    ws.Reader
	inflate   ws.Inflater
	raw       []byte
	data      []byte // the frames of messages
	control   []byte // the other frames
	messages  []string
	payload   []byte
	text      bool
	packed    bool
	closed    bool
	inFrame   bool
	inMessage bool
}

func (h *heard) take(t interface{ Fatalf(string, ...any) }, b []byte) {
	h.raw = append(h.raw, b...)
	for len(b) > 0 {
		if h.closed {
			t.Fatalf("%q follows a close frame", b)
		}
		p, n, ok, err := h.reader.Next(b)
		if err != nil {
			t.Fatalf("a peer is sent a breach: %v", err)
		}
		h.inFrame = !ok || !p.Ends
		if b = b[n:]; !ok {
			continue
		}
		if p.Head.Op.Control() {
			h.control = ws.AppendFrame(h.control, p.Head, p.Append(nil))
			if p.Head.Op == ws.Close {
				h.closed = true
				if _, _, err := ws.ParseClose(p.Append(nil)); err != nil {
					t.Fatalf("a bad close frame is sent: %v", err)
				}
			}
			continue
		}
		h.piece(t, p)
	}
}

func (h *heard) piece(t interface{ Fatalf(string, ...any) }, p ws.Piece) {
	if p.Begins {
		h.data = p.Head.Append(h.data)
		if p.Head.Op != ws.Continuation {
			h.payload, h.text, h.packed = nil, p.Head.Op == ws.Text, p.Head.RSV != 0
		}
	}
	h.data = append(h.data, p.Data...)
	h.payload = p.Append(h.payload)
	if h.inMessage = !p.Ends || !p.Head.Fin; h.inMessage {
		return
	}
	if h.packed {
		content, err := h.inflate.Inflate(nil, h.payload, 1<<24)
		if err != nil {
			t.Fatalf("a message that cannot be decompressed is sent: %v", err)
		}
		h.payload = content
	}
	if h.text && !utf8.Valid(h.payload) {
		t.Fatalf("text that is not UTF-8 is sent: %q", h.payload)
	}
	h.messages = append(h.messages, fmt.Sprintf("%v %q", h.text, h.payload))
}

// listen drains what the rig has sent to both peers, and says whether the layer has closed them.
func (r *wsRig) listen(t interface{ Fatalf(string, ...any) }, client, server *heard) (over bool) {
	for _, line := range r.TakeAll() {
		to, quoted, _ := strings.Cut(strings.TrimPrefix(line, "send "), " ")
		sent, err := strconv.Unquote(quoted)
		switch {
		case strings.HasPrefix(line, "send ") && (err != nil || over):
			t.Fatalf("after the end, or unreadable: %s", line)
		case strings.HasPrefix(line, "send client "):
			client.take(t, []byte(sent))
		case strings.HasPrefix(line, "send server "):
			server.take(t, []byte(sent))
		case to == "close":
			over = true
		case strings.HasPrefix(line, "log warn"), to == "wakeup", to == "update":
		default:
			t.Fatalf("unexpected: %s", line)
		}
	}
	return over
}

func newHeard(fromClient, compressed bool) *heard {
	h := &heard{reader: ws.Reader{FromClient: fromClient}}
	if compressed {
		h.reader.RSV = ws.RSV1
	}
	return h
}

// hear gives the layer what both sides send, in pieces, and returns what both got.
func hear(t *testing.T, flags, cut byte, client, server []byte) (toClient, toServer *heard, r *wsRig) {
	extensions := ""
	if flags&1 != 0 {
		extensions = "permessage-deflate"
	}
	r = newWSRigWith(t, extensions, layer.Options{BodyBudget: 1 << 40})
	r.hold = flags&2 != 0
	if flags&4 != 0 {
		r.onMessage = func(m *flow.Message) {
			if len(m.Content)%3 == 0 {
				m.Content = append([]byte("edited "), m.Content...)
			}
			m.Dropped = len(m.Content)%7 == 1
		}
	}
	toClient, toServer = newHeard(false, flags&1 != 0), newHeard(true, flags&1 != 0)
	r.Start()
	over := false
	for (len(client) > 0 || len(server) > 0) && !over {
		for _, from := range []struct {
			conn *flow.Conn
			b    *[]byte
		}{{r.client, &client}, {r.server, &server}} {
			n := min(len(*from.b), int(cut)+1)
			if n == 0 || over {
				continue
			}
			r.Data(from.conn, (*from.b)[:n])
			*from.b = (*from.b)[n:]
			over = r.listen(t, toClient, toServer)
		}
	}
	for _, c := range []*flow.Conn{r.client, r.server} {
		if !over {
			r.Closed(c)
			over = r.listen(t, toClient, toServer)
		}
	}
	return toClient, toServer, r
}

// FuzzWebSocket: whatever peers send, each is only ever sent what keeps to the rules, every message that is recorded as text is
// text, and how the bytes were cut makes no difference to what is recorded.
func FuzzWebSocket(f *testing.F) {
	z := deflater()
	f.Add(byte(0), byte(3), []byte(fromClient(ws.Text, "+", "fo")+fromClient(ws.Ping, "", "p")+fromClient(ws.Continuation, "", "o")), []byte(fromServer(ws.Binary, "", "\x00")+fromServer(ws.Close, "", closing(1000, ""))))
	f.Add(byte(1), byte(1), []byte(fromClient(ws.Text, "z", z("hello"))+fromClient(ws.Text, "z", z("hello"))), []byte(fromServer(ws.Text, "z", deflater()("ä"))))
	f.Add(byte(7), byte(200), []byte(fromClient(ws.Text, "z", deflater()("abc"))+fromClient(ws.Close, "", "\x03")), []byte(fromServer(ws.Text, "", "\xc3\x28")))
	f.Fuzz(func(t *testing.T, flags, cut byte, client, server []byte) {
		toClient, toServer, r := hear(t, flags, cut, client, server)
		for _, m := range r.flow.WebSocket.Messages {
			if m.Text && !utf8.Valid(m.Content) {
				t.Fatalf("recorded as text: %q", m.Content)
			}
		}
		if r.flow.Live || r.flow.WebSocket.CloseCode == 0 {
			t.Fatalf("not over: %+v", r.flow.WebSocket)
		}
		if !r.ctx.HasRoom(1 << 40) {
			t.Fatal("something still counts in the budget")
		}
		if flags&^1 == 0 { // nobody changes anything: the frames are those that came
			for _, side := range []struct {
				sent []byte
				got  *heard
			}{{client, toServer}, {server, toClient}} {
				if !ours(side.got.data, side.sent) {
					t.Fatalf("the frames of messages %q are not those of %q", side.got.data, side.sent)
				}
			}
		}
		if flags&4 == 0 {
			_, _, whole := hear(t, flags, 255, client, nil)
			_, _, bytewise := hear(t, flags, 0, client, nil)
			if whole.messages() != bytewise.messages() {
				t.Fatalf("at once %q, byte by byte %q", whole.messages(), bytewise.messages())
			}
		}
	})
}

// ours reports whether data, frames of messages, are the first of those in sent. The last one may not be whole.
func ours(data, sent []byte) bool {
	r := ws.Reader{Loose: true}
	if len(sent) > 1 {
		r.FromClient = sent[1]&0x80 != 0
	}
	var all []byte
	for len(sent) > 0 {
		p, n, ok, err := r.Next(sent)
		if err != nil {
			break
		}
		if sent = sent[n:]; ok && !p.Head.Op.Control() {
			if p.Begins {
				all = p.Head.Append(all)
			}
			all = append(all, p.Data...)
		}
	}
	return bytes.HasPrefix(all, data)
}

// A speaker is a peer that keeps to the rules, and what its messages should become.
type speaker struct {
	fromClient bool
	conn       *flow.Conn
	z          func(string) string // nil: it does not compress
	noContext  bool
	wire       []byte
}

func (s *speaker) say(t *rapid.T, content string, text bool) {
	op, flags, payload := ws.Binary, "", content
	if text {
		op = ws.Text
	}
	if s.z != nil && rapid.Bool().Draw(t, "compress") {
		if s.noContext {
			s.z = deflater()
		}
		flags, payload = "z", s.z(content)
	}
	frame := fromServer
	if s.fromClient {
		frame = fromClient
	}
	for rapid.Bool().Draw(t, "fragment") {
		n := rapid.IntRange(0, len(payload)).Draw(t, "length")
		s.wire = append(s.wire, frame(op, flags+"+", payload[:n])...)
		op, flags, payload = ws.Continuation, "", payload[n:]
		if rapid.Bool().Draw(t, "ping") {
			s.wire = append(s.wire, frame(ws.Ping, "", "p")...)
		}
	}
	s.wire = append(s.wire, frame(op, flags, payload)...)
}

// Whatever a person changes, drops and injects, the receivers understand the rest, and get what is recorded.
func TestWebSocketConversations(tt *testing.T) {
	rapid.Check(tt, func(t *rapid.T) {
		extensions := rapid.SampledFrom([]string{"", "permessage-deflate", "permessage-deflate; server_no_context_takeover; client_max_window_bits=10",
			"permessage-deflate; client_no_context_takeover"}).Draw(t, "extensions")
		r := newWSRig(tt, extensions)
		defer r.ctx.Stop()
		r.onMessage = func(m *flow.Message) {
			switch {
			case r.tooLate:
			case rapid.IntRange(0, 3).Draw(t, "change") == 0:
				m.Content = []byte("changed to this")
			case rapid.IntRange(0, 5).Draw(t, "drop") == 0:
				m.Dropped = true
			}
		}
		r.Start()
		client := &speaker{fromClient: true, conn: r.client, noContext: strings.Contains(extensions, "client_no_context")}
		server := &speaker{conn: r.server, noContext: strings.Contains(extensions, "server_no_context")}
		if extensions != "" {
			client.z, server.z = deflater(), deflater()
		}
		got := map[bool]*heard{true: newHeard(false, extensions != ""), false: newHeard(true, extensions != "")}
		words := []string{"the same words again", "ä€😀", "", strings.Repeat("long ", 2000)}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			s := rapid.SampledFrom([]*speaker{client, server}).Draw(t, "speaker")
			r.hold = rapid.Bool().Draw(t, "hold")
			s.say(t, rapid.SampledFrom(words).Draw(t, "words"), rapid.Bool().Draw(t, "text"))
			if rapid.IntRange(0, 4).Draw(t, "inject") == 0 {
				r.Event(&layer.Injected{Flow: r.flow.ID, Message: flow.Message{FromClient: s.fromClient, Text: true, Content: []byte("injected")}})
			}
			for len(s.wire) > 0 && rapid.IntRange(0, 5).Draw(t, "go on") > 0 {
				n := rapid.IntRange(1, len(s.wire)).Draw(t, "piece")
				r.Data(s.conn, s.wire[:n])
				s.wire = s.wire[n:]
				r.listen(t, got[true], got[false])
			}
		}
		for _, s := range []*speaker{client, server} {
			if len(s.wire) > 0 {
				r.Data(s.conn, s.wire)
			}
			r.listen(t, got[true], got[false])
			var want []string
			for _, m := range r.flow.WebSocket.Messages {
				if m.FromClient == s.fromClient && !m.Dropped {
					want = append(want, fmt.Sprintf("%v %q", m.Text, m.Content))
				}
			}
			if heard := got[!s.fromClient].messages; !slices.Equal(heard, want) {
				t.Fatalf("recorded %q\nheard %q", want, heard)
			}
		}
		if r.flow.WebSocket.CloseCode != 0 {
			t.Fatalf("closed: %+v", r.flow.WebSocket)
		}
	})
}
