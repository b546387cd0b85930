package tlshello

import (
	"bytes"
	"crypto/tls"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzFragments cuts one hello into records of any sizes, and these into pieces of
// any sizes: what is read does not depend on either.
func FuzzFragments(f *testing.F) {
	one := hello(f, &tls.Config{ServerName: "example.com", NextProtos: []string{"h2", "http/1.1"}})
	want, _, err := Parse(one)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1}, []byte{1})
	f.Add([]byte{3, 200, 1, 1}, []byte{0, 7})
	f.Add([]byte{255, 0, 4}, []byte{})
	f.Fuzz(func(t *testing.T, sizes, pieces []byte) {
		in := fragment(one, sizes)
		var s Scanner
		at := 0
		for i := 0; at < len(in); i++ {
			n := len(in) - at
			if len(pieces) > 0 {
				n = min(n, 1+int(pieces[i%len(pieces)]))
			}
			at += n
			b := bytes.Clone(in[:at])
			h, used, err := s.Parse(b)
			clear(b)
			if err != nil {
				t.Fatal(err)
			}
			if (used > 0) != (at == len(in)) {
				t.Fatalf("%d bytes used after %d of %d", used, at, len(in))
			}
			if used > 0 {
				if d := cmp.Diff(want, h); d != "" || used != len(in) {
					t.Errorf("%d bytes used of %d (-one record +fragments):\n%s", used, len(in), d)
				}
			}
		}
	})
}

// fragment cuts the message of a one-record hello into records of these sizes, over and over.
func fragment(b []byte, sizes []byte) (out []byte) {
	msg := b[recordHeader:]
	for i := 0; len(msg) > 0; i++ {
		n := len(msg)
		if len(sizes) > 0 {
			n = min(n, 1+int(sizes[i%len(sizes)]))
		}
		out = append(out, 0x16, 3, 1, byte(n>>8), byte(n))
		out = append(out, msg[:n]...)
		msg = msg[n:]
	}
	return out
}
