//go:build unix

package dump

import (
	"errors"
	"os"
	"syscall"
)

// errBusy says that what is in a file must not be touched now.
var errBusy = errors.New("flows are being written to it already, here or by another program")

// share says as long as the file is open that it is being written. Where that can't be said nothing is.
func share(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) }

// aloneWith is nil if nobody else has said that the file is being written.
func aloneWith(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errBusy
	}
	return nil
}
