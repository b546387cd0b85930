package layers

import (
	"golang.org/x/net/http2"

	"sluice/proxy/flow"
	"sluice/proxy/wire/h2"
)

// An http2Stream is one stream of an HTTP/2 connection (RFC 9113 §5.1), from its first field section until both sides have ended it.
type http2Stream struct {
	id uint32
	st *HTTPStream // nil: it is over, and what it has queued is still to be sent

	localEnd, remoteEnd bool
	closed              bool // no frame may be sent or is expected any more
	headSent, headCame  bool
	noBody              bool  // the response has none, whatever it announces
	piped               bool  // its content is bytes that pass through
	interim             int   // how many 1xx responses have come
	length, got         int64 // of the content that comes: what is announced, or -1, and what has come
	secret              []string

	recv recvWindow
	owed int // bytes that were sent and that the peer has not taken yet
	held int // bytes that have come and not been consumed

	sendWindow int64
	queue      [][]byte // content that waits for a window
	queued     int      // bytes
	joins      bool     // the last piece is the queue's own and may grow
	inTurn     bool     // is in the connection's list
	endQueued  bool     // after queue
	trailers   flow.Headers
}

func (c *http2Conn) newStream(id uint32, remoteEnd bool) *http2Stream {
	s := &http2Stream{id: id, remoteEnd: remoteEnd, length: -1, sendWindow: c.peerWindow}
	s.recv.init(http2StreamWindow, http2StreamWindow/4)
	c.streams[id] = s
	return s
}

// close forgets a stream.
func (c *http2Conn) close(s *http2Stream, how closeReason) {
	if s.closed {
		return
	}
	s.closed = true
	delete(c.streams, s.id)
	c.recent.add(s.id, how)
	c.spare += s.recv.size - http2StreamWindow
	c.giveBack(nil, s.held)
	c.h.ctx.Backlog(int64(-s.queued))
	s.held, s.queue, s.queued, s.trailers = 0, nil, 0, nil
	c.slim()
	if c.going && len(c.streams) == 0 && !c.dead {
		c.out.closes = true
		c.role.soil()
	}
}

// reset gives a stream up.
func (c *http2Conn) reset(s *http2Stream, code http2.ErrCode) {
	if s.closed || c.out.closes {
		return
	}
	b := c.out.room(headRoom)
	b.B = h2.AppendReset(b.B, s.id, code)
	c.close(s, closedByUs)
}

// endRemote notes that the peer has ended its side.
func (c *http2Conn) endRemote(s *http2Stream) {
	s.remoteEnd = true
	if s.localEnd {
		c.close(s, closedByEnd)
	}
}

func (c *http2Conn) endLocal(s *http2Stream) {
	s.localEnd = true
	switch {
	case s.remoteEnd:
		c.close(s, closedByEnd)
	case s.st == nil: // RFC 9113 §8.1: the rest is of no interest
		c.reset(s, http2.ErrCodeNo)
	}
}

// writable reports whether the stream can still be written to.
func (s *http2Stream) writable() bool { return s != nil && !s.closed && !s.localEnd && !s.endQueued }

// sendFields sends a field section.
func (c *http2Conn) sendFields(s *http2Stream, block []byte, end bool) {
	b := c.out.room(len(block) + 2*h2.HeaderLen)
	b.B = h2.AppendHeaders(b.B, s.id, end, block, c.peerFrame)
	if end {
		c.endLocal(s)
	}
}

// sendEnd ends our side behind what is queued.
func (c *http2Conn) sendEnd(s *http2Stream, trailers flow.Headers) {
	s.endQueued, s.trailers = true, trailers
	if s.queued == 0 {
		c.finishQueue(s)
	}
}

// finishQueue ends our side, now that everything is out.
func (c *http2Conn) finishQueue(s *http2Stream) {
	switch {
	case !s.endQueued || s.localEnd || s.closed:
	case len(s.trailers) > 0:
		c.sendFields(s, c.enc.Trailers(s.trailers, nil), true)
	case c.tail == s && c.out.buf != nil:
		c.out.buf.B[c.tailAt+flagsAt] |= byte(http2.FlagDataEndStream)
		c.endLocal(s)
	default:
		b := c.out.room(h2.HeaderLen)
		b.B = h2.AppendData(b.B, s.id, true, nil)
		c.endLocal(s)
	}
}

// flagsAt is where a frame's header has its flags.
const flagsAt = 4

// closedStreams remembers how the last streams ended.
type closedStreams struct {
	list [64]struct {
		id  uint32
		how closeReason
	}
	next int
}

type closeReason uint8

const (
	closedUnknown closeReason = iota
	closedByUs                // what was on its way from the peer still comes
	closedByEnd               // of both sides
	closedByPeer
)

func (l *closedStreams) add(id uint32, how closeReason) {
	e := &l.list[l.next%len(l.list)]
	e.id, e.how = id, how
	l.next = (l.next + 1) % len(l.list)
}

func (l *closedStreams) was(id uint32) closeReason {
	for i := range l.list {
		if l.list[i].id == id {
			return l.list[i].how
		}
	}
	return closedUnknown
}
