//go:build !race

package filter

// raceEnabled says that pools drop what they are given at random.
const raceEnabled = false
