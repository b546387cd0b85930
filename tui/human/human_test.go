package human

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "0b", 0: "0b", 1023: "1023b", 1024: "1.0k", 1536: "1.5k", 102_348: "99.9k", 102_400: "100k",
		1_048_000: "1023k", 1_048_576: "1.0m", 5 << 30: "5.0g", 5 << 40: "5.0t", 5000 << 40: "5000t",
	} {
		if got := Size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 12 * time.Millisecond: "12ms", 999 * time.Millisecond: "999ms", 1250 * time.Millisecond: "1.25s",
		12500 * time.Millisecond: "12.5s", 2 * time.Minute: "120s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
