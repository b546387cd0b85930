package har

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"

	"sluice/flowstore/dump"
	"sluice/proxy/flow"
)

// An EntryError says which entry of an archive is wrong. Those after it may be good.
type EntryError struct {
	Entry int    // from 1
	URL   string // "" if there is none
	Err   error
}

func (e *EntryError) Error() string {
	if e.URL != "" {
		return fmt.Sprintf("entry %d of the HTTP archive (%s): %v", e.Entry, e.URL, e.Err)
	}
	return fmt.Sprintf("entry %d of the HTTP archive: %v", e.Entry, e.Err)
}

func (e *EntryError) Unwrap() error { return e.Err }

// An Error says what is wrong with an archive and at which byte, counted from 0; of one that is compressed or in UTF-16, of
// what it is as UTF-8. What comes behind is not read.
type Error struct {
	Byte int64
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("damaged HTTP archive, at byte %d: %v", e.Byte, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Read reads the flows of an archive, compressed or not, one after the other. An error that is an *EntryError stands for an
// entry that is left out, and reading goes on; any other is the last, an *Error once it is clear that there is an archive.
// What a browser has from itself, such as a data URL, is no flow and left out. r is read no faster than the flows are taken,
// and may be read further than the archive goes.
func Read(r io.Reader) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		s, err := open(r)
		if err == nil {
			err = s.entries(yield)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

var errEnough = errors.New("enough has been read")

// open begins with an archive, behind the mark of its encoding.
func open(r io.Reader) (*source, error) {
	in := bufio.NewReader(r)
	if start, _ := in.Peek(2); zipped(start) {
		z, err := zlib.NewReader(in)
		if err != nil {
			return nil, &Error{0, err}
		}
		in = bufio.NewReader(z)
	}
	if start, _ := in.Peek(2); utf16Of(start) != "" {
		enc, _ := charset.Lookup(utf16Of(start))
		in = bufio.NewReader(enc.NewDecoder().Reader(in))
	}
	s := &source{r: in}
	if start, _ := in.Peek(len(byteOrderMark)); bytes.Equal(start, byteOrderMark) {
		n, _ := in.Discard(len(byteOrderMark))
		s.base = int64(n)
	}
	return s, nil
}

// entries yields what is in log.entries.
func (s *source) entries(yield func(*flow.Flow, error) bool) error {
	for _, key := range []string{"log", "entries"} {
		if err := s.enter(key); err != nil {
			return err
		}
	}
	switch begun, err := s.take('['); {
	case err != nil:
		return err
	case !begun:
		return s.wrong("a list, which log.entries is,")
	}
	if over, err := s.take(']'); over || err != nil {
		return err
	}
	for n := 1; ; n++ {
		b, at, err := s.value()
		if err != nil {
			return inEntry(n, err)
		}
		if f, err := flowOf(b, at, n, &s.kept); (f != nil || err != nil) && !yield(f, err) {
			return errEnough
		}
		if over, err := s.take(']'); over || err != nil {
			return err
		}
		if another, err := s.take(','); err != nil {
			return err
		} else if !another {
			return s.wrong("a comma or the end of the entries")
		}
	}
}

func inEntry(n int, err error) error {
	if bad, ok := errors.AsType[*Error](err); ok {
		return &Error{bad.Byte, fmt.Errorf("in entry %d: %w", n, bad.Err)}
	}
	return err
}

// flowOf returns what entry n tells of; nil if that has never been on a network.
func flowOf(b []byte, at int64, n int, kept *dump.Texts) (*flow.Flow, error) {
	e, err := parseEntry(b, at, kept)
	if err == nil && local(e.request.url) {
		return nil, nil
	}
	var f *flow.Flow
	switch {
	case err != nil:
	case b[0] != '{':
		err = errors.New("it is null")
	default:
		f, err = e.flow()
	}
	if err != nil {
		return nil, &EntryError{n, short(e.request.url), err}
	}
	return f, nil
}

// localSchemes are those of what a browser has from itself.
var localSchemes = []string{"data", "blob", "about", "javascript", "file", "filesystem", "chrome", "chrome-extension", "moz-extension", "resource"}

func local(url string) bool {
	scheme, _, ok := strings.Cut(url, ":")
	return ok && slices.Contains(localSchemes, strings.ToLower(scheme))
}

// short cuts what is too long for a line.
func short(s string) string {
	if len(s) > 120 {
		return s[:117] + "..."
	}
	return s
}

// enter goes into an object until after a key.
func (s *source) enter(key string) error {
	missing := fmt.Errorf("this is no HTTP archive: there is no %s in it", key)
	if begun, err := s.take('{'); err != nil {
		return err
	} else if !begun {
		return missing
	}
	if empty, err := s.take('}'); err != nil {
		return err
	} else if empty {
		return missing
	}
	for {
		name, err := s.key()
		if err != nil || name == key {
			return err
		}
		if _, _, err := s.value(); err != nil {
			return err
		}
		if over, err := s.take('}'); err != nil {
			return err
		} else if over {
			return missing
		}
		if another, err := s.take(','); err != nil {
			return err
		} else if !another {
			return s.wrong("a comma")
		}
	}
}

// key takes the name of a field and the colon behind it.
func (s *source) key() (name string, err error) {
	if c, err := s.peek(); err != nil {
		return "", err
	} else if c != '"' {
		return "", s.wrong("a name in quotes")
	}
	b, at, err := s.value()
	if err != nil {
		return "", err
	}
	p := parser{b: b, base: at}
	if err := p.text(&name); err != nil {
		return "", &Error{at, err}
	}
	if colon, err := s.take(':'); err != nil {
		return "", err
	} else if !colon {
		return "", s.wrong("a colon")
	}
	return name, nil
}
