package layers_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// TestHTTP2Floods sends what costs us work and brings nothing on, until the connection is ended.
func TestHTTP2Floods(t *testing.T) {
	get := headerBlock(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "example.com")
	post := headerBlock(":method", "POST", ":scheme", "https", ":path", "/", ":authority", "example.com")
	bomb := append(headerBlock("x", strings.Repeat("a", 4000)), bytes.Repeat([]byte{0xbe}, 60_000)...) // one line, said again and again
	for name, next := range map[string]func(b []byte, i uint32) []byte{
		"PING":     func(b []byte, _ uint32) []byte { return h2.AppendPing(b, false, [8]byte{}) },
		"SETTINGS": func(b []byte, _ uint32) []byte { return h2.AppendSettings(b) },
		"many settings": func(b []byte, i uint32) []byte {
			all := make([]http2.Setting, 2000)
			for k := range all {
				all[k] = http2.Setting{ID: http2.SettingInitialWindowSize, Val: i + uint32(k)}
			}
			return h2.AppendSettings(b, all...)
		},
		"acknowledged settings": func(b []byte, _ uint32) []byte { return h2.AppendSettingsAck(b) },
		"PRIORITY": func(b []byte, _ uint32) []byte {
			return append(h2.AppendFrameHeader(b, 5, http2.FramePriority, 0, 1), 0, 0, 0, 0, 1)
		},
		"WINDOW_UPDATE": func(b []byte, _ uint32) []byte { return h2.AppendWindowUpdate(b, 0, 1) },
		"unknown":       func(b []byte, _ uint32) []byte { return h2.AppendFrameHeader(b, 0, 0x42, 0, 1) },
		"empty DATA": func(b []byte, i uint32) []byte {
			if i == 0 {
				b = h2.AppendHeaders(b, 1, false, post, h2.MaxFrame)
			}
			return h2.AppendData(b, 1, false, nil)
		},
		"rapid reset": func(b []byte, i uint32) []byte {
			return h2.AppendReset(h2.AppendHeaders(b, 2*i+1, true, get, h2.MaxFrame), 2*i+1, http2.ErrCodeCancel)
		},
		"refused streams": func(b []byte, i uint32) []byte { return h2.AppendHeaders(b, 2*i+1, false, post, h2.MaxFrame) },
		"malformed requests": func(b []byte, i uint32) []byte {
			return h2.AppendHeaders(b, 2*i+1, true, get[:3], h2.MaxFrame)
		},
		"CONTINUATION": func(b []byte, i uint32) []byte {
			if i == 0 {
				return append(h2.AppendFrameHeader(b, len(get), http2.FrameHeaders, 0, 1), get...)
			}
			return h2.AppendFrameHeader(b, 0, http2.FrameContinuation, 0, 1)
		},
		"endless field section": func(b []byte, i uint32) []byte {
			frame := http2.FrameContinuation
			if i == 0 {
				frame = http2.FrameHeaders
			}
			return append(h2.AppendFrameHeader(b, h2.MaxFrame, frame, 0, 1), make([]byte, h2.MaxFrame)...)
		},
		"HPACK bomb": func(b []byte, i uint32) []byte { return h2.AppendHeaders(b, 2*i+1, true, bomb, h2.MaxFrame) },
	} {
		t.Run(name, func(t *testing.T) {
			b := h2Play(t, true, true, layer.Options{})
			conn, total := b.conn("client"), 0
			b.play(">> client ping\n<< client pong\n")
			for i := uint32(0); conn.State != 0; i++ {
				frames := next(nil, i)
				if total += len(frames); i > 20_000 {
					t.Fatal("the connection is still there")
				}
				b.Data(conn, frames)
				for _, l := range b.output() {
					if strings.Contains(l, "goaway") && !strings.Contains(l, "ENHANCE_YOUR_CALM") {
						t.Error(l)
					}
				}
			}
			if total > 32<<20 {
				t.Errorf("after %d bytes", total)
			}
		})
	}
}

func headerBlock(pairs ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(pairs); i += 2 {
		e.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return b.Bytes()
}

// TestHTTP2ServerFloods: a server is treated no better.
func TestHTTP2ServerFloods(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.play(`
		>> client headers 1 end $GET
		<< server headers 1 end $GET
	`)
	conn := b.conn("server")
	for i := 0; conn.State != 0; i++ {
		if i > 20_000 {
			t.Fatal("the connection is still there")
		}
		b.event("server ping")
	}
	if out := strings.Join(b.output(), "\n"); !strings.Contains(out, "ENHANCE_YOUR_CALM") || !strings.Contains(out, "client headers 1 :status=502") {
		t.Errorf("%.2000s", out)
	}
}

// TestHTTP2PatientUse does for a while what floods do, as often as it is of use.
func TestHTTP2PatientUse(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	for i := range 3000 {
		id := 2*i + 1
		b.play(fmt.Sprintf(`
			>> client headers %d end $GET
			<< server headers %d end $GET
			>> server headers %d :status=200 + data %d end x
			<< client headers %d :status=200
			<< client data %d end x
			>> client window 0 1
		`, id, id, id, id, id, id))
	}
}

// TestHTTP2WindowChangesCost: what changes the windows of many streams at once is not done as often as what changes nothing.
func TestHTTP2WindowChangesCost(t *testing.T) {
	const most = 400
	b := h2Play(t, true, true, layer.Options{})
	conn := b.conn("client")
	for i := range 240 {
		b.event(words.Replace(fmt.Sprintf("client headers %d $POST", 2*i+1)))
	}
	changes := uint32(0)
	for ; conn.State != 0 && changes < 2*most; changes++ {
		b.Data(conn, h2.AppendSettings(nil, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000 + changes}))
	}
	if out := strings.Join(b.output(), "\n"); changes > most || !strings.Contains(out, "client goaway") {
		t.Errorf("%d changes were made", changes)
	}
}

// TestHTTP2StreamsWithinTheBudget: streams for which there is no room are refused, so that the client may ask again, and taken when others have
// ended; a few are taken in any case, and the log says why, once.
func TestHTTP2StreamsWithinTheBudget(t *testing.T) {
	const all = 60
	b := h2Play(t, true, true, layer.Options{BodyBudget: 64 << 10})
	b.Start()
	b.event("server settings 3=100")
	refused, told := 0, 0
	ask := func(id int) {
		b.event(words.Replace(fmt.Sprintf("client headers %d end $GET", id)))
		for _, line := range b.output() {
			switch {
			case matchFront(line, fmt.Sprintf("client reset %d REFUSED_STREAM", id)):
				refused++
			case strings.HasPrefix(line, "log warn") && strings.Contains(line, "body_record_budget"):
				told++
			}
		}
	}
	for i := range all {
		ask(2*i + 1)
	}
	if taken := all - refused; taken < 16 || taken > 32 || told != 1 {
		t.Errorf("%d of %d streams were taken, said %d times", taken, all, told)
	}
	was := refused
	b.event("server headers 1 end :status=204")
	b.output()
	if ask(2*all + 1); refused != was {
		t.Error("refused although another one has ended")
	}
}
