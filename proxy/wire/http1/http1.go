// Package http1 is the HTTP/1 codec of RFC 9112: heads, body framing and what
// makes them safe to forward. It keeps the case, order and duplicates of fields.
//
// Everything here is pure: no I/O, no clock, no goroutine. Values are not
// safe for use by two goroutines at once. Bytes given to a parser are lent until it returns.
//
// Whatever two recipients could read differently is refused while it is parsed
// or framed, whether ValidateRequest and ValidateResponse are used or not.
package http1

import "fmt"

// Limits bounds what a peer may send as a head. The zero value is useful.
type Limits struct {
	Head   int  // bytes of a head; 0 is 256 KiB
	Fields int  // field lines; 0 is 1000
	Strict bool // refuse what RFC 9112 §2.2 and §3 let a recipient tolerate: a bare LF, odd blanks in the start line
}

const (
	defaultHead    = 256 << 10
	defaultFields  = 1000
	defaultTrailer = 64 << 10
)

func (l Limits) withDefaults() Limits {
	if l.Head <= 0 {
		l.Head = defaultHead
	}
	if l.Fields <= 0 {
		l.Fields = defaultFields
	}
	return l
}

// An Error says why a message cannot be parsed. It is final: the connection cannot be read on.
type Error struct {
	Msg  string
	Head bool // the start line was readable and the message holds what could be read, to be shown
}

// Error returns the message.
func (e *Error) Error() string { return e.Msg }

func errorf(format string, args ...any) *Error { return &Error{Msg: fmt.Sprintf(format, args...)} }
