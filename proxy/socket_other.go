//go:build !unix

package proxy

// recvRaw reads in the plain way where waiting without a buffer is not to be had.
func (s *socket) recvRaw(got func([]byte)) error { return s.recvPlain(got) }
