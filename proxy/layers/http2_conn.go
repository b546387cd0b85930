package layers

import (
	"log/slog"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// What we allow a peer, in bytes but for the streams. The window of a connection is more than those of all its streams, so that those
// whose other side does not drain never stop the others, and bounds what we hold for all of them. A stream that drains gets a
// wider window, as long as there is something left for that.
const (
	http2MaxStreams   = 250
	http2StreamWindow = 256 << 10
	http2WideWindow   = 2 << 20
	http2Widening     = 32 << 20 // for all streams together
	http2ConnWindow   = http2MaxStreams*http2StreamWindow + http2Widening + 2*http2ConnCredit
	http2ConnCredit   = 1 << 20 // is worth a frame
	// http2MaxBlock is the size of a compressed field section.
	http2MaxBlock = 256 << 10
	// http2MaxParts is how many frames one field section may come in.
	http2MaxParts = 64
)

// An http2Role is what an end of an HTTP/2 connection does as server or as client. Streams that are given are not closed.
type http2Role interface {
	// unknown handles the field section of a stream that is not there.
	unknown(id uint32, fields []hpack.HeaderField, end bool)
	// headers handles a field section of a stream.
	headers(s *http2Stream, fields []hpack.HeaderField, end bool)
	// data handles content, lent. size is what it counts in the windows.
	data(s *http2Stream, p []byte, size int, end bool)
	// reset is told that the peer has given up a stream.
	reset(s *http2Stream, code http2.ErrCode)
	// broken is told that the peer has violated the protocol on a stream, which has been reset.
	broken(s *http2Stream, text string)
	// sent says that n bytes that were queued on a stream have gone on.
	sent(s *http2Stream, n int)
	// setting handles a setting that concerns the role alone.
	setting(http2.Setting) error
	// settled is told that all settings of a frame have been handled.
	settled()
	// lost is told that the connection is over.
	lost(text string)
	// soil says that there is output.
	soil()
	// leaving is told that the peer wants no new streams, and will do nothing on those after last.
	leaving(last uint32, code http2.ErrCode)
}

// http2Conn is what both ends of HTTP/2 connections have in common: frames, settings, windows and the life of streams (RFC 9113).
type http2Conn struct {
	h      *HTTP
	conn   *flow.Conn
	role   http2Role
	client bool // we are

	in     []byte // less than a frame; nil if empty
	kept   leftover
	reader h2.Reader
	dec    *h2.Decoder
	enc    h2.Encoder
	parser h2.Parser
	out    output
	tail   *http2Stream // the stream of the last DATA frame in out, whose header is at tailAt
	tailAt int
	block  fieldBlock

	streams map[uint32]*http2Stream
	recent  closedStreams
	lastID  uint32 // the highest stream that the peer (we, as a client) has opened

	sendWindow int64 // what we may send
	peerWindow int64 // of a new stream, what we may send
	peerFrame  int   // the largest payload that the peer takes
	recv       recvWindow
	spare      int64          // of http2Widening
	waiting    []*http2Stream // have content queued and a window for it; in turn

	meter  floodMeter
	active time.Time // when something last came
	busy   bool      // with frames that have come
	going  bool      // the peer wants no new streams
	dead   bool      // nothing is read any more
	ev     httpEvent
}

// fieldBlock is a field section of which not all frames have come.
type fieldBlock struct {
	id    uint32 // 0: none
	end   bool   // it ends the stream
	self  bool   // its stream is said to depend on itself
	parts int
	buf   []byte
}

func (c *http2Conn) init(h *HTTP, conn *flow.Conn, role http2Role) {
	limit := h.ctx.Options().HeadLimit
	if limit <= 0 {
		limit = http2MaxBlock
	}
	c.h, c.conn, c.role = h, conn, role
	c.dec = h2.NewDecoder(limit)
	c.out.ctx = h.ctx
	c.streams = map[uint32]*http2Stream{}
	c.sendWindow, c.peerWindow, c.peerFrame = h2.Window, h2.Window, h2.MaxFrame
	c.recv.init(http2ConnWindow, http2ConnCredit)
	c.spare = http2Widening
	c.meter.left = floodBudget
}

// open sends our settings, and opens the connection's window.
func (c *http2Conn) open(settings ...http2.Setting) {
	b := c.out.room(headRoom)
	b.B = h2.AppendSettings(b.B, append(settings,
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: http2StreamWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: http2MaxBlock})...)
	b.B = h2.AppendWindowUpdate(b.B, 0, http2ConnWindow-h2.Window)
}

