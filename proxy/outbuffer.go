package proxy

import "sync"

// The sizes of pooled output buffers: for a small message, and for a large read with what encryption adds to it.
const (
	smallOut = 4 << 10
	largeOut = readSize + 8<<10
)

var (
	smallOuts = sync.Pool{New: func() any { return new([smallOut]byte) }}
	largeOuts = sync.Pool{New: func() any { return new([largeOut]byte) }}
)

// outBuffer returns an empty buffer with room for n bytes. A connection has one only while it has
// output, so an idle one holds no memory.
func outBuffer(n int) []byte {
	switch {
	case n <= smallOut:
		return smallOuts.Get().(*[smallOut]byte)[:0]
	case n <= largeOut:
		return largeOuts.Get().(*[largeOut]byte)[:0]
	}
	return make([]byte, 0, n)
}

// keepBuffer takes back a buffer that nobody uses any more.
func keepBuffer(b []byte) {
	switch cap(b) {
	case smallOut:
		smallOuts.Put((*[smallOut]byte)(b[:smallOut]))
	case largeOut:
		largeOuts.Put((*[largeOut]byte)(b[:largeOut]))
	}
}
