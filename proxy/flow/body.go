package flow

import "bytes"

// maxTail is how far the growing end of a body is coalesced before it becomes a chunk of its own.
const maxTail = 64 << 10

// A Body is the content of a message as it passed on the wire, after transfer
// coding was undone and before content coding is. It is a list of immutable
// chunks: copies of a Body share them, and appending to one copy is never seen by another
// as long as only one of the copies, the live one, is appended to.
// The zero Body is empty and present.
type Body struct {
	chunks [][]byte
	tail   []byte
	size   int64
	behind int64 // how much of size is behind the place where a body was cut
	gap    Gap
	// Crowded says that the body was cut because all that were under way took up too much together, not because of its own size.
	Crowded bool
}

// Gap says why the bytes of a body are not here.
type Gap uint8

// The reasons for a gap.
const (
	Whole      Gap = iota // nothing is missing
	Unrecorded            // it was streamed without being recorded
	Dropped               // the store let it go to bound its memory
	Cut                   // only the front was recorded
)

// BodyOf returns a body of one piece, which it takes over.
func BodyOf(p []byte) Body { return Body{tail: p[:len(p):len(p)], size: int64(len(p))} }

// BodyGap returns a body of a known size whose bytes are not here.
func BodyGap(size int64, why Gap) Body { return Body{size: size, gap: why} }

// BodyCut returns a body of which only the front is here, which it takes over. It is whole if that is all of it.
func BodyCut(front []byte, size int64) Body {
	b := BodyOf(front)
	if behind := size - b.size; behind > 0 {
		b.size, b.behind, b.gap = size, behind, Cut
	}
	return b
}

// Len returns the size in bytes, counting those that are not here.
func (b *Body) Len() int64 { return b.size }

// Gap says whether and why the bytes are missing.
func (b *Body) Gap() Gap { return b.gap }

// CutBy names the option that says how much is recorded of a body like this one, which was cut.
func (b *Body) CutBy() string {
	if b.Crowded {
		return "body_record_budget"
	}
	return "body_record_limit"
}

// Kept returns how many bytes from the front are here.
func (b *Body) Kept() int64 {
	switch b.gap {
	case Whole:
		return b.size
	case Cut:
		return b.size - b.behind
	}
	return 0
}

// Append copies p to the end.
func (b *Body) Append(p []byte) {
	b.size += int64(len(p))
	if b.gap == Cut {
		b.behind += int64(len(p))
	}
	if b.gap != Whole || len(p) == 0 {
		return
	}
	if len(b.tail)+len(p) > maxTail && len(b.tail) > 0 {
		b.chunks = append(b.chunks, b.tail)
		b.tail = nil
	}
	if b.tail == nil {
		n := len(p)
		if len(b.chunks) > 0 { // a long body, which goes on
			n = max(n, maxTail)
		}
		b.tail = make([]byte, 0, n)
	}
	b.tail = append(b.tail, p...)
}

// Record is Append that returns the copy, which is never written again; nil where there is a gap.
func (b *Body) Record(p []byte) []byte {
	b.Append(p)
	if b.gap != Whole {
		return nil
	}
	return b.tail[len(b.tail)-len(p) : len(b.tail) : len(b.tail)]
}

// RecordUpTo is Record for a body of which no more than limit bytes are kept; 0: all. Where p goes over
// the limit, what fits of it is kept, the body is one that is cut from then on, and nil is returned.
func (b *Body) RecordUpTo(limit int64, p []byte) []byte {
	if limit <= 0 || b.gap != Whole || b.size+int64(len(p)) <= limit {
		return b.Record(p)
	}
	fits := max(limit-b.size, 0)
	b.Append(p[:fits])
	b.gap = Cut
	b.Append(p[fits:])
	return nil
}

// CutTo lets go of what is here behind the first limit bytes; 0: of nothing. Copies keep theirs.
func (b *Body) CutTo(limit int64) {
	if limit <= 0 || b.gap != Whole || b.size <= limit {
		return
	}
	all := *b
	*b = Body{}
	for p := range all.Chunks {
		b.RecordUpTo(limit, p)
	}
}

// Skip counts n bytes that pass without being recorded and makes the body one with a gap.
func (b *Body) Skip(n int) { *b = Body{size: b.size + int64(n), gap: Unrecorded} }

// Bytes returns the whole content, which the caller must not write to. It is nil where there is a gap.
func (b *Body) Bytes() []byte {
	if b.gap != Whole {
		return nil
	}
	return b.Front()
}

// Front is Bytes that returns what is here of a body that was cut.
func (b *Body) Front() []byte {
	if len(b.chunks) == 0 {
		return b.tail[:len(b.tail):len(b.tail)]
	}
	all := make([]byte, 0, b.Kept())
	for _, c := range b.chunks {
		all = append(all, c...)
	}
	return append(all, b.tail...)
}

// Chunks calls yield for every piece that is here in order, until it returns false.
func (b *Body) Chunks(yield func([]byte) bool) {
	for _, c := range b.chunks {
		if !yield(c) {
			return
		}
	}
	if len(b.tail) > 0 {
		yield(b.tail)
	}
}

// Equal reports whether two bodies have the same bytes, or the same gap.
func (b *Body) Equal(o *Body) bool {
	return b.size == o.size && b.gap == o.gap && bytes.Equal(b.Front(), o.Front())
}

// Same reports whether two bodies share all their bytes, without looking at them. Bodies that it tells
// apart may still be Equal.
func (b *Body) Same(o *Body) bool {
	if b.size != o.size || b.gap != o.gap || len(b.chunks) != len(o.chunks) || len(b.tail) != len(o.tail) {
		return false
	}
	if n := len(b.chunks); n > 0 && (&b.chunks[0][0] != &o.chunks[0][0] || &b.chunks[n-1][0] != &o.chunks[n-1][0]) {
		return false
	}
	return len(b.tail) == 0 || &b.tail[0] == &o.tail[0]
}
