package layers

import "encoding/binary"

const recordHeader = 5 // bytes: type, version, length (RFC 8446 §5.1)

// records counts the TLS records in a stream of bytes by their headers alone.
type records struct {
	whole  uint64 // records that have come to their end
	left   int    // bytes that the record at hand still needs behind its header
	header [recordHeader]byte
	have   int // bytes of header
}

// walk counts on with the next bytes of the stream.
func (r *records) walk(b []byte) {
	for len(b) > 0 {
		if r.left > 0 {
			n := min(r.left, len(b))
			b = b[n:]
			if r.left -= n; r.left == 0 {
				r.whole++
			}
			continue
		}
		n := copy(r.header[r.have:], b)
		b = b[n:]
		if r.have += n; r.have < recordHeader {
			return
		}
		r.have = 0
		if r.left = int(binary.BigEndian.Uint16(r.header[3:])); r.left == 0 {
			r.whole++
		}
	}
}
