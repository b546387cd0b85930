package command

// longestName bounds the work spent on a name that somebody got wrong.
const longestName = 64

// nearest returns the command whose name differs least from name, or "" if none is close.
func (r *Registry) nearest(name string) string {
	if len(name) > longestName {
		return ""
	}
	best, least := "", 1+max(1, len(name)/3)
	for candidate := range r.commands {
		d := distance(name, candidate)
		if d < least || d == least && best != "" && candidate < best {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the bytes to insert, remove or replace to turn a into b.
func distance(a, b string) int {
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
