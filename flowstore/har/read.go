package har

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"sluice/proxy/flow"
)

// maxEntry bounds one entry, in bytes of JSON.
const maxEntry = 512 << 20

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

// Read reads the flows of an archive, compressed or not, one after the other. An error
// that is an *EntryError stands for an entry that is left out, and reading goes on; any other is
// the last. r is read no faster than the flows are taken, and may be read further than the archive goes.
func Read(r io.Reader) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		a, err := open(r)
		if err == nil {
			err = a.entries(yield)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

var (
	errEnough   = errors.New("enough has been read")
	errTooLarge = fmt.Errorf("one entry may not have more than %d MiB", maxEntry>>20)
)

// An archive is being read.
type archive struct {
	dec  *json.Decoder
	from *bounded
}

// bounded is a reader that fails past an offset.
type bounded struct {
	r     io.Reader
	n     int64
	until int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n >= b.until {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

func open(r io.Reader) (*archive, error) {
	plain := bufio.NewReader(r)
	if start, _ := plain.Peek(2); zipped(start) {
		z, err := zlib.NewReader(plain)
		if err != nil {
			return nil, fmt.Errorf("read HTTP archive: %w", err)
		}
		plain = bufio.NewReader(z)
	}
	if start, _ := plain.Peek(len(byteOrderMark)); bytes.Equal(start, byteOrderMark) {
		_, _ = plain.Discard(len(byteOrderMark))
	}
	from := &bounded{r: plain}
	return &archive{json.NewDecoder(from), from}, nil
}

// token returns the next one.
func (a *archive) token() (json.Token, error) {
	a.from.until = a.dec.InputOffset() + maxEntry
	t, err := a.dec.Token()
	return t, wrong(err)
}

// wrong says what an error of the decoder means for a person.
func wrong(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("read HTTP archive: the file ends too early; what came before is kept")
	}
	return fmt.Errorf("read HTTP archive: %w", err)
}

// entries yields what is in log.entries.
func (a *archive) entries(yield func(*flow.Flow, error) bool) error {
	for _, key := range []string{"log", "entries"} {
		if err := a.enter(key); err != nil {
			return err
		}
	}
	if t, err := a.token(); err != nil {
		return err
	} else if t != json.Delim('[') {
		return errors.New("read HTTP archive: log.entries is not a list")
	}
	for n := 1; a.dec.More(); n++ {
		f, err := a.next(n)
		if bad := (*EntryError)(nil); err != nil && !errors.As(err, &bad) {
			return err
		}
		if !yield(f, err) {
			return errEnough
		}
		a.from.until = a.dec.InputOffset() + maxEntry
	}
	_, err := a.token() // the end of the list, or of the file
	return err
}

// next reads one entry.
func (a *archive) next(n int) (*flow.Flow, error) {
	a.from.until = a.dec.InputOffset() + maxEntry
	var e *entry
	err := a.dec.Decode(&e)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		url := ""
		if e != nil {
			url = short(string(e.Request.URL))
		}
		return nil, &EntryError{n, url, fmt.Errorf("%s must not be a %s", orThis(kind.Field), kind.Value)}
	}
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", n, wrong(err))
	}
	if e == nil {
		return nil, &EntryError{n, "", errors.New("it is null")}
	}
	f, err := e.flow()
	if err != nil {
		return nil, &EntryError{n, short(string(e.Request.URL)), err}
	}
	return f, nil
}

func orThis(field string) string {
	if field == "" {
		return "it"
	}
	return field
}

// short cuts what is too long for a line.
func short(s string) string {
	if len(s) > 120 {
		return s[:117] + "..."
	}
	return s
}

// enter goes into an object until after a key.
func (a *archive) enter(key string) error {
	t, err := a.token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("this is no HTTP archive: there is no %s in it", key)
	}
	for a.dec.More() {
		if t, err = a.token(); err != nil {
			return err
		}
		if t == key {
			return nil
		}
		if err := a.skip(); err != nil {
			return err
		}
	}
	if _, err := a.token(); err != nil {
		return err
	}
	return fmt.Errorf("this is no HTTP archive: there is no %s in it", key)
}

// skip reads over one value.
func (a *archive) skip() error {
	for depth := 0; ; {
		t, err := a.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
