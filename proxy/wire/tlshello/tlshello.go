// Package tlshello reads what a TLS client says first, before anybody has
// answered it: the ClientHello of RFC 8446 §4.1.2 and of the versions before.
//
// It is pure: no I/O, no clock, no goroutine. It does not check that the
// hello is one a server would take, only that it can be read in one way.
package tlshello

import (
	"errors"
	"fmt"
)

// maxSize bounds a hello with its record headers, in bytes.
const maxSize = 64 << 10

const (
	recordHeader    = 5
	maxRecord       = 1 << 14 // RFC 8446 §5.1
	messageHeader   = 4
	typeClientHello = 1
)

// A Hello is what a ClientHello offers, in the client's order, GREASE values included.
type Hello struct {
	Raw          []byte   // the handshake message with its four byte header, without record headers; the Hello's own
	SNI          string   // the one host name asked for; "" if there is none, or more than one, or not a valid one
	ALPN         []string // protocols; nil without the extension
	CipherSuites []uint16
	Groups       []uint16 // of key exchange; nil without the extension
	Versions     []uint16 // of supported_versions; without it, the one of the hello itself
	Extensions   []uint16 // their types
}

// IsRecord reports whether b begins like a TLS handshake record of any version up to 1.3. It takes three bytes to say yes.
func IsRecord(b []byte) bool {
	return len(b) >= 3 && b[0] == 0x16 && b[1] == 0x03 && b[2] <= 0x03
}

// Parse reads one ClientHello from the TLS records at the front of b. n is
// what it used, to the end of the record where the hello ends; n == 0 asks for more.
// An error is final. Who is given a hello in pieces uses a Scanner.
func Parse(b []byte) (h *Hello, n int, err error) {
	var s Scanner
	return s.Parse(b)
}

// A Scanner parses a hello that comes in pieces and remembers which records it
// has seen. Each call must be given the same front as the call before, and more
// behind it. The zero Scanner is ready to use; after a hello or an error it is spent.
type Scanner struct {
	pos    int                 // where the first record begins that is not whole
	have   int                 // bytes of the message in the records before it
	header [messageHeader]byte // the first ones of them
}

// Parse is like the function Parse.
func (s *Scanner) Parse(b []byte) (h *Hello, n int, err error) {
	for len(b)-s.pos >= recordHeader {
		size := int(b[s.pos+3])<<8 | int(b[s.pos+4])
		switch {
		case !IsRecord(b[s.pos:]):
			return nil, 0, errors.New("malformed client hello: not a TLS handshake record")
		case size == 0 || size > maxRecord:
			return nil, 0, fmt.Errorf("malformed client hello: record of %d bytes", size)
		case s.pos+recordHeader+size > maxSize:
			return nil, 0, fmt.Errorf("client hello is larger than %d bytes", maxSize)
		case len(b)-s.pos < recordHeader+size:
			return nil, 0, nil
		}
		s.add(b[s.pos+recordHeader:][:size])
		s.pos += recordHeader + size
		if whole, err := s.whole(); err != nil {
			return nil, 0, err
		} else if whole > 0 {
			h, err := parseMessage(join(b[:s.pos], whole))
			if err != nil {
				return nil, 0, err
			}
			return h, s.pos, nil
		}
	}
	return nil, 0, nil
}

// add counts a record's payload as part of the message.
func (s *Scanner) add(payload []byte) {
	if s.have < messageHeader {
		copy(s.header[s.have:], payload)
	}
	s.have += len(payload)
}

// whole returns the size of the message with its header if all of it is there, else 0.
func (s *Scanner) whole() (int, error) {
	if s.header[0] != typeClientHello {
		return 0, fmt.Errorf("malformed client hello: handshake message of type %d", s.header[0])
	}
	if s.have < messageHeader {
		return 0, nil
	}
	size := messageHeader + int(s.header[1])<<16 + int(s.header[2])<<8 + int(s.header[3])
	if size > maxSize {
		return 0, fmt.Errorf("client hello is larger than %d bytes", maxSize)
	}
	if s.have < size {
		return 0, nil
	}
	return size, nil
}

// join copies the first size bytes of the payloads of the whole records in b.
func join(b []byte, size int) []byte {
	msg := make([]byte, 0, size)
	for len(msg) < size {
		n := int(b[3])<<8 | int(b[4])
		msg = append(msg, b[recordHeader:][:min(n, size-len(msg))]...)
		b = b[recordHeader+n:]
	}
	return msg
}
