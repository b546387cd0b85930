package dump

import (
	"errors"
	"os"

	"golang.org/x/term"
)

// Claim says as long as a file is open that it is being written, if it is a regular one and that can be said. It is an
// error if somebody has said so already, and for a terminal, which would do what the bytes of flows tell it.
func Claim(f *os.File) (regular bool, err error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return false, err
	case info.Mode().IsRegular() && !lock(f):
		return true, errors.New("flows are being written to it already, here or by another program")
	case info.Mode()&os.ModeCharDevice != 0 && term.IsTerminal(int(f.Fd())):
		return false, errors.New("it is a terminal")
	}
	return info.Mode().IsRegular(), nil
}
