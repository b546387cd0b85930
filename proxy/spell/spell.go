// Package spell finds the name that somebody meant. It is a leaf and pure.
package spell

import "iter"

// longest bounds the work spent on a name that somebody got wrong, in bytes.
const longest = 64

// Nearest returns the candidate that differs least from name, the first in the order of the alphabet where
// several do, or "" if none is close: at most a third of the name may be wrong, and always one byte.
func Nearest(name string, candidates iter.Seq[string]) string {
	if len(name) > longest {
		return ""
	}
	best, least := "", 1+max(1, len(name)/3)
	for c := range candidates {
		d := Distance(name, c)
		if d < least || d == least && best != "" && c < best {
			best, least = c, d
		}
	}
	return best
}

// Distance counts the bytes to insert, remove or replace to turn a into b.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
