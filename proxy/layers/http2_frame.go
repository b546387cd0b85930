package layers

import (
	"golang.org/x/net/http2"

	"sluice/proxy/wire/h2"
)

// frame handles one frame. The error is a *h2.ConnError or an http2.StreamError.
func (c *http2Conn) frame(f http2.Frame) error {
	switch f := f.(type) {
	case *http2.DataFrame:
		return c.onData(f)
	case *http2.HeadersFrame:
		return c.onHeaders(f)
	case *http2.ContinuationFrame:
		return c.fragment(f.HeaderBlockFragment(), f.HeadersEnded())
	case *http2.WindowUpdateFrame:
		return c.onWindowUpdate(f)
	case *http2.RSTStreamFrame:
		return c.onReset(f)
	case *http2.SettingsFrame:
		return c.onSettings(f)
	case *http2.PingFrame:
		return c.onPing(f)
	case *http2.GoAwayFrame:
		c.going = true
		c.role.leaving(f.LastStreamID, f.ErrCode)
		return nil
	case *http2.PushPromiseFrame: // RFC 9113 §8.4: we do not allow it, and clients may not do it
		return h2.Errorf(http2.ErrCodeProtocol, "PUSH_PROMISE is not allowed")
	case *http2.PriorityFrame:
		if f.StreamDep == f.StreamID {
			return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeProtocol}
		}
	}
	return c.idleTalk(1, f.Header().Type.String()+" frames") // RFC 9113 §5.3.2, §5.5: ignored
}

// unopened reports whether a stream has never been open.
func (c *http2Conn) unopened(id uint32) bool { return id%2 == 0 || id > c.lastID }

func (c *http2Conn) onHeaders(f *http2.HeadersFrame) error {
	c.block = fieldBlock{id: f.StreamID, end: f.StreamEnded(), buf: c.block.buf[:0],
		self: f.HasPriority() && f.Priority.StreamDep == f.StreamID}
	return c.fragment(f.HeaderBlockFragment(), f.HeadersEnded())
}

// fragment adds a part of a field section and, if it is the last one, handles the whole.
func (c *http2Conn) fragment(p []byte, last bool) error {
	b := &c.block
	b.parts++
	if len(b.buf)+len(p) > http2MaxBlock || b.parts > http2MaxParts {
		return h2.Errorf(http2.ErrCodeEnhanceYourCalm, "field section in over %d frames or %d bytes", http2MaxParts, http2MaxBlock)
	}
	if !last {
		b.buf = append(b.buf, p...)
		return nil
	}
	if b.parts > 1 {
		b.buf = append(b.buf, p...)
		p = b.buf
	}
	fields, err := c.dec.Decode(p)
	if b.buf = b.buf[:0]; cap(b.buf) > headRoom {
		b.buf = nil
	}
	if err != nil {
		return err
	}
	c.parser.Lax = c.h.ctx.Options().SkipValidation
	s := c.streams[b.id]
	switch {
	case b.self: // what RFC 7540 §5.3.1 made of it
		if !c.client && b.id%2 == 1 {
			c.lastID = max(c.lastID, b.id)
		}
		return http2.StreamError{StreamID: b.id, Code: http2.ErrCodeProtocol}
	case s == nil:
		c.role.unknown(b.id, fields, b.end)
	case s.remoteEnd: // RFC 9113 §5.1
		return http2.StreamError{StreamID: b.id, Code: http2.ErrCodeStreamClosed}
	default:
		c.role.headers(s, fields, b.end)
	}
	return nil
}

func (c *http2Conn) onData(f *http2.DataFrame) error {
	size := int(f.Length)
	if !c.recv.take(size) { // RFC 9113 §6.9.1
		return h2.Errorf(http2.ErrCodeFlowControl, "more DATA than the connection's window allows")
	}
	s := c.streams[f.StreamID]
	if s == nil || s.remoteEnd {
		c.giveBack(nil, size)
		return c.strayData(f.StreamID, s)
	}
	if len(f.Data()) == 0 && !f.StreamEnded() {
		if err := c.idleTalk(1, "empty DATA frames"); err != nil {
			return err
		}
	}
	if !s.recv.take(size) {
		c.giveBack(nil, size)
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeFlowControl}
	}
	s.held += size
	s.got += int64(len(f.Data()))
	if s.length >= 0 && (s.got > s.length || f.StreamEnded() && s.got < s.length) { // RFC 9113 §8.1.1
		c.streamError(s.id, http2.ErrCodeProtocol, "the body is not as long as its content-length says")
		return nil
	}
	c.role.data(s, f.Data(), size, f.StreamEnded())
	return nil
}

// strayData answers DATA on a stream that takes none.
func (c *http2Conn) strayData(id uint32, s *http2Stream) error {
	switch {
	case s != nil:
	case c.unopened(id):
		return h2.Errorf(http2.ErrCodeProtocol, "DATA on a stream that is not open")
	case c.client || c.recent.was(id) <= closedByUs:
		return c.idleTalk(1, "DATA frames on closed streams")
	}
	return http2.StreamError{StreamID: id, Code: http2.ErrCodeStreamClosed}
}

func (c *http2Conn) onReset(f *http2.RSTStreamFrame) error {
	if c.unopened(f.StreamID) {
		return h2.Errorf(http2.ErrCodeProtocol, "RST_STREAM for a stream that is not open")
	}
	if err := c.idleTalk(1, "reset streams"); err != nil {
		return err
	}
	if s := c.streams[f.StreamID]; s != nil {
		c.close(s, closedByPeer)
		c.role.reset(s, f.ErrCode)
	}
	return nil
}

func (c *http2Conn) onPing(f *http2.PingFrame) error {
	if f.IsAck() {
		return nil
	}
	b := c.out.room(headRoom)
	b.B = h2.AppendPing(b.B, true, f.Data)
	return c.idleTalk(1, "PING frames")
}

func (c *http2Conn) onSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return c.idleTalk(1, "acknowledged settings")
	}
	if err := f.ForeachSetting(c.onSetting); err != nil {
		return err
	}
	c.role.settled()
	b := c.out.room(headRoom)
	b.B = h2.AppendSettingsAck(b.B)
	return c.idleTalk(1+f.NumSettings()/8, "SETTINGS frames")
}

func (c *http2Conn) onSetting(s http2.Setting) error {
	if err := s.Valid(); err != nil {
		code := http2.ErrCodeProtocol
		if s.ID == http2.SettingInitialWindowSize { // RFC 9113 §6.5.2
			code = http2.ErrCodeFlowControl
		}
		return h2.Errorf(code, "invalid setting %s", s)
	}
	switch s.ID {
	case http2.SettingHeaderTableSize:
		c.enc.SetTableSize(s.Val)
	case http2.SettingMaxFrameSize:
		c.peerFrame = min(int(s.Val), h2.MaxFrame)
	case http2.SettingInitialWindowSize:
		return c.setPeerWindow(int64(s.Val))
	default:
		return c.role.setting(s)
	}
	return nil
}
