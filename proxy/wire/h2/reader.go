package h2

import (
	"errors"
	"io"
	"strings"
	"sync"

	"golang.org/x/net/http2"
)

// A Reader splits bytes into frames. Its zero value is ready.
type Reader struct {
	*framing      // nil while the connection rests
	spoilt   bool // what an error has left behind is of no use to another connection
}

// framing is what reading takes beside the bytes. Connections have it while they have streams.
type framing struct {
	src    source
	framer *http2.Framer
}

var framings = sync.Pool{New: func() any {
	f := &framing{}
	f.framer = http2.NewFramer(io.Discard, &f.src)
	f.framer.SetReuseFrames()
	f.framer.SetMaxReadFrameSize(MaxFrame)
	return f
}}

// Rest gives up memory until the next frame comes, which is the first of a field section or has nothing to do with one.
func (r *Reader) Rest() {
	if r.framing != nil && !r.spoilt {
		framings.Put(r.framing)
	}
	r.framing, r.spoilt = nil, false
}

// source lends the framer one frame at a time, for it takes what it gets and keeps nothing of a part.
type source struct{ b []byte }

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}

// Missing returns how many bytes have to follow b before Next can do anything with it.
func Missing(b []byte) int {
	if len(b) < HeaderLen {
		return HeaderLen - len(b)
	}
	n := payloadLen(b)
	if n > MaxFrame {
		return 0
	}
	return max(0, HeaderLen+n-len(b))
}

func payloadLen(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// Next reads one frame from the front of b. n is what it used; n == 0 asks for
// more. The frame is valid until the next call and holds nothing of b. The error is a *ConnError, or an
// http2.StreamError after which reading may go on.
func (r *Reader) Next(b []byte) (f http2.Frame, n int, err error) {
	if Missing(b) > 0 {
		return nil, 0, nil
	}
	if r.framing == nil {
		r.framing = framings.Get().(*framing)
	}
	size := payloadLen(b)
	switch {
	case strings.HasPrefix(string(b[:HeaderLen]), "HTTP/1."):
		return nil, 0, Errorf(http2.ErrCodeHTTP11Required, "the peer speaks HTTP/1, although HTTP/2 was agreed on")
	case size > MaxFrame: // RFC 9113 §4.2
		return nil, 0, Errorf(http2.ErrCodeFrameSize, "frame of %d bytes, %d are allowed", size, MaxFrame)
	}
	n = HeaderLen + size
	r.src.b = b[:n]
	f, err = r.framer.ReadFrame()
	r.src.b = nil
	if err == nil {
		return f, n, nil
	}
	r.spoilt = true
	return nil, n, r.explain(err, http2.FrameType(b[3]))
}

func (r *Reader) explain(err error, t http2.FrameType) error {
	var conn http2.ConnectionError
	var stream http2.StreamError
	switch {
	case errors.As(err, &stream) && t != http2.FrameHeaders && t != http2.FrameContinuation:
		return stream
	case errors.As(err, &stream): // the state of the compression is lost with the frame (RFC 9113 §4.3)
		return Errorf(stream.Code, "invalid %s frame", t)
	case errors.As(err, &conn):
		if why := r.framer.ErrorDetail(); why != nil {
			return &ConnError{http2.ErrCode(conn), why.Error()}
		}
		return Errorf(http2.ErrCode(conn), "invalid %s frame", t)
	}
	return Errorf(http2.ErrCodeFrameSize, "%s frame is too short", t)
}
