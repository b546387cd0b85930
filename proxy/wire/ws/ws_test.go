package ws

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestHead(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, c := range []struct {
		name, wire string
		h          Head
	}{ // RFC 6455 §5.7
		{"unmasked text", "\x81\x05", Head{Fin: true, Op: Text, Length: 5}},
		{"masked text", "\x81\x85\x37\xfa\x21\x3d", Head{Fin: true, Op: Text, Masked: true, Key: key, Length: 5}},
		{"fragment", "\x01\x03", Head{Op: Text, Length: 3}},
		{"last fragment", "\x80\x02", Head{Fin: true, Length: 2}},
		{"ping", "\x89\x05", Head{Fin: true, Op: Ping, Length: 5}},
		{"256 bytes", "\x82\x7e\x01\x00", Head{Fin: true, Op: Binary, Length: 256}},
		{"64 KiB", "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", Head{Fin: true, Op: Binary, Length: 65536}},
		{"compressed", "\xc1\x07", Head{Fin: true, RSV: RSV1, Op: Text, Length: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.wire {
				if _, n, err := ParseHead([]byte(c.wire[:i])); n != 0 || err != nil {
					t.Fatalf("of %d bytes: %d, %v", i, n, err)
				}
			}
			h, n, err := ParseHead([]byte(c.wire + "rest"))
			if err != nil || n != len(c.wire) || h != c.h {
				t.Errorf("%+v, %d, %v", h, n, err)
			}
			if got := string(h.Append(nil)); got != c.wire {
				t.Errorf("written %q", got)
			}
		})
	}
}

func TestHeadLength(t *testing.T) {
	for _, wire := range []string{"\x82\x7e\x00\x7d", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"} {
		if _, _, err := ParseHead([]byte(wire)); codeOf(err) != ProtocolError {
			t.Errorf("%q: %v", wire, err)
		}
	}
}

func codeOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestMaskAnywhere(t *testing.T) {
	key := [4]byte{1, 20, 111, 250}
	plain := bytes.Repeat([]byte("0123456789abcdef"), 6)
	want := bytes.Clone(plain)
	for i := range want {
		want[i] ^= key[i&3]
	}
	for at := range plain {
		got := bytes.Clone(plain)
		mask(got[:at], key, 0)
		mask(got[at:], key, int64(at))
		if !bytes.Equal(got, want) {
			t.Fatalf("split at %d: %x", at, got)
		}
	}
}

// A frame is one as a test writes it.
type frame struct {
	Head    Head
	Payload string
}

// readAllFrames reads frames from pieces of wire, as long as there is no error.
func readAllFrames(r *Reader, pieces ...[]byte) (frames []frame, err error) {
	for _, b := range pieces {
		for len(b) > 0 {
			p, n, ok, err := r.Next(b)
			if err != nil {
				return frames, err
			}
			if n <= 0 || n > len(b) {
				panic("a reader that makes no headway")
			}
			if b = b[n:]; !ok {
				continue
			}
			if p.Begins {
				frames = append(frames, frame{Head: p.Head})
			}
			f := &frames[len(frames)-1]
			if p.Pos != int64(len(f.Payload)) && !p.Head.Op.Control() {
				panic("a piece is not where the one before it ended")
			}
			f.Payload += string(p.Append(nil))
			if p.Ends != (int64(len(f.Payload)) == f.Head.Length) {
				panic("a frame ends elsewhere")
			}
		}
	}
	return frames, nil
}

