package dump

import (
	"errors"
	"os"
)

// Claim says as long as a regular file is open that it is being written. It is an error if somebody has said so already;
// where that can't be said it is nil.
func Claim(f *os.File) error {
	if !lock(f) {
		return errors.New("flows are being written to it already, here or by another program")
	}
	return nil
}
