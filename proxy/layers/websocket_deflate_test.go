package layers

import (
	"bytes"
	"compress/flate"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/wire/ws"
)

// deflater returns what compresses messages as a peer does that lets each refer to those before it.
func deflater() func(content string) string {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	return func(content string) string {
		out.Reset()
		w.Write([]byte(content))
		w.Flush()
		return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
	}
}

// receiver reads what a peer would: the messages in frames, decompressed.
func receiver(t *testing.T, fromClient bool) func(sent []byte) string {
	r := ws.Reader{FromClient: fromClient, RSV: ws.RSV1}
	in := ws.Inflater{}
	return func(sent []byte) string {
		t.Helper()
		var all []string
		var payload []byte
		compressed := false
		for len(sent) > 0 {
			p, n, ok, err := r.Next(sent)
			if err != nil {
				t.Fatal(err)
			}
			sent = sent[n:]
			if !ok {
				continue
			}
			if p.Begins && p.Head.Op != ws.Continuation {
				payload, compressed = nil, p.Head.RSV != 0
			}
			payload = p.Append(payload)
			if !p.Ends || !p.Head.Fin {
				continue
			}
			if compressed {
				if payload, err = in.Inflate(nil, payload, 1<<20); err != nil {
					t.Fatal(err)
				}
			}
			all = append(all, strconv.FormatBool(compressed)+":"+string(payload))
		}
		return strings.Join(all, " ")
	}
}

func TestWebSocketCompressed(t *testing.T) {
	const text = "the quick brown fox, the quick brown fox"
	t.Run("unchanged frames are as they came", func(t *testing.T) {
		r := newWSRig(t, "permessage-deflate; client_max_window_bits=15")
		fromC, fromS := deflater(), deflater()
		for range 3 {
			c, s := fromClient(ws.Text, "z", fromC(text)), fromServer(ws.Binary, "z", fromS(text))
			r.play(in("client", c), out("server", c), in("server", s), out("client", s))
		}
		z := fromC(text)
		split := fromClient(ws.Text, "z+", z[:2]) + fromClient(ws.Continuation, "", z[2:])
		r.play(in("client", split), out("server", split))
		plain := fromClient(ws.Text, "", "plain")
		r.play(in("client", plain), out("server", plain))
		r.want(t, strings.Repeat("client:"+text+" text\nserver:"+text+"\n", 3)+"client:"+text+" text\nclient:plain text\n")
	})
	t.Run("as they come", func(t *testing.T) {
		r := newWSRig(t, "permessage-deflate")
		frame := fromServer(ws.Text, "z", deflater()(text))
		r.Start()
		var sent []byte
		for _, b := range layertest.Split(frame) {
			r.Data(r.server, b)
			sent = append(sent, r.TakeSent(r.client)...)
		}
		if string(sent) != frame {
			t.Errorf("sent %q", sent)
		}
		r.want(t, "server:"+text+" text\n")
	})
	for name, bits := range map[string]string{"15 bits": "", "9 bits": "; client_max_window_bits=9", "no context": "; client_no_context_takeover"} {
		t.Run("edited, dropped and injected, "+name, func(t *testing.T) {
			r := newWSRig(t, "permessage-deflate"+bits)
			r.Start()
			z, got := deflater(), receiver(t, true)
			if strings.Contains(bits, "no_context") {
				z = func(content string) string { return deflater()(content) }
			}
			say := func(content string) string {
				r.Data(r.client, []byte(fromClient(ws.Text, "z", z(content))))
				return got(r.TakeSent(r.server))
			}
			r.onMessage = func(m *flow.Message) {
				m.Dropped = string(m.Content) == "drop this quick one"
				m.Content = bytes.ReplaceAll(m.Content, []byte("fox"), []byte("dog"))
			}
			for _, c := range [][2]string{
				{"the first", "true:the first"}, {"a fox", "true:a dog"}, {"a fox again", "true:a dog again"}, {"drop this quick one", ""},
				{"this quick one stays", "true:this quick one stays"}, {"", "true:"},
			} {
				if sent := say(c[0]); sent != c[1] {
					t.Errorf("%q arrives as %q", c[0], sent)
				}
			}
			r.Event(&layer.Injected{Flow: r.flow.ID, Message: flow.Message{FromClient: true, Text: true, Content: []byte("injected")}})
			if sent := got(r.TakeSent(r.server)); sent != "false:injected" {
				t.Errorf("the injected message arrives as %q", sent)
			}
			if sent := say("this quick one stays"); sent != "true:this quick one stays" {
				t.Errorf("after it: %q", sent)
			}
		})
	}
	t.Run("after an edit, what comes in pieces is held and compressed anew", func(t *testing.T) {
		r := newWSRig(t, "permessage-deflate")
		r.Start()
		z, got := deflater(), receiver(t, true)
		r.onMessage = func(m *flow.Message) { m.Content = bytes.ReplaceAll(m.Content, []byte("quick"), []byte("slow")) }
		r.Data(r.client, []byte(fromClient(ws.Text, "z", z("a quick brown fox"))))
		if s := got(r.TakeSent(r.server)); s != "true:a slow brown fox" {
			t.Errorf("%q arrives", s)
		}
		r.onMessage = nil
		var sent []byte
		for _, b := range layertest.Split(fromClient(ws.Text, "z", z("a quick brown fox"))) {
			r.Data(r.client, b)
			sent = append(sent, r.TakeSent(r.server)...)
		}
		if s := got(sent); s != "true:a quick brown fox" {
			t.Errorf("%q arrives", s)
		}
	})
	t.Run("an edited message takes several frames", func(t *testing.T) {
		r := newWSRig(t, "permessage-deflate")
		r.Start()
		noise := make([]byte, 9000)
		rand.NewChaCha8([32]byte{}).Read(noise)
		r.onMessage = func(m *flow.Message) { m.Content = noise }
		r.Data(r.client, []byte(fromClient(ws.Binary, "z", deflater()(text))))
		sent := r.TakeSent(r.server)
		if got := receiver(t, true)(sent); got != "true:"+string(noise) {
			t.Errorf("%d bytes arrive", len(got))
		}
	})
	t.Run("an edited message is one frame if it is short", func(t *testing.T) {
		r := newWSRig(t, "permessage-deflate")
		r.Start()
		r.onMessage = func(m *flow.Message) { m.Content = []byte("other") }
		z := deflater()(text)
		r.Data(r.client, []byte(fromClient(ws.Text, "z+", z[:2])+fromClient(ws.Continuation, "", z[2:])))
		if sent := r.TakeSent(r.server); string(sent) != fromClient(ws.Text, "z", string(ws.Deflate(nil, []byte("other"), 15))) {
			t.Errorf("sent %q", sent)
		}
	})
}