func TestReaderRules(t *testing.T) {
	text, more, ping := "\x81\x01x", "\x01\x01x", "\x89\x01p"
	for _, c := range []struct {
		name, wire string
		r          Reader
		err        string
	}{
		{name: "messages and a ping", wire: text + more + ping + "\x00\x01y" + "\x80\x00" + text},
		{name: "masked server", wire: "\x81\x80\x00\x00\x00\x00", err: "a frame of the server is masked"},
		{name: "unmasked client", wire: text, r: Reader{FromClient: true}, err: "a frame of the client is not masked"},
		{name: "RSV1", wire: "\xc1\x01x", r: Reader{RSV: RSV1}},
		{name: "RSV1 not agreed on", wire: "\xc1\x01x", err: "a text frame has a reserved bit set that no extension has a use for"},
		{name: "RSV1 of a continuation", wire: more + "\xc0\x01x", r: Reader{RSV: RSV1},
			err: "a continuation frame has a reserved bit set that no extension has a use for"},
		{name: "RSV1 of a ping", wire: "\xc9\x00", r: Reader{RSV: RSV1}, err: "a ping frame has a reserved bit set that no extension has a use for"},
		{name: "RSV2", wire: "\xa1\x01x", r: Reader{RSV: RSV1}, err: "a text frame has a reserved bit set that no extension has a use for"},
		{name: "any bits", wire: "\xf1\x01x", r: Reader{Loose: true}},
		{name: "message in a message", wire: more + text, err: "a text frame begins a message inside of another"},
		{name: "continuation of nothing", wire: "\x80\x00", err: "a continuation frame has no message to continue"},
		{name: "after the last one", wire: more + "\x80\x00" + "\x80\x00", err: "a continuation frame has no message to continue"},
		{name: "opcode 3", wire: "\x83\x00", err: "a frame has the reserved opcode 3"},
		{name: "opcode 11", wire: "\x8b\x00", err: "a frame has the reserved opcode 11"},
		{name: "fragmented close", wire: "\x08\x00", err: "a close frame is fragmented"},
		{name: "125 bytes of ping", wire: "\x89\x7d" + strings.Repeat("x", 125)},
		{name: "126 bytes of ping", wire: "\x89\x7e\x00\x7e", err: "a ping frame has 126 bytes, more than the 125 that a control frame may have"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.r
			_, err := readAllFrames(&r, []byte(c.wire))
			if got := ""; err != nil && err.Error() != c.err || err == nil && c.err != got {
				t.Errorf("%v, want %q", err, c.err)
			}
			if err != nil && codeOf(err) != ProtocolError {
				t.Errorf("code %d", codeOf(err))
			}
		})
	}
}

// FuzzReader: however the bytes are cut, the frames are the same; what was read writes back to what came.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\x81\x05hello\x89\x00\x01\x01x\x80\x02yz\x88\x02\x03\xe8"), false, uint8(3))
	f.Add([]byte("\x81\x85\x01\x02\x03\x04hello\x82\xfe\x00\x80\x01\x02\x03\x04"+strings.Repeat("x", 128)), true, uint8(1))
	f.Fuzz(func(t *testing.T, wire []byte, client bool, cut uint8) {
		start := Reader{FromClient: client, RSV: RSV1}
		r := start
		frames, err := readAllFrames(&r, wire)
		var pieces [][]byte
		for i := 0; i < len(wire); i += int(cut) + 1 {
			pieces = append(pieces, wire[i:min(len(wire), i+int(cut)+1)])
		}
		r = start
		split, splitErr := readAllFrames(&r, pieces...)
		if (err == nil) != (splitErr == nil) || err != nil && err.Error() != splitErr.Error() {
			t.Fatalf("%v at once, %v in pieces", err, splitErr)
		}
		// A data frame that is not whole shows as far as it came; one without a byte of its payload may not show.
		if d := cmp.Diff(whole(frames), whole(split)); d != "" {
			t.Fatal(d)
		}
		var back []byte
		for _, f := range whole(frames) {
			back = AppendFrame(back, f.Head, []byte(f.Payload))
		}
		if !bytes.HasPrefix(wire, back) {
			t.Fatalf("read %x\nwrote %x", wire, back)
		}
	})
}

func whole(frames []frame) []frame {
	if n := len(frames); n > 0 && int64(len(frames[n-1].Payload)) < frames[n-1].Head.Length {
		return frames[:n-1]
	}
	return frames
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("aä€😀"), uint8(1), uint8(2))
	f.Add([]byte("\xed\xa0\x80"), uint8(2), uint8(0))
	f.Add([]byte("\xf4\x90\x80\x80"), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, a, b uint8) {
		i := min(int(a), len(text))
		j := min(i+int(b), len(text))
		for _, pieces := range [][][]byte{{text}, {text[:i], text[i:j], text[j:]}, bytes.SplitAfter(text, nil)} {
			var u UTF8
			ok := true
			for _, p := range pieces {
				ok = ok && u.Check(p)
			}
			if got := ok && u.Whole(); got != utf8.Valid(text) {
				t.Fatalf("%q: %v", pieces, got)
			}
		}
	})
}

