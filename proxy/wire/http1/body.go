package http1

import (
	"fmt"
	"math"

	"sluice/proxy/flow"
)

// maxExtension is how many bytes of a chunk's line may follow its size (RFC 9112 §7.1.1).
const maxExtension = 1024

type chunkState uint8

const (
	inSize      chunkState = iota // the digits of a chunk's size
	inBlanks                      // the blanks behind them
	inExtension                   // an extension, which is dropped
	inSizeLF                      // the LF of the line
	inData
	inDataCR // the line end behind the data
	inDataLF
	inTrailers
)

// A BodyReader decodes the body of one message as it comes. The zero BodyReader reads a body that is empty.
type BodyReader struct {
	framing    Framing
	left       int64 // of the body, or of the chunk
	received   int64 // bytes of data given out
	state      chunkState
	done       bool
	digits     int // of the chunk's size
	extension  int // bytes seen of the chunk's extension
	scan       Scanner
	maxTrailer int
	trailers   flow.Headers
}

// NewBodyReader returns a reader for a body with this framing. maxTrailer bounds its trailers in bytes; 0 is 64 KiB.
func NewBodyReader(f Framing, maxTrailer int) BodyReader {
	if maxTrailer <= 0 {
		maxTrailer = defaultTrailer
	}
	return BodyReader{framing: f, left: f.Length, done: f.Kind == None, maxTrailer: maxTrailer}
}

// Next decodes the front of b. data is a part of b and may be empty, n is what
// was used, done says that the body ends there: bytes behind n are not its own.
// n == 0 and not done ask for more behind the same bytes; else what is left of b
// may hold more of the body. An error is a final *Error.
func (r *BodyReader) Next(b []byte) (data []byte, n int, done bool, err error) {
	if r.done {
		return nil, 0, true, nil
	}
	switch r.framing.Kind {
	case UntilEOF:
		r.received += int64(len(b))
		return b, len(b), false, nil
	case Length:
		data = r.take(b)
		r.done = r.left == 0
		return data, len(data), r.done, nil
	}
	for n < len(b) && r.state != inData && r.state != inTrailers {
		if e := r.delimiter(b[n]); e != nil {
			return nil, n, false, e
		}
		n++
	}
	switch {
	case r.state == inData:
		data = r.take(b[n:])
		if r.left == 0 {
			r.state = inDataCR
		}
		return data, n + len(data), false, nil
	case r.state == inTrailers && n < len(b):
		used, e := r.readTrailers(b[n:])
		return nil, n + used, r.done, asError(e)
	}
	return nil, n, false, nil
}

func (r *BodyReader) take(b []byte) []byte {
	if int64(len(b)) > r.left {
		b = b[:r.left]
	}
	r.left -= int64(len(b))
	r.received += int64(len(b))
	return b
}

// delimiter takes one byte of what stands between the data of two chunks (RFC 9112 §7.1).
func (r *BodyReader) delimiter(c byte) *Error {
	switch r.state {
	case inSize:
		return r.sizeByte(c)
	case inBlanks, inExtension:
		return r.afterSize(c)
	case inSizeLF:
		if c != '\n' {
			return errorf("illegal chunk header: CR is followed by %q", c)
		}
		r.digits, r.extension = 0, 0
		r.state = inData
		if r.left == 0 {
			r.state = inTrailers
		}
	case inDataCR, inDataLF:
		if want := "\r\n"[r.state-inDataCR]; c != want {
			return errorf("malformed chunk footer: %q where %q belongs", c, want)
		}
		r.state++
		if r.state > inDataLF {
			r.state = inSize
		}
	}
	return nil
}

func (r *BodyReader) sizeByte(c byte) *Error {
	d, ok := hexDigit(c)
	switch {
	case !ok && r.digits == 0:
		return errorf("illegal chunk header: %q where a size belongs", c)
	case !ok:
		r.state = inBlanks
		return r.afterSize(c)
	case r.digits == 16 || r.left > math.MaxInt64>>4:
		return errorf("illegal chunk header: size is too large")
	}
	r.digits++
	r.left = r.left<<4 | int64(d)
	return nil
}

// afterSize takes a byte behind a size: blanks, an extension that begins with a semicolon, a CR.
func (r *BodyReader) afterSize(c byte) *Error {
	r.extension++
	switch {
	case c == '\r':
		r.state = inSizeLF
	case r.extension > maxExtension:
		return errorf("illegal chunk header: extension is larger than %d bytes", maxExtension)
	case c == ';' || isBlank(c):
		if c == ';' {
			r.state = inExtension
		}
	case r.state == inBlanks || c < ' ' || c == 0x7f:
		return errorf("illegal chunk header: unexpected %q behind the size", c)
	}
	return nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// readTrailers reads the trailers and the empty line behind them once they are all there.
func (r *BodyReader) readTrailers(b []byte) (n int, err *Error) {
	if b[0] == '\r' && len(b) == 1 {
		return 0, nil
	}
	if b[0] == '\r' && b[1] == '\n' {
		r.done = true
		return 2, nil
	}
	h, n := r.scan.trailers(b, r.maxTrailer)
	if h.text == "" {
		return 0, h.err
	}
	fields := h.fields()
	if h.err != nil {
		return 0, h.err
	}
	for i := range fields {
		if forbiddenTrailer(fields[i].Name) {
			return 0, errorf("invalid trailer: %s is not allowed here", fields[i].Name)
		}
	}
	r.trailers, r.done = fields, true
	return n, nil
}

// forbiddenTrailer reports whether a field would change framing or routing if it were merged (RFC 9110 §6.5.1).
func forbiddenTrailer(name string) bool {
	return equalFold(name, "content-length") || equalFold(name, "transfer-encoding") || equalFold(name, "host")
}

// EOF says that the peer has closed the connection. It is nil if that is where the message may end.
func (r *BodyReader) EOF() error {
	switch {
	case r.done:
		return nil
	case r.framing.Kind == UntilEOF:
		r.done = true
		return nil
	case r.framing.Kind == Length:
		return fmt.Errorf("peer closed connection without sending complete message body (received %d bytes, expected %d)",
			r.received, r.framing.Length)
	}
	return fmt.Errorf("peer closed connection without sending complete message body (incomplete chunked read)")
}

// Trailers returns the fields behind a chunked body, nil before its end and where there are none.
func (r *BodyReader) Trailers() flow.Headers { return r.trailers }
