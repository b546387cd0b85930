package layers

import (
	"crypto/tls"
	"encoding/binary"
	"net"
)

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

// An alertRecord is the last bytes of a stream, as many as an alert in the clear takes.
//
// A TLS 1.3 client that refuses a certificate may send its alert before it has begun
// to encrypt, as OpenSSL does, when crypto/tls expects nothing but encrypted records and sees
// a record that it cannot decrypt. There, an encrypted alert never looks like one (RFC 8446 §5.2).
type alertRecord [recordHeader + 2]byte

// add goes on with the next bytes of the stream.
func (a *alertRecord) add(b []byte) {
	n := copy(a[:], a[min(len(b), len(a)):])
	copy(a[n:], b[max(0, len(b)-len(a)):])
}

// alert returns the error that the bytes are an alert of (RFC 8446 §6), in the form that crypto/tls gives it; nil if they are none.
func (a *alertRecord) alert() error {
	if a[0] != 21 || a[1] != 3 || a[3] != 0 || a[4] != 2 || a[5] != 1 && a[5] != 2 {
		return nil
	}
	return &net.OpError{Op: "remote error", Err: tls.AlertError(a[6])}
}
