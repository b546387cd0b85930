package content

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // formats that image.DecodeConfig knows
	_ "image/jpeg"
	_ "image/png"
	"iter"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

var imageMagic = []string{"\x89PNG\r\n\x1a\n", "GIF87a", "GIF89a", "\xff\xd8\xff"}

func imagePriority(m Meta, data []byte) float64 {
	t := m.mediaType()
	switch {
	case len(data) == 0:
		return 0
	case strings.HasPrefix(t, "image/") && !strings.HasSuffix(t, "+xml"):
		return 1
	case m.untyped() && hasMagic(data):
		return 0.6
	}
	return 0
}

func hasMagic(data []byte) bool {
	for _, magic := range imageMagic {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	return len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// showImage writes the format and the dimensions, which it reads without decoding the picture.
func showImage(m Meta, data []byte) (iter.Seq[Line], error) {
	if len(data) == 0 {
		return nil, errors.New("it is empty")
	}
	if icons, ok := icoSizes(data); ok {
		return write(func(p *pen) { printIcons(p, icons, len(data)) }), nil
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	return write(func(p *pen) {
		if err != nil {
			heading(p, "# Unknown Image")
			field(p, 0, "bytes", fmt.Sprint(len(data)))
			printHex(p, data[:min(len(data), dumpPreview)], 0)
			return
		}
		heading(p, "# "+imageName(format)+" Image")
		field(p, 0, "size", fmt.Sprintf("%d x %d px", c.Width, c.Height))
		field(p, 0, "bytes", fmt.Sprint(len(data)))
	}), nil
}

func imageName(format string) string {
	if format == "webp" {
		return "WebP"
	}
	return strings.ToUpper(format)
}

func heading(p *pen, s string) {
	p.word(Heading, s)
	p.end()
}

// icoSizes reads the directory of an icon file: the dimensions of each image in it.
func icoSizes(b []byte) ([]image.Point, bool) {
	const head, entry = 6, 16
	if len(b) < head+entry || string(b[:4]) != "\x00\x00\x01\x00" {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if n == 0 || len(b) < head+n*entry {
		return nil, false
	}
	sizes := make([]image.Point, n)
	for i := range sizes {
		e := b[head+i*entry:]
		sizes[i] = image.Pt(int(e[0]), int(e[1]))
		if e[0] == 0 { // 0 stands for 256
			sizes[i].X = 256
		}
		if e[1] == 0 {
			sizes[i].Y = 256
		}
	}
	return sizes, true
}

func printIcons(p *pen, sizes []image.Point, n int) {
	heading(p, "# ICO Image")
	field(p, 0, "images", fmt.Sprint(len(sizes)))
	for i, s := range sizes {
		field(p, 0, fmt.Sprintf("image %d", i+1), fmt.Sprintf("%d x %d px", s.X, s.Y))
	}
	field(p, 0, "bytes", fmt.Sprint(n))
}
