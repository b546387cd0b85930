// Package h2 is the HTTP/2 codec: it splits bytes into frames, reads and writes
// field sections, and makes messages of them (RFC 9113 §4, §8, RFC 7541). The state
// of connections and streams is somebody else's.
//
// Everything here is pure: no I/O, no clock, no goroutine. Values are not
// safe for use by two goroutines at once.
package h2

import (
	"fmt"

	"golang.org/x/net/http2"
)

// Preface is what a client sends first (RFC 9113 §3.4).
const Preface = http2.ClientPreface

// Sizes in bytes.
const (
	HeaderLen = 9        // of a frame's header (RFC 9113 §4.1)
	MaxFrame  = 16 << 10 // the largest payload that every peer takes, and that we take
	MaxWindow = 1<<31 - 1
	Window    = 65_535 // a window's first size (RFC 9113 §6.9.2)
	TableSize = 4096   // of the tables for field compression (RFC 9113 §6.5.2)
)

// A ConnError ends a connection (RFC 9113 §5.4.1).
type ConnError struct {
	Code   http2.ErrCode
	Reason string
}

// Error says what the peer did.
func (e *ConnError) Error() string { return e.Reason }

// Errorf returns a ConnError.
func Errorf(code http2.ErrCode, format string, args ...any) *ConnError {
	return &ConnError{code, fmt.Sprintf(format, args...)}
}

// CodeName is the name of an error code, or its number.
func CodeName(c http2.ErrCode) string {
	if c <= http2.ErrCodeHTTP11Required {
		return c.String()
	}
	return fmt.Sprintf("0x%x", uint32(c))
}
