package dump

import (
	"os"
	"strings"
	"testing"
)

// TestTerminal writes no flows to a terminal.
func TestTerminal(t *testing.T) {
	const name = "/dev/ptmx"
	if _, err := os.Stat(name); err != nil {
		t.Skip(err)
	}
	for _, appending := range []bool{false, true} {
		if _, err := Open(name, appending, Newest); err == nil || !strings.Contains(err.Error(), "it is a terminal: choose another file") {
			t.Error(err)
		}
	}
}
