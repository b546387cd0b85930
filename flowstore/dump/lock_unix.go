//go:build (unix && !aix && !solaris) || illumos

package dump

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a file as long as it is open. It is false if somebody else has.
func lock(f *os.File) bool {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK)
}
