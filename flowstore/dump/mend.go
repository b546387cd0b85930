package dump

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxSides is how many side files a flow file may have.
const maxSides = 1000

// mend brings a file that is to be appended to into a state in which that can be done: what is left of a flow whose
// writing was cut short is moved to a side file. What is no flow file stays as it is, and is an error.
func (w *File) mend(f *os.File) error {
	end, err := wholeEnd(f, w.size)
	if err != nil || end == w.size {
		return err
	}
	if !startsFlow(f, end, w.size) {
		return &Error{end, errors.New("what is here does not begin like a flow")}
	}
	side, err := keepAside(f, w.path, end, w.size)
	if err == nil {
		err = f.Truncate(end)
	}
	if err != nil {
		return err
	}
	w.notices = append(w.notices, fmt.Sprintf("%s ended in the middle of a flow: its last %d bytes were moved to %s, and new flows go behind the whole ones",
		w.path, w.size-end, side))
	w.size = end
	return nil
}

// wholeEnd returns where the last whole value of size bytes ends. It reads no more of them than their lengths and tags.
func wholeEnd(r io.ReaderAt, size int64) (int64, error) {
	for at := int64(0); at < size; {
		s := scanner{at: at, r: bufio.NewReaderSize(io.NewSectionReader(r, at, maxDigits+1), 16)}
		n, err := s.length()
		if err != nil && s.at == size {
			return at, nil
		}
		if err != nil {
			return at, err
		}
		next := s.at + n + 1
		if next > size {
			return at, nil
		}
		var tag [1]byte
		if _, err := r.ReadAt(tag[:], next-1); err != nil {
			return at, err
		}
		if tag[0] != '}' {
			return at, &Error{next - 1, fmt.Errorf("want the end of a flow, not %q", tag[0])}
		}
		at = next
	}
	return size, nil
}

// startsFlow reports whether what is between two places may be the front of a flow: a length, and the name of a first field.
func startsFlow(r io.ReaderAt, from, to int64) bool {
	b := make([]byte, min(to-from, 64))
	if _, err := r.ReadAt(b, from); err != nil {
		return false
	}
	length, rest, whole := bytes.Cut(b, []byte(":"))
	if !whole || len(rest) == 0 { // no more than a length: only behind another flow is that enough
		return from > 0 && isNumber(length)
	}
	name, _, whole := bytes.Cut(rest, []byte(":"))
	return isNumber(length) && isNumber(name) && (whole && len(name) > 0 || !whole && from > 0)
}

func isNumber(b []byte) bool {
	return len(b) <= maxDigits && strings.Trim(string(b), "0123456789") == ""
}

// keepAside copies what is between two places of a file to a new file beside it.
func keepAside(r io.ReaderAt, path string, from, to int64) (side string, err error) {
	for i := 1; i <= maxSides; i++ {
		if side = path + ".cut"; i > 1 {
			side = fmt.Sprintf("%s.cut%d", path, i)
		}
		var out *os.File
		out, err = os.OpenFile(side, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = io.Copy(out, io.NewSectionReader(r, from, to-from))
		if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
			os.Remove(side)
		}
		return side, err
	}
	return "", err
}

// Notices returns what a person should know of how the file was opened, each once.
func (w *File) Notices() []string {
	list := w.notices
	w.notices = nil
	return list
}
