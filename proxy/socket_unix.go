//go:build unix

package proxy

import (
	"io"
	"math"
	"syscall"
)

// maxFiles is how many files the system lets the program open; 0: not known.
func maxFiles() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0
	}
	return int(min(uint64(r.Cur), math.MaxInt32))
}

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

// tryRaw writes as much as fits into the system's buffer. There is one writer at a time.
func (s *socket) tryRaw(b []byte) (int, error) {
	a := &s.attempt
	if a.write == nil {
		a.write = a.run
	}
	a.b, a.n, a.err = b, 0, nil
	err := s.raw.Write(a.write)
	a.b = nil
	if err == nil && a.err != syscall.EAGAIN {
		err = a.err
	}
	return a.n, err
}

// An attempt is a write that does not wait.
type attempt struct {
	b     []byte
	n     int
	err   error
	write func(uintptr) bool // run, made once
}

func (a *attempt) run(fd uintptr) bool {
	for a.n < len(a.b) {
		n, err := syscall.Write(int(fd), a.b[a.n:])
		if err == syscall.EINTR {
			continue
		}
		if a.err = err; err != nil {
			break
		}
		a.n += n
	}
	return true
}
