package edit

import "strings"

// A piece is one field of a message as it is written there.
type piece struct {
	row []string // as a person sees it
	raw string   // as it is written, whole
	key string   // the part of raw that says the name, or what else is kept when only the value changes
	val string   // the part of raw that says the value
}

// match finds for every row the piece that it comes from, each piece once, and
// -1 for a row that is new. A row comes from the first piece that is equal,
// else from one with the same name, else from one with the same value.
func match(pieces []piece, rows [][]string) []int {
	from := make([]int, len(rows))
	for i := range from {
		from[i] = -1
	}
	used := make([]bool, len(pieces))
	for _, key := range []func(row []string) string{whole, name, value} {
		waiting := map[string][]int{}
		for i, p := range pieces {
			if !used[i] {
				k := key(p.row)
				waiting[k] = append(waiting[k], i)
			}
		}
		for i, row := range rows {
			if from[i] >= 0 {
				continue
			}
			k := key(row)
			if list := waiting[k]; len(list) > 0 {
				from[i], used[list[0]], waiting[k] = list[0], true, list[1:]
			}
		}
	}
	return from
}

func whole(row []string) string { return strings.Join(row, "\x00\x00") }

func name(row []string) string { return row[0] }

func value(row []string) string {
	if len(row) < 2 {
		return "\x00" + row[0]
	}
	return row[1]
}

// rowsOf returns what a person sees of pieces.
func rowsOf(pieces []piece) [][]string {
	rows := make([][]string, len(pieces))
	for i, p := range pieces {
		rows[i] = p.row
	}
	return rows
}
