package har

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"

	"sluice/flowstore/dump"
	"sluice/proxy/flow"
)

// maxPending is about how many bytes are gathered before they are written.
const maxPending = 1 << 20

// A File is an archive that is being written to a file. What is in the file is a whole archive
// after every Flush, and what can't be written whole is taken back.
type File struct {
	path    string
	file    *os.File // nil: it could not be opened anew
	at      int64    // where the end of the archive begins in the file; -1: the file is only written on
	end     []byte
	empty   bool // the archive has no entries
	enc     encoder
	zip     *zipper // nil: not compressed
	pending dump.Gathered
	written int
}

// Create begins an archive in a file that only its owner can read, if it is new. What was in the file is lost.
func Create(path string) (*File, error) {
	if strings.TrimSpace(path) == "" {
		return nil, errors.New("a path is needed, as in: ./flows.har")
	}
	w := &File{path: path}
	if err := w.open(); err != nil {
		return nil, fmt.Errorf("cannot write the HTTP archive: %w", err)
	}
	return w, nil
}

// open opens the file and writes an archive without entries to it.
func (w *File) open() error {
	f, err := os.OpenFile(w.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	w.file, w.at, w.empty, w.enc, w.zip = f, 0, true, encoder{}, nil
	if Compressed(w.path) {
		w.zip = newZipper()
	}
	if err = w.begin(f); err != nil {
		f.Close()
		w.file = nil
		return err
	}
	if err = w.write([]byte(head())); err != nil {
		_ = f.Truncate(0) // what has a part of an archive in it would be taken for somebody else's file
		f.Close()
		w.file = nil
	}
	return err
}

// begin empties the file, or finds that it is none that has an end which could be set.
func (w *File) begin(f *os.File) error {
	regular, err := dump.Claim(f)
	if err != nil {
		return fmt.Errorf("%s: %w: choose another file", w.path, err)
	}
	if !regular {
		w.at = -1
		return nil
	}
	return f.Truncate(0)
}

// Add has a flow written, a snapshot, at Flush at the latest. A flow that is not HTTP has no place in an
// archive: nothing is written. The error is like that of Flush.
func (w *File) Add(f *flow.Flow) error {
	if f.Request == nil {
		return nil
	}
	if w.pending.Bytes = w.enc.append(w.pending.Bytes, f); w.pending.Ended() {
		return w.Flush()
	}
	return nil
}

// Waiting returns how many flows have been added and not been written.
func (w *File) Waiting() int { return w.pending.Flows() }

// Flush writes what has been added. Flows for which that fails are forgotten, and a *dump.WriteError counts them.
func (w *File) Flush() error { return w.pending.Write(w.at < 0, w.entries) }

// entries writes n of them, or none.
func (w *File) entries(b []byte, n int) error {
	err := w.present()
	if err == nil {
		if w.empty {
			b = b[1:] // no comma
		}
		err = w.write(b)
	}
	if err != nil {
		return fmt.Errorf("cannot write the HTTP archive: %w", err)
	}
	w.empty = false
	w.written += n
	return nil
}

// write puts b in front of the end of the archive, or leaves the file as it was. What is behind b in memory is written over.
func (w *File) write(b []byte) (err error) {
	end := []byte(tail)
	if w.zip != nil {
		b, end = w.zip.pack(b)
	}
	if w.at < 0 {
		_, err = w.file.Write(b)
	} else {
		_, err = w.file.WriteAt(append(b, end...), w.at)
	}
	if err != nil {
		w.zip.undo()
		if w.at > 0 {
			_, again := w.file.WriteAt(w.end, w.at)
			err = errors.Join(err, w.file.Truncate(w.at+int64(len(w.end))), again)
		}
		return err
	}
	w.zip.keep()
	if w.end = end; w.at >= 0 {
		w.at += int64(len(b))
	}
	return nil
}

// present opens the file anew if it has been moved or removed. Its folder is not made again: whoever removed it may not want it.
func (w *File) present() error {
	if w.file != nil && w.at < 0 {
		return nil
	}
	there, err := os.Stat(w.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if w.file != nil {
		if mine, bad := w.file.Stat(); err == nil && bad == nil && os.SameFile(mine, there) {
			return nil
		}
		w.file.Close()
		w.file = nil
	}
	if err == nil && there.Size() > 0 {
		return fmt.Errorf("another file has taken the place of %s: move it away", w.path)
	}
	return w.open()
}

// Close writes what has been added and closes the file.
func (w *File) Close() error {
	err := w.Flush()
	if w.file == nil {
		return err
	}
	if w.at < 0 && err == nil {
		_, err = w.file.Write(w.end)
	}
	err = errors.Join(err, w.file.Close())
	w.file = nil
	return err
}

// Save writes flows to a file, and returns how many were written. What was in it is lost only when all is written. When ctx ends
// before, what is written is an archive of the first of them.
func Save(ctx context.Context, path string, flows iter.Seq[*flow.Flow]) (int, error) {
	return dump.Replace(path, func(path string) (n int, all bool, err error) { return save(ctx, path, flows) })
}

func save(ctx context.Context, path string, flows iter.Seq[*flow.Flow]) (n int, all bool, err error) {
	file, err := Create(path)
	if err != nil {
		return 0, false, err
	}
	for f := range flows {
		if err = ctx.Err(); err != nil {
			err = fmt.Errorf("the HTTP archive %s is not complete: %w", path, err)
			break
		}
		if err = file.Add(f); err != nil {
			break
		}
	}
	err = errors.Join(err, file.Close())
	return file.written, err == nil, err
}
