package ws

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

const (
	windowSize = 1 << MaxWindowBits
	// maxBlocks bounds how often the compressor of one message may begin anew: each time costs a window.
	maxBlocks = 1024
	// flushed is what ends a message and is not sent (RFC 7692 §7.2.1), and a last block behind it, for the decompressor.
	flushed = "\x00\x00\xff\xff"
	ending  = flushed + "\x01\x00\x00\xff\xff"
)

// ErrTooLarge is the error of a message that inflates to more than its limit.
var ErrTooLarge = &Error{TooBig, "a compressed message is too large"}

var (
	readers = sync.Pool{New: func() any { return flate.NewReader(nil) }}
	writers = sync.Pool{New: func() any { w, _ := flate.NewWriter(nil, flate.BestSpeed); return w }}
)

// An Inflater reads the compressed messages of one side (RFC 7692 §7.2.2). It keeps as much of what they said as later ones
// may refer to, at most 64 KiB, and nothing if they build on nothing.
type Inflater struct {
	Params Params
	window []byte
	in     bytes.Reader
}

// Inflate appends the content of a message to dst. wire is the payload of all its frames, and may be
// written behind its end. Content of more than limit bytes is ErrTooLarge. An error is final.
func (f *Inflater) Inflate(dst, wire []byte, limit int) ([]byte, error) {
	f.in.Reset(append(wire, ending...))
	r := readers.Get().(io.ReadCloser)
	defer func() {
		f.in.Reset(nil)
		readers.Put(r)
	}()
	from := len(dst)
	for range maxBlocks {
		if err := r.(flate.Resetter).Reset(&f.in, f.history(dst[from:])); err != nil {
			return dst, err
		}
		var err error
		if dst, err = readAll(r, dst, from+limit); err != nil {
			return dst, inflateError(err)
		}
		if f.in.Len() == 0 {
			f.keep(dst[from:])
			return dst, nil
		}
		// A block was marked as the last one and another one follows (RFC 7692 §7.2.3.4).
	}
	return dst, breach("a compressed message ends %d times", maxBlocks)
}

func inflateError(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return err
	}
	return &Error{InvalidPayload, fmt.Sprintf("a compressed message cannot be read: %v", err)}
}

// history returns what a block may refer to: the window, and what the message has said so far.
func (f *Inflater) history(so []byte) []byte {
	switch {
	case len(so) >= windowSize:
		return so[len(so)-windowSize:]
	case len(so) == 0:
		return f.window[max(0, len(f.window)-windowSize):]
	}
	all := append(bytes.Clone(f.window), so...)
	return all[max(0, len(all)-windowSize):]
}

// keep remembers what later messages may refer to.
func (f *Inflater) keep(content []byte) {
	if f.Params.NoContext {
		return
	}
	content = content[max(0, len(content)-windowSize):]
	if len(f.window)+len(content) > 2*windowSize {
		f.window = append(f.window[:0], f.window[len(f.window)-(windowSize-len(content)):]...)
	}
	f.window = append(f.window, content...)
}

// readAll appends all of r to dst, up to limit bytes in dst.
func readAll(r io.Reader, dst []byte, limit int) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		if dst = dst[:len(dst)+n]; len(dst) > limit {
			return dst, ErrTooLarge
		}
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// Deflate appends content as the payload of a compressed message (RFC 7692 §7.2.1) that refers to no
// message before it, so it may follow any, and no further back than 1<<bits bytes.
func Deflate(dst, content []byte, bits int) []byte {
	out := bytes.NewBuffer(dst)
	var w *flate.Writer
	if bits == MaxWindowBits {
		w = writers.Get().(*flate.Writer)
		defer writers.Put(w)
		w.Reset(out)
	} else {
		w, _ = flate.NewWriterWindow(out, 1<<bits)
	}
	w.Write(content) // a buffer takes everything
	w.Flush()
	return bytes.TrimSuffix(out.Bytes(), []byte(flushed))
}