// receive reads frames from data, which is lent, and keeps the part of one at its end.
func (c *http2Conn) receive(data []byte) {
	c.active = c.h.ctx.Now()
	c.busy = true
	defer c.rest()
	for len(c.in) > 0 && len(data) > 0 {
		n := min(h2.Missing(c.in), len(data))
		c.in = append(c.in, data[:n]...)
		data = data[n:]
		if used := c.consume(c.in); used > 0 || c.dead {
			c.in = c.in[:copy(c.in, c.in[min(used, len(c.in)):])]
		}
	}
	if c.dead {
		c.in = nil
		return
	}
	if len(c.in) == 0 {
		if rest := data[c.consume(data):]; len(rest) > 0 && !c.dead {
			c.in = append(c.in, rest...)
		}
	}
}

// rest ends the work on frames that have come.
func (c *http2Conn) rest() {
	c.busy = false
	c.slim()
}

// slim gives up memory that a connection without streams does not need.
func (c *http2Conn) slim() {
	if len(c.streams) == 0 && !c.busy && c.block.id == 0 {
		c.reader.Rest()
		c.dec.Rest()
		c.enc.Rest()
		if len(c.in) == 0 {
			c.in = nil
		}
	}
}

func (c *http2Conn) consume(b []byte) (used int) {
	for used < len(b) && !c.dead {
		f, n, err := c.reader.Next(b[used:])
		if n == 0 && err == nil {
			break
		}
		used += n
		if err == nil {
			err = c.frame(f)
		}
		if err != nil {
			c.failed(err)
		}
	}
	return used
}

// failed does what an error of the peer calls for.
func (c *http2Conn) failed(err error) {
	switch e := err.(type) {
	case *h2.ConnError:
		c.fail(e.Code, e.Reason)
	case http2.StreamError:
		c.streamError(e.StreamID, e.Code, "invalid frame")
	default:
		c.fail(http2.ErrCodeInternal, err.Error())
	}
}

// fail ends the connection because of what the peer did (RFC 9113 §5.4.1).
func (c *http2Conn) fail(code http2.ErrCode, text string) {
	if c.dead {
		return
	}
	c.dead = true
	c.h.log(slog.LevelWarn, "HTTP/2 protocol error: "+text)
	c.goAway(code, text)
	c.lose("HTTP/2 protocol error: " + text)
}

// goAway says why the connection ends, and closes it.
func (c *http2Conn) goAway(code http2.ErrCode, text string) {
	const longest = 256
	last := c.lastID
	if c.client {
		last = 0 // the server has opened none
	}
	b := c.out.room(headRoom)
	b.B = h2.AppendGoAway(b.B, last, code, text[:min(len(text), longest)])
	c.out.closes = true
}

// lose tells everybody that the connection is over.
func (c *http2Conn) lose(text string) {
	c.dead, c.in, c.waiting, c.block.buf = true, nil, nil, nil
	c.out.closes = true
	c.role.lost(text)
}

// streamError resets a stream because of what the peer did (RFC 9113 §5.4.2).
func (c *http2Conn) streamError(id uint32, code http2.ErrCode, text string) {
	if c.meter.spend(c.h.ctx.Now(), 1) {
		c.fail(http2.ErrCodeEnhanceYourCalm, "too many errors on streams")
		return
	}
	s := c.streams[id]
	b := c.out.room(headRoom)
	b.B = h2.AppendReset(b.B, id, code)
	if s != nil {
		c.close(s, closedByUs)
		c.role.broken(s, text)
	}
}

// eof is told that the peer sends no more.
func (c *http2Conn) eof(text string) {
	if !c.out.closes {
		c.lose(text)
	}
}

// flush appends the commands that send what has gathered.
func (c *http2Conn) flush(cmds []layer.Command) []layer.Command {
	c.tail = nil
	n := 0
	if !c.out.closes {
		n = cap(c.in) + cap(c.block.buf)
	}
	c.kept.is(c.h.ctx, n)
	return c.out.flush(c.conn, cmds)
}

func (c *http2Conn) emit(st *HTTPStream, ev httpEvent) {
	c.ev = ev
	c.h.deliver(st, &c.ev)
	c.ev = httpEvent{}
}
