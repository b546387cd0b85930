package layers

import (
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/http1"
)

// maxAhead bounds what a peer may send beyond the exchange that is under way, in bytes.
const maxAhead = 64 << 10

// http1State is what an HTTP/1 connection reads next.
type http1State uint8

const (
	readHead http1State = iota
	readBody
	readNothing // the message is whole, the exchange is not over
	readPipe    // bytes pass through the stream
	readEnded   // what still comes is dropped
)

// An http1Conn is what an HTTP/1 connection has on whichever side of it we are.
type http1Conn struct {
	state  http1State
	in     []byte // not used yet; nil if empty
	kept   leftover
	out    output
	scan   http1.Scanner
	body   http1.BodyReader
	ev     httpEvent
	first  time.Time // when the first byte of the head came
	inflow throttle
}

// A stepper reads what is in front of bytes that were received, which are lent. It returns how many that was, 0 if it
// wants more.
type stepper interface{ step(b []byte) int }

// take has data, which is lent, read behind what was kept, and keeps what can't be used yet. It is false if that is more
// than may come ahead.
func (c *http1Conn) take(data []byte, s stepper) bool {
	if len(c.in) > 0 {
		c.in = append(c.in, data...)
		c.readKept(s)
	} else if n := consume(data, s); n < len(data) {
		c.in = append(c.in, data[n:]...)
	}
	return c.state != readNothing || len(c.in) <= maxAhead
}

// readKept reads on in what was kept.
func (c *http1Conn) readKept(s stepper) {
	b := c.in
	if b = b[consume(b, s):]; len(b) == 0 || c.out.closes {
		b = nil
	}
	c.in = b
}

// flushTo appends what is to be sent to the commands of an event.
func (c *http1Conn) flushTo(conn *flow.Conn, cmds []layer.Command) []layer.Command {
	c.kept.is(c.out.ctx, cap(c.in))
	return c.out.flush(conn, cmds)
}

func consume(b []byte, s stepper) (used int) {
	for used < len(b) {
		n := s.step(b[used:])
		if n == 0 {
			break
		}
		used += n
	}
	return used
}
