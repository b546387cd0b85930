package dump

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Times are written as every number is.
func TestAppendEpoch(t *testing.T) {
	same := func(t interface{ Errorf(string, ...any) }, x float64) {
		want := strconv.FormatFloat(x, 'f', -1, 64)
		if x == math.Trunc(x) {
			want += ".0"
		}
		if got := string(appendFloat(nil, x)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	const unit = 1 << 22
	for part := range unit { // all that are not whole seconds
		same(t, 1764438573+float64(part)/unit)
	}
	for _, x := range []float64{1 << 30, 1<<31 - 1, math.Nextafter(1<<31, 0), math.Nextafter(1<<30, 0), 1 << 31, 0.5, 1700000000.1, 1700000000.000001} {
		same(t, x)
	}
	rapid.Check(t, func(t *rapid.T) { same(t, rapid.Float64Range(1<<30, 1<<31).Draw(t, "seconds")) })
}
