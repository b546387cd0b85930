//go:build unix

package proxy

import (
	"io"
	"syscall"
)

// recvRaw takes a buffer from the pool only when there is something to read.
func (s *socket) recvRaw(got func([]byte)) error {
	var buf *[]byte
	var n int
	var errno error
	read := func(fd uintptr) bool {
		buf = readBuffers.Get().(*[]byte)
		for {
			if n, errno = syscall.Read(int(fd), *buf); errno != syscall.EINTR {
				break
			}
		}
		if errno == syscall.EAGAIN {
			readBuffers.Put(buf)
			return false
		}
		return true
	}
	for {
		if err := s.raw.Read(read); err != nil {
			return err
		}
		if n > 0 || s.packet && errno == nil {
			got((*buf)[:n])
		}
		readBuffers.Put(buf)
		if errno != nil {
			return errno
		}
		if n == 0 && !s.packet {
			return io.EOF
		}
	}
}
