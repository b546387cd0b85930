package har

import (
	"bufio"
	"compress/zlib"
	"errors"
	"io"
	"runtime/debug"
	"sync"

	"sluice/proxy/flow"
)

// A Writer writes flows to an archive as they are given. After the first error it
// writes no more. What it has written by then can still be read, but for the last entry.
type Writer struct {
	out *bufio.Writer
	zip *zlib.Writer // nil: not compressed
	enc encoder
	buf []byte
	any bool // entries have been written
	err error
}

// head is what an archive begins with, up to its first entry.
var head = sync.OnceValue(func() string {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return `{
    "log": {
        "version": "1.2",
        "creator": {
            "name": "sluice",
            "version": ` + string(appendText(nil, version)) + `,
            "comment": ""
        },
        "pages": [],
        "entries": [`
})

// tail is what an archive ends with.
const tail = `
        ]
    }
}
`

// NewWriter returns a writer to w, which has the beginning of the archive at once.
func NewWriter(w io.Writer, compress bool) *Writer {
	a := &Writer{}
	if compress {
		a.zip, _ = zlib.NewWriterLevel(w, zlib.BestCompression) // fails for a level that does not exist only
		w = a.zip
	}
	a.out = bufio.NewWriterSize(w, 64<<10)
	_, a.err = a.out.WriteString(head())
	return a
}

// Write writes one flow, a snapshot. A flow that is not HTTP has no place in an archive: nothing is written.
func (a *Writer) Write(f *flow.Flow) error {
	if a.err != nil || f.Request == nil {
		return a.err
	}
	a.buf = a.enc.append(a.buf[:0], f)
	b := a.buf
	if !a.any {
		b = b[1:] // no comma
	}
	a.any = true
	if _, a.err = a.out.Write(b); cap(a.buf) > 4*maxPending {
		a.buf = nil
	}
	return a.err
}

// Close ends the archive. It does not close what it was written to.
func (a *Writer) Close() error {
	if a.err != nil {
		return a.err
	}
	_, err := a.out.WriteString(tail)
	err = errors.Join(err, a.out.Flush())
	if a.zip != nil {
		err = errors.Join(err, a.zip.Close())
	}
	if a.err = errors.New("the archive is closed"); err != nil {
		a.err = err
	}
	return err
}
