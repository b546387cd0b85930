package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxDigits is how long the length in front of a value may be.
const maxDigits = 12

// maxLent is how large a frame may be in whose memory the next one comes.
const maxLent = 64 << 10

// A scanner cuts a file into its outermost values.
type scanner struct {
	r    *bufio.Reader
	at   int64  // bytes read
	buf  []byte // of the frame before
	lost bool   // it is not known where the next value begins
}

// A frame is an outermost value, prefix and tag included.
type frame struct {
	b    []byte
	at   int64 // where it begins in the file
	lent bool  // until the next frame is read; else it is never written again
}

// next returns the next value. At the end of the file it is io.EOF.
func (s *scanner) next() (frame, error) {
	s.buf = s.buf[:0]
	at := s.at
	n, err := s.length()
	if err != nil {
		s.lost = true
		return frame{}, err
	}
	if n > maxFlow {
		err = &Error{at, fmt.Errorf("a flow of %d bytes is more than the %d that one may have", n, int64(maxFlow))}
		return frame{}, errors.Join(err, s.skip(n+1))
	}
	b, err := s.fill(s.buf, len(s.buf)+int(n)+1)
	if err != nil {
		s.lost = true
		return frame{}, s.ended(err, at)
	}
	fr := frame{b, at, len(b) <= maxLent}
	if fr.lent {
		s.buf = b
	} else {
		s.buf = nil
	}
	return fr, nil
}

// fill reads on until b has n bytes. No more room is made than eight times what has come, since n may be wrong, and
// none that is copied often, since n may be large.
func (s *scanner) fill(b []byte, n int) ([]byte, error) {
	for len(b) < n {
		if len(b) == cap(b) {
			room := n
			for room > max(8*len(b), 1<<20) {
				room = room/8 + 1
			}
			b = append(make([]byte, 0, room), b...)
		}
		got, err := s.r.Read(b[len(b):min(cap(b), n)])
		b = b[:len(b)+got]
		s.at += int64(got)
		if err != nil && len(b) < n {
			return b, err
		}
	}
	return b, nil
}

// length reads the decimal length and the colon, which are in buf after it.
func (s *scanner) length() (n int64, err error) {
	from := s.at
	for {
		c, err := s.r.ReadByte()
		if err != nil && s.at == from {
			return 0, err
		}
		if err != nil {
			return 0, s.ended(err, from)
		}
		at := s.at
		s.at++
		s.buf = append(s.buf, c)
		digits := int(at - from)
		switch {
		case c == ':' && digits > 0:
			return n, nil
		case c == '{' && digits == 0:
			return 0, &Error{at, errors.New("this looks like JSON, not like a flow file")}
		case c < '0' || c > '9':
			return 0, &Error{at, fmt.Errorf("want the length of a flow, not %q", c)}
		case digits == maxDigits:
			return 0, &Error{at, fmt.Errorf("the length of a flow has more than %d digits", maxDigits)}
		}
		n = 10*n + int64(c-'0')
	}
}

// skip passes over n bytes.
func (s *scanner) skip(n int64) error {
	at := s.at
	got, err := io.CopyN(io.Discard, s.r, n)
	s.at += got
	if err != nil {
		s.lost = true
		return s.ended(err, at)
	}
	return nil
}

// ended says that the file ended in a flow that began at a byte, or why it could not be read on.
func (s *scanner) ended(err error, from int64) error {
	if errors.Is(err, io.EOF) {
		return &Error{s.at, fmt.Errorf("the file ends in the middle of a flow that begins at byte %d", from)}
	}
	return fmt.Errorf("read at byte %d: %w", s.at, err)
}
