package layer

import (
	"bytes"
	"testing"
)

// TestRoom holds that a buffer keeps what is in it however far it grows, and is copied a number of
// times that does not grow with its size.
func TestRoom(t *testing.T) {
	ctx := NewContext(nil, nil, nil, nil)
	piece := bytes.Repeat([]byte("0123456789abcdef"), 1<<10)
	var want []byte
	b, moved := ctx.Buffer(1), 0
	for len(want) < 12<<20 {
		was := cap(b.B)
		b = ctx.Room(b, len(piece))
		if cap(b.B)-len(b.B) < len(piece) {
			t.Fatalf("no room for %d bytes behind %d", len(piece), len(b.B))
		}
		if cap(b.B) != was {
			moved++
		}
		b.B, want = append(b.B, piece...), append(want, piece...)
	}
	if !bytes.Equal(b.B, want) {
		t.Fatal("the bytes are not those that were put in")
	}
	if moved > 8 {
		t.Fatalf("copied %d times", moved)
	}
	ctx.Release()
}
