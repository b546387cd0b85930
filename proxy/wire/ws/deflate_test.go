package ws

import (
	"bytes"
	"compress/flate"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A sender compresses messages one after the other, as another implementation does it.
type sender struct {
	out       bytes.Buffer
	w         *flate.Writer
	noContext bool
}

func newSender(noContext bool) *sender {
	s := &sender{noContext: noContext}
	s.w, _ = flate.NewWriter(&s.out, flate.BestCompression)
	return s
}

func (s *sender) message(content []byte) []byte {
	s.out.Reset()
	if s.noContext {
		s.w.Reset(&s.out)
	}
	s.w.Write(content)
	s.w.Flush()
	return bytes.Clone(bytes.TrimSuffix(s.out.Bytes(), []byte("\x00\x00\xff\xff")))
}

// The examples of RFC 7692 §7.2.3.
func TestInflateExamples(t *testing.T) {
	for name, wires := range map[string][]string{
		"one block":       {"\xf2\x48\xcd\xc9\xc9\x07\x00"},
		"shared window":   {"\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x00\x11\x00\x00"},
		"no compression":  {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"},
		"a final block":   {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "\xf2\x48\xcd\xc9\xc9\x07\x00"},
		"two blocks":      {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"},
		"two final ones":  {"\xf3\x48\x05\x00" + "\xcb\xc9\xc9\x07\x00" + "\x00"},
		"behind an empty": {"\x03\x00" + "\xf2\x48\xcd\xc9\xc9\x07\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			var f Inflater
			for i, wire := range wires {
				got, err := f.Inflate([]byte(">"), []byte(wire), 5)
				if err != nil || string(got) != ">Hello" {
					t.Errorf("message %d: %q, %v", i, got, err)
				}
			}
		})
	}
}

func TestInflateRefuses(t *testing.T) {
	for name, wire := range map[string]string{
		"a bad block":       "\xff\xff",
		"no window":         "\xf2\x00\x11\x00\x00",
		"a truncated block": "\xf2\x48",
		"endless ends":      strings.Repeat("\x03\x00", maxBlocks+1),
	} {
		var f Inflater
		if got, err := f.Inflate(nil, []byte(wire), 1<<20); codeOf(err) == 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestInflateIsBounded(t *testing.T) {
	const limit = 1 << 20
	s := newSender(false)
	bomb := s.message(make([]byte, 16<<20))
	var f Inflater
	got, err := f.Inflate(nil, bomb, limit)
	if !errors.Is(err, ErrTooLarge) || cap(got) > 4*limit {
		t.Errorf("%d bytes inflate to %d in %d, %v", len(bomb), len(got), cap(got), err)
	}
	exact := newSender(false).message(make([]byte, limit))
	if got, err := new(Inflater).Inflate(nil, exact, limit); err != nil || len(got) != limit {
		t.Errorf("as much as the limit: %d, %v", len(got), err)
	}
}

func TestInflateKeepsAWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		noContext := rapid.Bool().Draw(t, "noContext")
		s, f := newSender(noContext), Inflater{Params: Params{NoContext: noContext}}
		words := [][]byte{[]byte("the "), []byte("quick"), bytes.Repeat([]byte("0123456789abcdef"), 700), bytes.Repeat([]byte{0}, 40000)}
		for range rapid.IntRange(1, 12).Draw(t, "messages") {
			var content []byte
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(words)-1), 0, 6).Draw(t, "words") {
				content = append(content, words[i]...)
			}
			content = append(content, rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "noise")...)
			got, err := f.Inflate(nil, s.message(content), len(content))
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("%d bytes became %d: %v", len(content), len(got), err)
			}
			if cap(f.window) > 4*windowSize || noContext && len(f.window) > 0 {
				t.Fatalf("the window keeps %d", cap(f.window))
			}
		}
	})
}

func TestDeflate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(8, 15).Draw(t, "bits")
		content := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "content"), rapid.IntRange(0, 400).Draw(t, "times"))
		wire := Deflate(nil, content, bits)
		if len(content) == 0 && string(wire) != "\x00" { // RFC 7692 §7.2.3.6
			t.Fatalf("nothing is %x", wire)
		}
		// A decompressor that knows another message reads it all the same.
		f := Inflater{}
		if _, err := f.Inflate(nil, newSender(false).message([]byte("before")), 100); err != nil {
			t.Fatal(err)
		}
		got, err := f.Inflate(nil, wire, len(content))
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes became %d: %v", len(content), len(got), err)
		}
	})
}

func TestDeflateKeepsToItsWindow(t *testing.T) {
	noise := make([]byte, 300)
	for i := range noise {
		noise[i] = byte(i*i>>3 + i*7)
	}
	far := append(append(bytes.Clone(noise), make([]byte, 1<<12)...), noise...)
	small, large := Deflate(nil, far, 8), Deflate(nil, far, 15)
	if len(small) < len(large)+100 {
		t.Errorf("with a window of 256 bytes it takes %d, with 32 KiB %d: it refers too far back", len(small), len(large))
	}
}

func FuzzInflate(f *testing.F) {
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), []byte("\xf2\x00\x11\x00\x00"))
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []byte("\x03\x00\x03\x00"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		const limit = 1 << 20
		var in Inflater
		for _, wire := range [][]byte{one, two} {
			got, err := in.Inflate(nil, bytes.Clone(wire), limit)
			if err != nil {
				if codeOf(err) == 0 {
					t.Fatalf("an error without a code: %v", err)
				}
				return
			}
			if len(got) > limit {
				t.Fatalf("%d bytes", len(got))
			}
			back, err := new(Inflater).Inflate(nil, Deflate(nil, got, MaxWindowBits), limit)
			if err != nil || !bytes.Equal(back, got) {
				t.Fatalf("%d bytes became %d: %v", len(got), len(back), err)
			}
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	s := newSender(false)
	wire := s.message(bytes.Repeat([]byte(`{"a":1,"b":[2,3]},`), 60))
	var f Inflater
	f.Inflate(nil, bytes.Clone(wire), 1<<20)
	next := s.message(bytes.Repeat([]byte(`{"a":1,"b":[2,3]},`), 60))
	buf := make([]byte, 0, 4096)
	in := append(make([]byte, 0, 4096), next...)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = f.Inflate(buf[:0], in, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
