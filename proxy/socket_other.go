//go:build !unix

package proxy

// maxFiles is how many files the system lets the program open; 0: not known.
func maxFiles() int { return 0 }

// recvRaw reads in the plain way where waiting without a buffer is not to be had.
func (s *socket) recvRaw(got func([]byte)) error { return s.recvPlain(got) }

type attempt struct{}

// tryRaw leaves all to a goroutine.
func (s *socket) tryRaw([]byte) (int, error) { return 0, nil }
