package layers

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"golang.org/x/net/http2"

	"sluice/proxy/wire/h2"
)

// A recvWindow is what a peer may still send (RFC 9113 §6.9). Credit for what has
// been consumed gathers until it is worth a frame.
type recvWindow struct {
	left   int64
	credit int64
	size   int64
	worth  int64 // of credit
}

func (w *recvWindow) init(size, worth int64) { w.left, w.size, w.worth = size, size, worth }

// take counts n bytes that have come, and reports whether they were allowed.
func (w *recvWindow) take(n int) bool {
	w.left -= int64(n)
	return w.left >= 0
}

// give counts n bytes that have been consumed, and returns what to tell the peer; 0 is nothing yet.
func (w *recvWindow) give(n int) uint32 {
	w.credit += int64(n)
	if w.credit < w.worth {
		return 0
	}
	add := w.credit
	w.left += add
	w.credit = 0
	return uint32(add)
}

// consumed says that n bytes of a stream's content have gone on, so that the peer may send as many more.
func (c *http2Conn) consumed(s *http2Stream, n int) {
	if n = min(n, s.held); n > 0 && !s.closed {
		s.held -= n
		c.giveBack(s, n)
	}
}

// giveBack opens the windows by n bytes: the connection's, and that of a stream if it is not nil.
func (c *http2Conn) giveBack(s *http2Stream, n int) {
	if c.dead || n == 0 {
		return
	}
	if add := c.recv.give(n); add > 0 {
		b := c.out.room(headRoom)
		b.B = h2.AppendWindowUpdate(b.B, 0, add)
		c.role.soil()
	}
	if s == nil || s.remoteEnd {
		return
	}
	if add := s.recv.give(n); add > 0 {
		b := c.out.room(headRoom)
		b.B = h2.AppendWindowUpdate(b.B, s.id, add+c.widen(s))
		c.role.soil()
	}
}

// widen doubles the window of a stream that drains, if there is room for that in the connection's and memory is not scarce, and
// returns by how much it is wider.
func (c *http2Conn) widen(s *http2Stream) uint32 {
	w := &s.recv
	by := w.size
	if 2*by > http2WideWindow || by > c.spare || c.h.ctx.Scarce() {
		return 0
	}
	c.spare -= by
	w.left += by
	w.size += by
	w.worth = w.size / 4
	return uint32(by)
}

// send sends content, as much as the windows allow, and queues the rest. p is lent unless it is kept: then it is never written to again.
func (c *http2Conn) send(s *http2Stream, p []byte, kept bool) {
	if s.queued == 0 {
		n := c.sendNow(s, p)
		p = p[n:]
	}
	if len(p) > 0 && s.writable() {
		s.enqueue(p, kept)
		c.h.ctx.Backlog(int64(len(p)))
		c.queueUp(s)
	}
}

// Content that waits for a window in pieces smaller than smallPiece is put together in ones of up to joinedPiece bytes, so that
// what it costs is what its sender was allowed to send.
const (
	smallPiece  = 1 << 10
	joinedPiece = 16 << 10
)

// enqueue adds content to what waits. p is lent unless it is kept.
func (s *http2Stream) enqueue(p []byte, kept bool) {
	n := len(s.queue)
	s.queued += len(p)
	if small := len(p) < smallPiece; small && s.joins && n > 0 && len(s.queue[n-1])+len(p) <= joinedPiece {
		s.queue[n-1] = append(s.queue[n-1], p...)
		return
	} else if s.joins = small; small || !kept {
		p = bytes.Clone(p)
	}
	s.queue = append(s.queue, p)
}

// sendNow sends as much of p as the windows allow.
func (c *http2Conn) sendNow(s *http2Stream, p []byte) (sent int) {
	queued := s.queued > 0
	for sent < len(p) && s.sendWindow > 0 && c.sendWindow > 0 {
		n := int(min(int64(len(p)-sent), int64(c.peerFrame), s.sendWindow, c.sendWindow))
		b := c.out.room(n + h2.HeaderLen)
		c.tail, c.tailAt = s, len(b.B)
		b.B = h2.AppendData(b.B, s.id, false, p[sent:sent+n])
		s.sendWindow -= int64(n)
		c.sendWindow -= int64(n)
		sent += n
		if queued {
			s.queued -= n
			c.h.ctx.Backlog(int64(-n))
		}
		c.meter.earn(2 + n/windowBytes)
	}
	if sent > 0 {
		c.role.sent(s, sent)
	}
	return sent
}

