// Package human writes sizes and time spans as people read them, in few cells.
package human

import (
	"fmt"
	"time"
)

// Size writes a number of bytes in at most five characters: 512b, 1.5k, 12.0m.
func Size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%db", max(n, 0))
	}
	v := float64(n)
	for i, unit := range "kmgt" {
		v /= 1024
		if v < 99.95 {
			return fmt.Sprintf("%.1f%c", v, unit)
		}
		if v < 1023.5 || i == 3 {
			return fmt.Sprintf("%.0f%c", v, unit)
		}
	}
	return ""
}

// Duration writes a time span in at most five characters up to a day: 12ms, 1.25s, 12.5s, 120s.
func Duration(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 99.95:
		return fmt.Sprintf("%.0fs", s)
	case s >= 9.995:
		return fmt.Sprintf("%.1fs", s)
	case s >= 0.9995:
		return fmt.Sprintf("%.2fs", s)
	default:
		return fmt.Sprintf("%.0fms", s*1000)
	}
}