func TestUTF8FailsAsSoonAsItCan(t *testing.T) {
	for _, bad := range []string{"\xff", "\xc0", "\xed\xa0", "\xf4\x90", "ok\xe2\x28"} {
		var u UTF8
		ok := true
		for i := range len(bad) {
			ok = ok && u.Check([]byte(bad[i:i+1]))
		}
		if ok {
			t.Errorf("%q can still become valid", bad)
		}
	}
}

func TestClose(t *testing.T) {
	for code := range 6000 {
		valid := code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006 || code >= 3000 && code < 5000
		got, reason, err := ParseClose(append([]byte{byte(code >> 8), byte(code)}, "why"...))
		if valid != (err == nil) || valid && (got != code || reason != "why") {
			t.Fatalf("%d: %d %q %v", code, got, reason, err)
		}
		if b := AppendClose(nil, code, "why"); valid != (len(b) == 5) {
			t.Fatalf("%d: %q", code, b)
		}
	}
	if code, _, err := ParseClose(nil); code != NoStatus || err != nil {
		t.Error("empty:", code, err)
	}
	if _, _, err := ParseClose([]byte{3}); codeOf(err) != ProtocolError {
		t.Error("one byte:", err)
	}
	if _, _, err := ParseClose([]byte("\x03\xe8\xff")); codeOf(err) != InvalidPayload {
		t.Error("reason:", err)
	}
	b := AppendClose(nil, 1000, strings.Repeat("ä", 100))
	if len(b) > MaxControl || !utf8.Valid(b[2:]) {
		t.Errorf("a long reason is sent as %q", b)
	}
}

func TestExtensions(t *testing.T) {
	both := func(c, s Params) Extensions { return Extensions{Deflate: true, Client: c, Server: s} }
	for _, c := range []struct {
		line string
		want Extensions
		err  string
	}{
		{line: ""},
		{line: "permessage-deflate", want: both(Params{false, 15}, Params{false, 15})},
		{line: `Permessage-Deflate; server_no_context_takeover ; client_max_window_bits="9"`, want: both(Params{false, 9}, Params{true, 15})},
		{line: "permessage-deflate; client_no_context_takeover; server_max_window_bits=10", want: both(Params{true, 15}, Params{false, 10})},
		{line: `x-a; p="1,2;3", permessage-deflate`, want: Extensions{Deflate: true, Client: Params{false, 15}, Server: Params{false, 15}, Unknown: []string{"x-a"}}},
		{line: "permessage-deflate; server_max_window_bits=16", err: "server_max_window_bits is not 8 to 15"},
		{line: "permessage-deflate; client_max_window_bits", err: "client_max_window_bits is not 8 to 15"},
		{line: "permessage-deflate; server_no_context_takeover=1", err: "has a value"},
		{line: "permessage-deflate; server_no_context_takeover; server_no_context_takeover", err: "there twice"},
		{line: "permessage-deflate; other", err: "the parameter other is not known"},
		{line: "permessage-deflate, permessage-deflate", err: "agreed on twice"},
	} {
		got, err := ParseExtensions([]string{c.line})
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.line, err, c.err)
			}
		} else if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", c.line, err, d)
		}
	}
}

func FuzzExtensions(f *testing.F) {
	f.Add(`permessage-deflate; client_max_window_bits="15", x; y="\",;"`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseExtensions([]string{line})
		if err == nil && e.Deflate && (e.Client.WindowBits < 8 || e.Client.WindowBits > 15 || e.Server.WindowBits < 8 || e.Server.WindowBits > 15) {
			t.Errorf("%+v", e)
		}
	})
}

func TestFrameProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Head{
			Fin: rapid.Bool().Draw(t, "fin"), RSV: uint8(rapid.IntRange(0, 7).Draw(t, "rsv")), Op: Op(rapid.IntRange(0, 15).Draw(t, "op")),
			Masked: rapid.Bool().Draw(t, "masked"), Length: rapid.Int64Min(0).Draw(t, "length"),
		}
		if h.Masked {
			copy(h.Key[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "key"))
		}
		b := h.Append(nil)
		got, n, err := ParseHead(b)
		if err != nil || n != len(b) || n > MaxHead || got != h {
			t.Fatalf("%+v became %+v, %d of %d, %v", h, got, n, len(b), err)
		}
	})
}
