// Package grpc splits the content of gRPC requests and responses into their length-prefixed messages.
//
// A Parser is pure and incremental: it is given a body in pieces of any size, on one goroutine.
package grpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"sluice/proxy/flow/coding"
)

const (
	// MaxData bounds what is kept of one message, in bytes.
	MaxData = 4 << 20
	prefix  = 5 // a byte of flags and the length

	compressed = 0x01
	trailers   = 0x80 // of gRPC-Web: the fields that end a response
)

// ErrFlags is the error of a body that is not gRPC, or is out of step.
var ErrFlags = errors.New("a message has flags that gRPC does not know")

// A Message is one message as it was sent.
type Message struct {
	Compressed bool
	Trailers   bool // gRPC-Web: it is no message, but the trailers as text
	Size       int  // of Data before it was cut
	Data       []byte
}

// Cut reports whether data is missing.
func (m *Message) Cut() bool { return len(m.Data) < m.Size }

// Plain returns the message without its compression. encoding is the field grpc-encoding.
func (m *Message) Plain(encoding string) ([]byte, error) {
	switch {
	case !m.Compressed || encoding == "" || encoding == "identity":
		return m.Data, nil
	case m.Cut():
		return nil, errors.New("too large to undo its compression")
	}
	plain, err := coding.Decode(encoding, m.Data, MaxData)
	if err != nil && len(plain) == 0 {
		return nil, fmt.Errorf("undo grpc-encoding %s: %w", encoding, err)
	}
	return plain, nil
}

// A Parser reads a body. The zero Parser is at its beginning.
type Parser struct {
	head []byte
	msg  Message
	left int // of the message
	err  error
}

// Next reads on in b until a message is complete, and says how many bytes it used. ok is false when b is used up
// before. An error is final. The message's data belongs to the caller.
func (p *Parser) Next(b []byte) (m Message, n int, ok bool, err error) {
	if p.err != nil {
		return Message{}, len(b), false, p.err
	}
	if len(p.head) < prefix {
		n = min(prefix-len(p.head), len(b))
		if p.head = append(p.head, b[:n]...); len(p.head) < prefix {
			return Message{}, n, false, nil
		}
		if p.begin(); p.err != nil {
			return Message{}, len(b), false, p.err
		}
	}
	part := b[n:min(len(b), n+p.left)]
	n += len(part)
	p.left -= len(part)
	p.msg.Data = append(p.msg.Data, part[:min(len(part), MaxData-len(p.msg.Data))]...)
	if p.left > 0 {
		return Message{}, n, false, nil
	}
	m = p.msg
	p.msg, p.head = Message{}, p.head[:0]
	return m, n, true, nil
}

func (p *Parser) begin() {
	flags := p.head[0]
	p.left = int(binary.BigEndian.Uint32(p.head[1:]))
	p.msg = Message{Compressed: flags&compressed != 0, Trailers: flags&trailers != 0, Size: p.left}
	if flags&^(compressed|trailers) != 0 {
		p.err = ErrFlags
	}
}

// Pending returns how many bytes of a message that is not complete have come.
func (p *Parser) Pending() int {
	if len(p.head) < prefix {
		return len(p.head)
	}
	return prefix + p.msg.Size - p.left
}

// Clone returns a parser that goes on from here by itself.
func (p *Parser) Clone() *Parser {
	q := *p
	q.head, q.msg.Data = bytes.Clone(p.head), bytes.Clone(p.msg.Data)
	return &q
}