// queueUp puts a stream into the list of those that take turns, if it has something to send and a window of its own.
func (c *http2Conn) queueUp(s *http2Stream) {
	if s.queued > 0 && s.sendWindow > 0 && !s.inTurn && !s.closed {
		s.inTurn = true
		c.waiting = append(c.waiting, s)
	}
}

// pumpQueues sends what is queued, a frame of each stream in turn, as far as the windows go.
func (c *http2Conn) pumpQueues() {
	for len(c.waiting) > 0 && c.sendWindow > 0 && !c.dead {
		s := c.waiting[0]
		c.waiting[0] = nil
		c.waiting = c.waiting[1:]
		s.inTurn = false
		if s.closed || s.queued == 0 {
			continue
		}
		first := s.queue[0]
		n := c.sendNow(s, first[:min(len(first), c.peerFrame)])
		if s.closed {
			continue
		}
		if s.queue[0] = first[n:]; n == len(first) {
			s.queue[0] = nil
			s.queue = s.queue[1:]
		}
		if s.queued == 0 {
			s.queue = nil
			c.finishQueue(s)
		}
		c.queueUp(s)
	}
	if len(c.waiting) == 0 {
		c.waiting = nil
	}
}

func (c *http2Conn) onWindowUpdate(f *http2.WindowUpdateFrame) error {
	if err := c.idleTalk(1, "WINDOW_UPDATE frames"); err != nil {
		return err
	}
	add := int64(f.Increment)
	if f.StreamID == 0 {
		if c.sendWindow += add; c.sendWindow > h2.MaxWindow { // RFC 9113 §6.9.1
			return h2.Errorf(http2.ErrCodeFlowControl, "the connection's window is over 2^31-1 bytes")
		}
		c.pumpQueues()
		return nil
	}
	s := c.streams[f.StreamID]
	if s == nil {
		if c.unopened(f.StreamID) {
			return h2.Errorf(http2.ErrCodeProtocol, "WINDOW_UPDATE for a stream that is not open")
		}
		return nil
	}
	if s.sendWindow += add; s.sendWindow > h2.MaxWindow {
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeFlowControl}
	}
	c.queueUp(s)
	c.pumpQueues()
	return nil
}

// setPeerWindow changes the windows of all streams (RFC 9113 §6.9.2).
func (c *http2Conn) setPeerWindow(size int64) error {
	delta := size - c.peerWindow
	c.peerWindow = size
	if delta == 0 {
		return nil
	}
	if err := c.idleTalk(len(c.streams)/windowStreams, "changes of the window"); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(c.streams)) {
		s := c.streams[id]
		if s.sendWindow += delta; s.sendWindow > h2.MaxWindow {
			return h2.Errorf(http2.ErrCodeFlowControl, "SETTINGS_INITIAL_WINDOW_SIZE makes a window larger than 2^31-1 bytes")
		}
		c.queueUp(s)
	}
	c.pumpQueues()
	return nil
}

// A floodMeter bounds what a peer may have us do for nothing: it loses for frames
// that bring nothing on, and gains with time and with what does. What is left is at most floodBudget.
type floodMeter struct {
	left int
	last time.Time
}

const (
	floodBudget  = 2000
	floodRefresh = 200 // a second
	windowBytes  = 512 // of content that we send are worth a WINDOW_UPDATE
	// windowStreams is how many streams' windows may be changed at the price of a frame.
	windowStreams = 16
)

// spend takes n, and reports whether there was not as much.
func (m *floodMeter) spend(now time.Time, n int) (over bool) {
	if since := now.Sub(m.last); since > 0 {
		if !m.last.IsZero() {
			m.earn(int(min(since.Seconds()*floodRefresh, floodBudget)))
		}
		if m.last.IsZero() || since*floodRefresh >= time.Second {
			m.last = now
		}
	}
	m.left -= n
	return m.left < 0
}

func (m *floodMeter) earn(n int) { m.left = min(m.left+n, floodBudget) }

// idleTalk counts frames that bring nothing on.
func (c *http2Conn) idleTalk(n int, what string) error {
	if c.meter.spend(c.h.ctx.Now(), n) {
		return h2.Errorf(http2.ErrCodeEnhanceYourCalm, "too many %s", what)
	}
	return nil
}
