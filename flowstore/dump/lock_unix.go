//go:build unix

package dump

import (
	"errors"
	"os"
	"syscall"
)

// claim says as long as the file is open that it is being written, if nobody has said so. Where that can't be said it is nil.
func claim(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.New("flows are being written to it already, here or by another program")
	}
	return nil
}