func TestWebSocketCompressedBreaches(t *testing.T) {
	for name, c := range map[string]struct{ payload, text string }{
		"garbage": {"\xff\xff\xff", "a compressed message cannot be read: …"},
		"text":    {deflater()("\xff"), "a text message is not UTF-8"},
	} {
		for _, way := range []string{"whole", "as it comes"} {
			t.Run(name+", "+way, func(t *testing.T) {
				r := newWSRig(t, "permessage-deflate")
				frame := fromServer(ws.Text, "z+", "") + fromServer(ws.Continuation, "", c.payload)
				r.Start()
				if way == "whole" {
					r.Data(r.server, []byte(frame))
				} else {
					r.Data(r.server, []byte(frame[:3]))
					if got := r.TakeSent(r.client); string(got) != fromServer(ws.Text, "z+", "") {
						t.Errorf("%q passed", got)
					}
					r.Data(r.server, []byte(frame[3:]))
				}
				r.Expect(`log warn "WebSocket connection closed because of its server: `+c.text+`"`, "send server …", `send client "…`+strings.ReplaceAll(c.text, "…", "")+`…"`,
					"close server", "close client")
				if code := r.flow.WebSocket.CloseCode; code != 1007 {
					t.Error("code", code)
				}
			})
		}
	}
	t.Run("bomb", func(t *testing.T) {
		r := newWSRig(t, "permessage-deflate")
		r.Start()
		bomb := string(ws.Deflate(nil, make([]byte, maxMessage+1), 15))
		r.Data(r.server, []byte(fromServer(ws.Binary, "z", bomb)))
		r.Expect(`log warn "…a compressed message is too large"`, "send server …", "send client …", "close server", "close client")
		if code := r.flow.WebSocket.CloseCode; code != 1009 {
			t.Error("code", code)
		}
	})
}

func TestWebSocketUnknownExtension(t *testing.T) {
	r := newWSRig(t, "x-other; a=b, permessage-deflate")
	frame := fromServer(ws.Text, "z", "\xff\x00")
	r.play(`<< log warn "Ignoring unknown WebSocket extension 'x-other'."`, in("server", frame), out("client", frame))
	r.want(t, "server:\xff\x00\n")
}
