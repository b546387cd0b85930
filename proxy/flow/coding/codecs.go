package coding

import (
	"bytes"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds what a zstd frame may make us allocate, in bytes. RFC 9659 §3 asks
// for 8 MiB; some servers go beyond it.
const maxWindow = 32 << 20

// A codec undoes and applies one coding.
type codec struct {
	decode func(b []byte, max int) ([]byte, error)
	writer func(w io.Writer) (io.WriteCloser, error)
}

// find returns the codec of a lower-case name, or nil. The names that begin with x- are RFC 9110 §8.4.1.3.
func find(name string) *codec {
	switch name {
	case "gzip", "x-gzip":
		return &codec{decodeGzip, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, 1) }}
	case "deflate":
		return &codec{decodeDeflate, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriterLevel(w, 1) }}
	case "deflateraw":
		return &codec{decodeRaw, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 1) }}
	case "br":
		return &codec{decodeBrotli, func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, 0), nil }}
	case "zstd":
		return &codec{decodeZstd, newZstdWriter}
	}
	return nil
}

func encodeOne(name string, b []byte) ([]byte, error) {
	c := find(name)
	if c == nil {
		return nil, ErrUnknown
	}
	var out bytes.Buffer
	w, err := c.writer(&out)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(b); err != nil {
		return nil, err
	}
	if err = w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decodeGzip also takes a zlib stream, which some servers call gzip.
func decodeGzip(b []byte, max int) ([]byte, error) {
	if isZlib(b) {
		return decodeZlib(b, max)
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readUpTo(r, max)
}

// decodeDeflate takes the zlib stream of RFC 9110 §8.4.1.2 and the bare deflate stream that many servers send instead.
func decodeDeflate(b []byte, max int) ([]byte, error) {
	if !isZlib(b) {
		return decodeRaw(b, max)
	}
	out, err := decodeZlib(b, max)
	if err == nil || err == ErrTooLarge {
		return out, err
	}
	if raw, rawErr := decodeRaw(b, max); rawErr == nil {
		return raw, nil
	}
	return out, err
}

// isZlib reports whether b begins as a zlib stream does (RFC 1950 §2.2).
func isZlib(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && (int(b[0])<<8|int(b[1]))%31 == 0
}

func decodeZlib(b []byte, max int) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readUpTo(r, max)
}

func decodeRaw(b []byte, max int) ([]byte, error) {
	return readUpTo(flate.NewReader(bytes.NewReader(b)), max)
}

func decodeBrotli(b []byte, max int) ([]byte, error) {
	return readUpTo(brotli.NewReader(bytes.NewReader(b)), max)
}

// zstdReaders keeps decoders, which are costly to make. With a concurrency of one they own no goroutine.
var zstdReaders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	return d
}}

func decodeZstd(b []byte, max int) ([]byte, error) {
	d, ok := zstdReaders.Get().(*zstd.Decoder)
	if !ok {
		return nil, ErrUnknown
	}
	defer func() {
		if d.Reset(nil) == nil {
			zstdReaders.Put(d)
		}
	}()
	if err := d.Reset(bytes.NewReader(b)); err != nil {
		return nil, err
	}
	return readUpTo(d, max)
}

func newZstdWriter(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
}
