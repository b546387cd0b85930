package spell

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	names := []string{"view.focus.next", "view.focus.prev", "set", "listen_port"}
	for name, want := range map[string]string{
		"view.fokus.next": "view.focus.next",
		"listenport":      "listen_port",
		"sett":            "set",
		"quite different": "",
		"":                "",
	} {
		if got := Nearest(name, slices.Values(names)); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	word := rapid.StringMatching(`[abc]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		ab := Distance(a, b)
		if ab != Distance(b, a) || (ab == 0) != (a == b) || ab > Distance(a, c)+Distance(c, b) {
			t.Fatalf("%q %q %q: %d", a, b, c, ab)
		}
	})
}
