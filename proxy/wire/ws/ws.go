// Package ws reads and writes the frames of WebSocket (RFC 6455) and the
// compression of their messages (RFC 7692).
//
// It does no I/O and decides nothing: a Reader splits what one peer sends into pieces of frames and checks
// the rules that bind that peer, a Head writes itself back byte for byte, and an Inflater reads messages
// that build on each other. What a peer can make it keep is bounded by the caller or by a constant here.
package ws

import (
	"crypto/rand"
	"fmt"
)

// An Op says what a frame is (RFC 6455 §5.2).
type Op uint8

// The opcodes.
const (
	Continuation Op = 0x0
	Text         Op = 0x1
	Binary       Op = 0x2
	Close        Op = 0x8
	Ping         Op = 0x9
	Pong         Op = 0xa
)

// Control reports whether it is a control frame's.
func (o Op) Control() bool { return o&0x8 != 0 }

// String returns the name, as in "ping".
func (o Op) String() string {
	switch o {
	case Continuation:
		return "continuation"
	case Text:
		return "text"
	case Binary:
		return "binary"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	}
	return fmt.Sprintf("opcode %d", uint8(o))
}

// The reserved bits, as a Head has them.
const (
	RSV1 uint8 = 4 // permessage-deflate: the message is compressed
	RSV2 uint8 = 2
	RSV3 uint8 = 1
)

// MaxControl is how long the payload of a control frame may be (RFC 6455 §5.5).
const MaxControl = 125

// The status codes that this package gives (RFC 6455 §7.4.1).
const (
	NormalClosure  = 1000
	ProtocolError  = 1002
	NoStatus       = 1005 // never sent: a close frame without a code
	Abnormal       = 1006 // never sent: the connection ended without a close frame
	InvalidPayload = 1007
	TooBig         = 1009
	TryAgainLater  = 1013 // registered with IANA
)

// An Error is a breach of the protocol, with the code that the connection is closed with.
type Error struct {
	Code int
	Text string
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

func breach(format string, args ...any) error {
	return &Error{ProtocolError, fmt.Sprintf(format, args...)}
}

// NewKey returns a masking key that nobody can foretell (RFC 6455 §5.3).
func NewKey() (key [4]byte) {
	rand.Read(key[:])
	return key
}
