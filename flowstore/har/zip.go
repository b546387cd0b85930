package har

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash"
	"hash/adler32"
)

// A zipper writes an archive in zlib's format (RFC 1950) piece by piece, and knows after each
// how it would end there. A nil zipper has nothing to keep and to undo.
type zipper struct {
	out     bytes.Buffer
	deflate *flate.Writer
	sum     hash.Hash32 // of what was kept
	next    hash.Hash32 // of that and of the last piece
	begun   bool
}

func newZipper() *zipper {
	z := &zipper{sum: adler32.New()}
	z.deflate, _ = flate.NewWriter(&z.out, flate.BestCompression) // fails for a level that does not exist only
	return z
}

// pack returns a piece of an archive as it is in the file, and the end of the archive as it is behind it. Either keep or undo comes next.
func (z *zipper) pack(b []byte) (packed, end []byte) {
	if z.out.Reset(); z.out.Cap() > 4*maxPending {
		z.out = bytes.Buffer{}
	}
	if !z.begun {
		z.out.WriteString("\x78\xda")
	}
	_, _ = z.deflate.Write(b) // a buffer takes everything
	_ = z.deflate.Flush()     // and the piece ends at a whole byte (RFC 1951 §3.2.4)
	z.next = with(z.sum, b)
	end = binary.LittleEndian.AppendUint16([]byte{1}, uint16(len(tail))) // the last block, which is stored
	end = binary.LittleEndian.AppendUint16(end, ^uint16(len(tail)))
	return z.out.Bytes(), with(z.next, []byte(tail)).Sum(append(end, tail...))
}

func (z *zipper) keep() {
	if z != nil {
		z.sum, z.begun = z.next, true
	}
}

// undo forgets the last piece.
func (z *zipper) undo() {
	if z != nil {
		z.deflate.Reset(&z.out) // what comes next does not refer to what is not there
	}
}

// with returns the checksum of what sum is of and b, and leaves sum as it is.
func with(sum hash.Hash32, b []byte) hash.Hash32 {
	next, _ := sum.(hash.Cloner).Clone() // has no error
	_, _ = next.Write(b)
	return next.(hash.Hash32)
}
