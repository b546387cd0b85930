package content

import (
	"archive/zip"
	"bytes"
	"fmt"
	"iter"
)

func zipPriority(m Meta, data []byte) float64 {
	switch {
	case len(data) == 0:
		return 0
	case m.mediaType() == "application/zip":
		return 1
	case m.untyped() && bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return 0.6
	}
	return 0
}

// showZip writes the names in the archive and the size of each.
func showZip(_ Meta, data []byte) (iter.Seq[Line], error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return write(func(p *pen) {
		for _, f := range r.File {
			if p.stopped {
				return
			}
			p.word(Punct, "- ")
			p.put(String, []byte(f.Name))
			if !f.FileInfo().IsDir() {
				p.word(Comment, fmt.Sprintf("  # %d bytes", f.UncompressedSize64))
			}
			p.end()
		}
	}), nil
}
