package har

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestControlsAreEscaped has an archive be printed on a terminal: nothing in it is for that.
func TestControlsAreEscaped(t *testing.T) {
	for r := rune(0); r < 0x100; r++ {
		got := appendText(nil, "a"+string(r))
		if control := r < ' ' || 0x7f <= r && r < 0xa0; control && !strings.Contains(string(got), `\`) {
			t.Errorf("%U is written as %q", r, got)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != "a"+string(r) {
			t.Errorf("%q is read as %q: %v", got, back, err)
		}
	}
}
