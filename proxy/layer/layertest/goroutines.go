package layertest

import "runtime"

// Goroutines returns how many there are, when they have had time to be no more than n: one that has ended is counted a little longer.
func Goroutines(n int) int {
	for range 10_000 {
		if runtime.NumGoroutine() <= n {
			break
		}
		runtime.Gosched()
	}
	return runtime.NumGoroutine()
}
