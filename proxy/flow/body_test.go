package flow

import (
	"bytes"
	"testing"
)

// TestRecordUpTo: however a body comes in, exactly its front is kept, and copies made on the way stay as they were.
func TestRecordUpTo(t *testing.T) {
	data := make([]byte, 3*maxTail)
	for i := range data {
		data[i] = byte(i % 251)
	}
	for _, limit := range []int{1, 100, maxTail, maxTail + 1, len(data) - 1, len(data), len(data) + 1, 0} {
		for _, step := range []int{1, 7, 1000, maxTail, len(data)} {
			kept, gap := len(data), Whole
			if limit > 0 && limit < len(data) {
				kept, gap = limit, Cut
			}
			var b, snap Body
			for at := 0; at < len(data); at += step {
				p := data[at:min(at+step, len(data))]
				if got := b.RecordUpTo(int64(limit), p); got != nil && !bytes.Equal(got, p) {
					t.Fatal("the copy differs from what was recorded")
				}
				if at == 0 {
					snap = b
				}
			}
			if b.Len() != int64(len(data)) || b.Kept() != int64(kept) || b.Gap() != gap || !bytes.Equal(b.Front(), data[:kept]) {
				t.Errorf("limit %d, %d at a time: %d of %d kept, gap %d", limit, step, b.Kept(), b.Len(), b.Gap())
			}
			if whole := b.Bytes(); gap == Cut && whole != nil || gap == Whole && !bytes.Equal(whole, data) {
				t.Errorf("limit %d, %d at a time: Bytes are %d", limit, step, len(whole))
			}
			if first := min(step, kept); !bytes.Equal(snap.Front(), data[:first]) {
				t.Errorf("limit %d, %d at a time: a copy has changed", limit, step)
			}
		}
	}
}

func TestCutBodiesDiffer(t *testing.T) {
	var a, b Body
	a.RecordUpTo(2, []byte("abc"))
	b.RecordUpTo(2, []byte("xbc"))
	if a.Equal(&b) || !a.Equal(&a) {
		t.Error("bodies with different fronts are equal")
	}
	if a.Skip(1); a.Kept() != 0 || a.Len() != 4 {
		t.Error("a skipped body keeps", a.Kept(), "of", a.Len())
	}
}

func TestCutTo(t *testing.T) {
	var b Body
	b.Append(make([]byte, maxTail))
	b.Append([]byte("abcdef"))
	snap := b
	b.CutTo(maxTail + 2)
	if b.Gap() != Cut || b.Kept() != maxTail+2 || b.Len() != maxTail+6 || string(b.Front()[maxTail:]) != "ab" {
		t.Errorf("%d of %d kept, gap %d", b.Kept(), b.Len(), b.Gap())
	}
	b.Append([]byte("more"))
	if b.Len() != maxTail+10 || b.Kept() != maxTail+2 {
		t.Error("a cut body grew to", b.Kept(), "of", b.Len())
	}
	if snap.Gap() != Whole || string(snap.Bytes()[maxTail:]) != "abcdef" {
		t.Error("a copy was cut too")
	}
	if snap.CutTo(snap.Len()); snap.Gap() != Whole {
		t.Error("a body within the limit was cut")
	}
}
