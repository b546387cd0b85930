package content

import (
	"encoding/hex"
	"fmt"
	"iter"
	"unicode/utf8"
)

func showRaw(m Meta, data []byte) (iter.Seq[Line], error) {
	return write(func(p *pen) { printRaw(p, UTF8(m, data)) }), nil
}

// printRaw writes text as it is. A newline at its end begins no line.
func printRaw(p *pen, b []byte) {
	p.lines(Text, b)
	p.fresh()
}

// Binary reports whether data is mostly no text, by about its first hundred bytes. Text is
// ASCII, or else UTF-8, with few control characters.
func Binary(data []byte) bool {
	n := min(len(data), 100)
	for cut := n; cut < min(len(data), n+utf8.UTFMax); cut++ {
		if utf8.RuneStart(data[cut]) {
			n = cut
			break
		}
	}
	var ascii, high int
	for _, c := range data[:n] {
		switch {
		case c > 126:
			high++
		case c >= 32 || c >= 9 && c <= 13:
			ascii++
		}
	}
	if ascii*10 >= n*7 {
		return false
	}
	return (ascii+high)*20 <= n*19 || !utf8.Valid(data[:n])
}

// binaryPriority is p for content that is no text, in the charset that it says it has either.
func binaryPriority(p float64) func(Meta, []byte) float64 {
	return func(m Meta, data []byte) float64 {
		if Binary(data) && Binary(UTF8(m, data[:min(len(data), 1024)])) {
			return p
		}
		return 0
	}
}

const hexRow = 16 // bytes in a row of a dump

func showHex(_ Meta, data []byte) (iter.Seq[Line], error) {
	return write(func(p *pen) { printHex(p, data, 0) }), nil
}

// printHex writes rows of an offset in ten hex digits, sixteen bytes in groups of four, and their ASCII.
func printHex(p *pen, data []byte, column int) {
	for i := 0; i < len(data) && !p.stopped; i += hexRow {
		row := data[i:min(i+hexRow, len(data))]
		p.indent(column)
		p.word(Offset, fmt.Sprintf("%010x", i))
		p.word(Number, hexColumns(row))
		p.word(String, asciiColumn(row))
		p.end()
	}
}

// hexColumns returns the bytes of a row, padded to the width of a full one.
func hexColumns(row []byte) string {
	var buf [hexRow*3 + 6]byte
	b := buf[:0]
	for i := range hexRow {
		if i%4 == 0 && i > 0 {
			b = append(b, ' ')
		}
		b = append(b, ' ')
		if i < len(row) {
			b = hex.AppendEncode(b, row[i:i+1])
		} else {
			b = append(b, "  "...)
		}
	}
	return string(append(b, "  "...))
}

func asciiColumn(row []byte) string {
	var b [hexRow]byte
	for i, c := range row {
		if c < 0x20 || c > 0x7e {
			c = '.'
		}
		b[i] = c
	}
	return string(b[:len(row)])
}

func showHexStream(_ Meta, data []byte) (iter.Seq[Line], error) {
	return write(func(p *pen) {
		for len(data) > 0 && !p.stopped {
			n := min(len(data), maxLine/2)
			p.word(Number, hex.EncodeToString(data[:n]))
			p.end()
			data = data[n:]
		}
	}), nil
}
