package dump

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"

	"sluice/proxy/flow"
)

// A File is a flow file that is being written. It always ends behind a whole flow: what
// can't be written whole is taken back.
type File struct {
	Format Format

	path    string
	f       *os.File
	size    int64 // up to the end of the last whole flow; -1: the file has no end that could be set
	pending Gathered
	enc     writer
	notices []string
	moved   *atomic.Int64 // counts the bytes that the disk has taken, if somebody wants to know
}

// Open opens a file for writing, which only its owner can read if it is new. Unless appending is set what was in it
// is gone. If that ends in the middle of a flow the rest of this is moved to a side file; see Notices.
func Open(path string, appending bool, format Format) (*File, error) {
	w := &File{Format: format, path: path}
	return w, w.open(appending)
}

func (w *File) open(appending bool) error {
	flags, how := os.O_RDWR|os.O_CREATE, "write"
	if appending {
		flags, how = flags|os.O_APPEND, "append"
	}
	f, err := os.OpenFile(w.path, flags, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write flows: %w", err)
	}
	if err := w.begin(f, appending); err != nil {
		f.Close()
		return fmt.Errorf("cannot %s flows to %s: %w: choose another file", how, w.path, err)
	}
	w.f = f
	return nil
}

// begin empties the file, or finds its end. Two that write to one file would write over each other's flows.
func (w *File) begin(f *os.File, appending bool) error {
	regular, err := Claim(f)
	if err != nil {
		return err
	}
	if w.size = -1; !regular {
		return nil
	}
	if w.size = 0; !appending {
		return f.Truncate(0)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w.size = info.Size()
	return w.mend(f)
}

// Add has a flow written, at Flush at the latest. An error is about this flow, or about those that waited for being written.
func (w *File) Add(f *flow.Flow) error {
	if Weight(f) > maxPending {
		return w.addLarge(f)
	}
	b, err := w.enc.append(w.pending.Bytes, f, w.Format)
	if err != nil {
		return err
	}
	if w.pending.Bytes = b; w.pending.Ended() {
		return w.Flush()
	}
	return nil
}

// addLarge writes a flow from where it is in memory.
func (w *File) addLarge(f *flow.Flow) error {
	d, err := w.enc.conns.inFormat(f, w.Format)
	if err != nil {
		return err
	}
	before := w.Flush()
	err = w.write(func(out io.Writer) error { return writeValue(out, d) })
	return after(before, err)
}

// A WriteError says how many flows could not be written, and why.
type WriteError struct {
	Flows int
	Err   error
}

func (e *WriteError) Error() string { return e.Err.Error() }

func (e *WriteError) Unwrap() error { return e.Err }

// after counts one more flow that could not be written, if err is not nil.
func after(before, err error) error {
	if err == nil {
		return before
	}
	n := 1
	if failed, ok := errors.AsType[*WriteError](before); ok {
		n += failed.Flows
	}
	return &WriteError{n, err}
}

// Flush writes what has been added. Flows for which that fails are forgotten, and a *WriteError counts them.
func (w *File) Flush() error {
	return w.pending.Write(w.size < 0, func(b []byte, _ int) error {
		return w.write(func(out io.Writer) error {
			_, err := out.Write(b)
			return err
		})
	})
}

// Waiting returns how many flows have been added and not been written.
func (w *File) Waiting() int { return w.pending.Flows() }

// write has whole flows written, or nothing.
func (w *File) write(fn func(io.Writer) error) error {
	if err := w.present(); err != nil {
		return err
	}
	out := counter{w: w.f, moved: w.moved}
	err := fn(&out)
	if err == nil {
		w.size += out.n
		return nil
	}
	if w.size >= 0 && out.n > 0 {
		err = errors.Join(err, w.f.Truncate(w.size))
		_, seek := w.f.Seek(w.size, io.SeekStart)
		err = errors.Join(err, seek)
	}
	return fmt.Errorf("cannot write flows: %w", err)
}

// A counter counts what is written, and piece by piece what is.
type counter struct {
	w     io.Writer
	n     int64
	moved *atomic.Int64 // nil: nobody wants to know
}

func (c *counter) Write(b []byte) (n int, err error) {
	for piece := range slices.Chunk(b, portion) {
		m, err := c.w.Write(piece)
		n += m
		c.n += int64(m)
		if c.moved != nil {
			c.moved.Add(int64(m))
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// present opens the file anew if it has been moved or removed. Its folder is not made again: whoever removed it may not want it.
func (w *File) present() error {
	if w.f != nil && w.size < 0 {
		return nil
	}
	if w.f != nil {
		mine, err := w.f.Stat()
		there, err2 := os.Stat(w.path)
		if err == nil && err2 == nil && os.SameFile(mine, there) {
			return nil
		}
		if err2 != nil && !errors.Is(err2, fs.ErrNotExist) {
			return fmt.Errorf("cannot write flows: %w", err2)
		}
		w.f.Close()
		w.f = nil
	}
	return w.open(true)
}

// Close writes what has been added and closes the file.
func (w *File) Close() error {
	err := w.Flush()
	if w.f != nil {
		err = errors.Join(err, w.f.Close())
		w.f = nil
	}
	return err
}
