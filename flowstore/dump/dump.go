// Package dump reads and writes the flow files of mitmproxy.
//
// A file is a row of typed netstrings, one dictionary a flow. Read takes those of every
// version, brings them up to the newest one in steps, and gives what is whole of
// a file that is damaged. A Writer and a Stream write the newest version, or the
// one of mitmproxy 8. What other programs have put into a flow, and what the format has no
// place for, is in the file again when a flow is written that was read.
//
// The package keeps no state: whoever has a reader or a writer has it alone.
package dump

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"sluice/proxy/flow"
)

// A Format is a version of the file that can be written.
type Format int

// The formats, by the version that is in the file.
const (
	Newest Format = 21
	Old    Format = 17 // what mitmproxy 8.1.1 reads
)

// maxFlow is how many bytes of a file one flow may have.
const maxFlow = 1 << 31

// maxDigits is how long the length in front of a value may be.
const maxDigits = 12

// An Error says what is wrong with a file and at which byte, counted from 0.
type Error struct {
	Byte int64
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("damaged flow file, at byte %d: %v", e.Byte, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Read gives the flows of a file in order. The last may be an error, of type *Error unless reading itself has
// failed. One flow that makes no sense is left out, and the error of the first such one comes at the end; behind a
// place where it can't be seen where the next flow begins nothing is read.
func Read(r io.Reader) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		s := scanner{r: bufio.NewReaderSize(r, 64<<10)}
		m := newMigration()
		var bad error
		for {
			frame, at, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			var f *flow.Flow
			if err == nil {
				f, err = m.flow(frame, at)
			}
			switch {
			case err != nil && bad == nil:
				bad = err
			case f != nil && !yield(f, nil):
				return
			}
			if s.lost {
				break
			}
		}
		if bad != nil {
			yield(nil, bad)
		}
	}
}

// flow makes a flow of the dictionary in a frame that begins at a byte of the file.
func (m *migration) flow(frame []byte, at int64) (*flow.Flow, error) {
	v, err := parse(frame, at)
	if err != nil {
		return nil, err
	}
	state, ok := v.(*dict)
	if !ok {
		return nil, &Error{at, errors.New("want a dictionary here, one for each flow")}
	}
	var f *flow.Flow
	if state, err = m.toNewest(state); err == nil {
		f, err = m.decode(state)
	}
	if err != nil {
		return nil, &Error{at, err}
	}
	return f, nil
}

// A scanner cuts a file into its outermost values.
type scanner struct {
	r    *bufio.Reader
	at   int64 // bytes read
	buf  bytes.Buffer
	lost bool // it is not known where the next value begins
}

// next returns the next value, prefix and tag included, until the next call, and where it begins. At the end of the file it is io.EOF.
func (s *scanner) next() (frame []byte, at int64, err error) {
	if s.buf.Cap() > 4<<20 {
		s.buf = bytes.Buffer{}
	}
	s.buf.Reset()
	at = s.at
	n, err := s.length()
	if err != nil {
		s.lost = true
		return nil, at, err
	}
	if n > maxFlow {
		err = &Error{at, fmt.Errorf("a flow of %d bytes is more than the %d that one may have", n, int64(maxFlow))}
		return nil, at, errors.Join(err, s.skip(n+1))
	}
	got, err := io.CopyN(&s.buf, s.r, n+1)
	s.at += got
	if err != nil {
		s.lost = true
		return nil, at, s.ended(err, at)
	}
	return s.buf.Bytes(), at, nil
}

// length reads the decimal length and the colon.
func (s *scanner) length() (int64, error) {
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
		s.buf.WriteByte(c)
		digits := int(at - from)
		switch {
		case c == ':' && digits > 0:
			return strconv.ParseInt(string(s.buf.Bytes()[:digits]), 10, 64)
		case c == '{' && digits == 0:
			return 0, &Error{at, errors.New("this looks like JSON, not like a flow file")}
		case c < '0' || c > '9':
			return 0, &Error{at, fmt.Errorf("want the length of a flow, not %q", c)}
		case digits == maxDigits:
			return 0, &Error{at, fmt.Errorf("the length of a flow has more than %d digits", maxDigits)}
		}
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
