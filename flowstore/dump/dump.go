// Package dump reads and writes the flow files of mitmproxy.
//
// A file is a row of typed netstrings, one dictionary a flow. Read takes those of every
// version, brings them up to the newest one in steps, and gives what is whole of
// a file that is damaged. A File and a Stream write the newest version, or the
// one of mitmproxy 8. What other programs have put into a flow, and what the format has no
// place for, is in the file again when a flow is written that was read.
//
// The package keeps no state: whoever has a reader or a writer has it alone.
package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"

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
			fr, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			var f *flow.Flow
			if err == nil {
				f, err = m.flow(fr)
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

// flow makes a flow of the dictionary in a frame.
func (m *migration) flow(fr frame) (*flow.Flow, error) {
	if f := m.exchange(fr); f != nil {
		return f, nil
	}
	return m.anyFlow(fr)
}

// anyFlow makes a flow of whatever is in a frame.
func (m *migration) anyFlow(fr frame) (*flow.Flow, error) {
	left := maxValues
	p := parser{b: fr.b, base: fr.at, left: &left, names: m.names}
	v, _, err := p.value(0, 0)
	if err != nil {
		return nil, err
	}
	state, ok := v.(*dict)
	if !ok {
		return nil, &Error{fr.at, errors.New("want a dictionary here, one for each flow")}
	}
	var f *flow.Flow
	if state, err = m.toNewest(state); err == nil {
		f, err = m.decode(state, !fr.lent)
	}
	if err != nil {
		return nil, &Error{fr.at, err}
	}
	return f, nil
}
