package coding

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var roundTrips = []string{"gzip", "x-gzip", "deflate", "deflateraw", "br", "zstd", "identity", "none", "",
	"gzip, br", "deflate,identity , zstd", "GZIP"}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		enc := rapid.SampledFrom(roundTrips).Draw(t, "encoding")
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		coded, err := Encode(enc, b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(enc, coded, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, b) {
			t.Fatalf("%s: got %q, want %q", enc, got, b)
		}
		if !Known(enc) {
			t.Fatalf("%s is not known", enc)
		}
	})
}

func TestEncodeIsStable(t *testing.T) {
	for _, enc := range Names() {
		a, _ := Encode(enc, []byte("the same"))
		b, err := Encode(enc, []byte("the same"))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %q and %q, %v", enc, a, b, err)
		}
	}
}

func TestDecodeOtherWriters(t *testing.T) {
	want := "hello, hello, hello"
	zlibbed, _ := Encode("deflate", []byte(want))
	raw, _ := Encode("deflateraw", []byte(want))
	for _, c := range []struct {
		enc  string
		body []byte
	}{{"gzip", zlibbed}, {"deflate", raw}} {
		got, err := Decode(c.enc, c.body, 0)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", c.enc, got, err)
		}
	}
}

func TestDecodeIsBounded(t *testing.T) {
	body := []byte(strings.Repeat("a", 1<<20))
	for _, enc := range append(Names(), "identity", "gzip, zstd") {
		coded, err := Encode(enc, body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(enc, coded, 1000)
		if !errors.Is(err, ErrTooLarge) || !bytes.Equal(got, body[:1000]) {
			t.Errorf("%s: got %d bytes, %v", enc, len(got), err)
		}
		if got, err = Decode(enc, coded, len(body)); err != nil || len(got) != len(body) {
			t.Errorf("%s, exactly max: got %d bytes, %v", enc, len(got), err)
		}
	}
}

func TestDecodeCutShort(t *testing.T) {
	body := []byte(strings.Repeat("some text that repeats ", 20000))
	for _, enc := range Names() {
		coded, _ := Encode(enc, body)
		got, err := Decode(enc, coded[:len(coded)-1], 0)
		if err == nil {
			t.Errorf("%s: no error", enc)
		}
		if !bytes.HasPrefix(body, got) {
			t.Errorf("%s: what was decoded is no prefix", enc)
		}
	}
	coded, _ := Encode("gzip", body)
	if got, _ := Decode("gzip", coded[:len(coded)-1], 0); len(got) == 0 {
		t.Error("gzip: nothing of a body cut short was decoded")
	}
}

func TestDecodeErrors(t *testing.T) {
	many := strings.Repeat("gzip,", 9)
	for _, c := range []struct {
		enc, body string
		unknown   bool
	}{{"foo", "x", true}, {"gzip, foo", "x", true}, {"gzip", "nonsense", false},
		{"br", "\xff\xff\xff\xff", false}, {"zstd", "nonsense", false}, {many, "x", false}} {
		got, err := Decode(c.enc, []byte(c.body), 0)
		if err == nil || errors.Is(err, ErrUnknown) != c.unknown {
			t.Errorf("%s: got %q, %v", c.enc, got, err)
		}
	}
	if Known("foo") || Known("gzip, foo") || Known(many) {
		t.Error("known")
	}
	if _, err := Encode("foo", nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("encode: %v", err)
	}
	for _, enc := range []string{"gzip", "foo"} {
		if got, err := Decode(enc, nil, 0); err != nil || len(got) != 0 {
			t.Errorf("empty %s: %q, %v", enc, got, err)
		}
	}
	if d := cmp.Diff([]string{"gzip", "br"}, split(" Gzip,, identity,BR ")); d != "" {
		t.Error(d)
	}
}

func FuzzDecode(f *testing.F) {
	for _, enc := range Names() {
		coded, _ := Encode(enc, []byte("hello, hello"))
		f.Add(enc, coded)
	}
	f.Fuzz(func(t *testing.T, enc string, b []byte) {
		if got, _ := Decode(enc, b, 4096); len(got) > 4096 {
			t.Fatalf("%d bytes", len(got))
		}
	})
}
