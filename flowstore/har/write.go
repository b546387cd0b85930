package har

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"sluice/proxy/flow"
)

// A Writer writes flows to an archive as they are given. After the first error it
// writes no more. What it has written by then can still be read, but for the last entry.
type Writer struct {
	out     *bufio.Writer
	zip     *zlib.Writer // nil: not compressed
	entries int
	seen    map[flow.ID]struct{} // servers whose connections have been told of
	err     error
}

const head = `{
    "log": {
        "version": "1.2",
        "creator": {
            "name": "sluice",
            "version": %s,
            "comment": ""
        },
        "pages": [],
        "entries": [`

const tail = `
        ]
    }
}
`

// NewWriter returns a writer to w, which has the beginning of the archive at once.
func NewWriter(w io.Writer, compress bool) *Writer {
	a := &Writer{seen: map[flow.ID]struct{}{}}
	if compress {
		a.zip, _ = zlib.NewWriterLevel(w, zlib.BestCompression) // fails for a level that does not exist only
		w = a.zip
	}
	a.out = bufio.NewWriterSize(w, 64<<10)
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	quoted, _ := text(version).MarshalJSON()
	_, a.err = fmt.Fprintf(a.out, head, quoted)
	return a
}

// Len returns how many entries have been written.
func (a *Writer) Len() int { return a.entries }

// Write writes one flow, a snapshot. A flow that is not HTTP has no place in an archive: nothing is written, and Len is as it was.
func (a *Writer) Write(f *flow.Flow) error {
	if a.err != nil || f.Request == nil {
		return a.err
	}
	var b bytes.Buffer
	if a.entries > 0 {
		b.WriteByte(',')
	}
	b.WriteString("\n            ")
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("            ", "    ")
	e := a.entry(f)
	if a.err = enc.Encode(&e); a.err != nil {
		return a.err
	}
	if _, a.err = a.out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n"))); a.err == nil {
		a.entries++
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
