package har

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"sluice/flowstore/dump"
)

// maxEntry bounds one value of an archive that is read at once, in bytes.
const maxEntry = 512 << 20

// A source takes the text of an archive apart into values. It keeps no more of it than one.
type source struct {
	r    io.Reader
	buf  []byte
	next int   // of buf, what has not been taken
	base int64 // the byte of the archive that buf begins with
	err  error // of reading, once it has come
	kept dump.Texts
}

// at returns which byte of the archive is the next.
func (s *source) at() int64 { return s.base + int64(s.next) }

// more reads on. It is false at the end.
func (s *source) more() bool {
	if s.err != nil {
		return false
	}
	if s.next > 0 {
		n := copy(s.buf, s.buf[s.next:])
		s.base, s.buf, s.next = s.base+int64(s.next), s.buf[:n], 0
		if cap(s.buf) > 16<<20 && n < cap(s.buf)/16 { // what was large is over
			s.buf = append(make([]byte, 0, max(n, 64<<10)*2), s.buf...)
		}
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = append(make([]byte, 0, max(2*cap(s.buf), 64<<10)), s.buf...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf, s.err = s.buf[:len(s.buf)+n], err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// ended says why there is nothing more.
func (s *source) ended() error {
	at := s.base + int64(len(s.buf))
	if errors.Is(s.err, io.EOF) || errors.Is(s.err, io.ErrUnexpectedEOF) {
		return &Error{at, errors.New("it ends too early: save it again where it comes from")}
	}
	return &Error{at, s.err}
}

// wrong says what should be at the next byte.
func (s *source) wrong(want string) error {
	return &Error{s.at(), fmt.Errorf("want %s here: mend it, or save it again where it comes from", want)}
}

// peek returns the next byte that is no space, and takes nothing but the spaces.
func (s *source) peek() (byte, error) {
	for {
		for ; s.next < len(s.buf); s.next++ {
			if c := s.buf[s.next]; !blank(c) {
				return c, nil
			}
		}
		if !s.more() {
			return 0, s.ended()
		}
	}
}

// take takes a mark if it is the next.
func (s *source) take(mark byte) (bool, error) {
	c, err := s.peek()
	if err != nil || c != mark {
		return false, err
	}
	s.next++
	return true, nil
}

// value takes a whole value, lent until the next call, and says where it begins.
func (s *source) value() (b []byte, at int64, err error) {
	c, err := s.peek()
	if err != nil {
		return nil, 0, err
	}
	if bytes.IndexByte([]byte(",:]}"), c) >= 0 {
		return nil, 0, s.wrong("a value")
	}
	at = s.at()
	var e extent
	for n := 0; ; {
		if n, err = e.scan(s.buf[s.next:], n), nil; e.done {
			b = s.buf[s.next : s.next+n]
			s.next += n
			return b, at, nil
		}
		if n > maxEntry {
			return nil, 0, &Error{at, fmt.Errorf("what begins here has more than %d MiB: take it out to read what is behind it", maxEntry>>20)}
		}
		if !s.more() {
			if e.bare && errors.Is(s.err, io.EOF) {
				e.done = true
				continue
			}
			return nil, 0, s.ended()
		}
	}
}

// An extent finds the end of a value. It looks at brackets and quotes only.
type extent struct {
	depth  int
	quoted bool
	bare   bool // a number or a word, which ends in front of what is none
	done   bool
}

// scan goes on at byte n of a value whose front is b, and returns how far it has come.
func (e *extent) scan(b []byte, n int) int {
	for n < len(b) {
		if e.quoted {
			i := endOfString(b, n)
			if i < 0 {
				return safe(b, n)
			}
			n, e.quoted = i, false
			if e.done = e.depth == 0; e.done {
				return n
			}
			continue
		}
		switch c := b[n]; {
		case e.bare && (blank(c) || c == ',' || c == ']' || c == '}'):
			e.done = true
			return n
		case e.bare:
		case c == '"':
			e.quoted = true
		case c == '{' || c == '[':
			e.depth++
		case c == '}' || c == ']':
			if e.depth--; e.depth <= 0 {
				e.done = true
				return n + 1
			}
		case e.depth == 0:
			e.bare = true
		}
		n++
	}
	return n
}

// endOfString returns where a string ends that goes on at byte n, behind its mark; -1 if it does not.
func endOfString(b []byte, n int) int {
	for {
		i := bytes.IndexByte(b[n:], '"')
		if i < 0 {
			return -1
		}
		escapes := 0
		for escapes < i && b[n+i-1-escapes] == '\\' {
			escapes++
		}
		n += i + 1
		if escapes%2 == 0 {
			return n
		}
	}
}

// safe returns from where looking for the end of a string can go on when there is more: not between an escape and what it escapes.
func safe(b []byte, n int) int {
	end := len(b)
	for end > n && b[end-1] == '\\' {
		end--
	}
	return end
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
