package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// A row is the part of a line that stands in one row of the screen, in bytes, behind some blanks.
type row struct{ from, to, indent int }

// hangRoom is how many cells a row that hangs has at least.
const hangRoom = 24

// wrap breaks a line into rows of at most w cells; there is always one. Rows after
// the first begin at the column hang if that leaves room enough: half of the width, or hangRoom.
func wrap(s string, w, hang int) []row {
	w = max(w, 1)
	if hang > max(w/2, w-hangRoom) {
		hang = 0
	}
	var rows []row
	from, indent := 0, 0
	for {
		n := fitting(s[from:], w-indent)
		if from+n >= len(s) {
			return append(rows, row{from, len(s), indent})
		}
		if i := strings.LastIndexByte(s[from:from+n], ' '); i >= n/2 && s[from+n] != ' ' {
			n = i + 1
		}
		rows = append(rows, row{from, from + n, indent})
		from, indent = from+n, hang
	}
}

// fitting returns how many bytes of s fit in w cells: whole characters, at least one.
func fitting(s string, w int) int {
	if n := plainPrefix(s, w+1); n > w || n == len(s) {
		return min(n, max(w, 1))
	}
	cells, n := 0, 0
	for n < len(s) {
		size, cw := cluster(s[n:])
		if cells+cw > w && n > 0 {
			return n
		}
		cells, n = cells+cw, n+size
	}
	return n
}

// plainPrefix returns how many of the first n bytes of s are ASCII.
func plainPrefix(s string, n int) int {
	n = min(n, len(s))
	for i := range n {
		if s[i] >= utf8.RuneSelf {
			return i
		}
	}
	return n
}

// cluster returns the bytes and cells of the first character of s, which is not empty.
func cluster(s string) (size, cells int) {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1, 1
	}
	c, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return max(len(c), 1), cells
}

// indentOf returns how many blanks a line begins with.
func indentOf(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }

// byteAt returns the byte of s at a cell, len(s) behind its end.
func byteAt(s string, cell int) int {
	n := 0
	for n < len(s) {
		size, cw := cluster(s[n:])
		if cell < cw {
			return n
		}
		cell, n = cell-cw, n+size
	}
	return n
}
