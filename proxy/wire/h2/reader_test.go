package h2

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// describe says all that a frame holds.
func describe(f http2.Frame) string {
	h := f.Header()
	s := fmt.Sprintf("%d %d %d %d", h.Type, h.Flags, h.StreamID, h.Length)
	switch f := f.(type) {
	case *http2.DataFrame:
		return fmt.Sprintf("%s %q", s, f.Data())
	case *http2.HeadersFrame:
		return fmt.Sprintf("%s %q %v", s, f.HeaderBlockFragment(), f.Priority)
	case *http2.ContinuationFrame:
		return fmt.Sprintf("%s %q", s, f.HeaderBlockFragment())
	case *http2.GoAwayFrame:
		return fmt.Sprintf("%s %d %d %q", s, f.LastStreamID, f.ErrCode, f.DebugData())
	case *http2.WindowUpdateFrame:
		return fmt.Sprintf("%s %d", s, f.Increment)
	case *http2.RSTStreamFrame:
		return fmt.Sprintf("%s %d", s, f.ErrCode)
	}
	return s
}

// readAll reads frames from what comes in pieces of size bytes.
func readAll(b []byte, size int) (out []string) {
	var r Reader
	var in []byte
	for len(b) > 0 {
		n := min(size, len(b))
		in = append(in, b[:n]...)
		b = b[n:]
		for {
			lent := bytes.Clone(in)
			f, n, err := r.Next(lent)
			clear(lent)
			var stream http2.StreamError
			switch {
			case errors.As(err, &stream):
				out = append(out, err.Error())
			case err != nil:
				return append(out, err.Error())
			case n == 0:
			default:
				out = append(out, describe(f))
			}
			if n == 0 {
				break
			}
			in = in[n:]
		}
	}
	return out
}

func FuzzReader(f *testing.F) {
	f.Add(AppendData(AppendHeaders(nil, 1, false, []byte{0x82, 0x86}, MaxFrame), 1, true, []byte("hello")))
	f.Add(AppendGoAway(AppendSettings(nil, http2.Setting{ID: 4, Val: 1}), 7, 2, "why"))
	f.Add(AppendWindowUpdate(AppendWindowUpdate(AppendPing(nil, true, [8]byte{1}), 0, 5), 3, 0))
	f.Add(AppendReset(AppendSettingsAck(nil), 1, http2.ErrCodeCancel))
	f.Add([]byte{0, 0, 2, 0, 8, 0, 0, 0, 1, 9, 9})
	f.Add([]byte{0xff, 0, 2, 0, 8, 0, 0, 0, 1, 9, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, split := readAll(b, len(b)), readAll(b, 1)
		if strings.Join(whole, "\n") != strings.Join(split, "\n") {
			t.Errorf("at once\n%q\nbyte by byte\n%q", whole, split)
		}
	})
}

func TestReader(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"too large":         {AppendFrameHeader(nil, MaxFrame+1, http2.FrameData, 0, 1), "frame of 16385 bytes, 16384 are allowed"},
		"HTTP/1":            {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), "the peer speaks HTTP/1, although HTTP/2 was agreed on"},
		"padding too long":  {append(AppendFrameHeader(nil, 1, http2.FrameHeaders, http2.FlagHeadersPadded, 1), 9), "invalid HEADERS frame"},
		"short":             {append(AppendFrameHeader(nil, 1, http2.FrameHeaders, http2.FlagHeadersPriority, 1), 9), "HEADERS frame is too short"},
		"lone CONTINUATION": {AppendFrameHeader(nil, 0, http2.FrameContinuation, 0, 1), "unexpected CONTINUATION for stream 1"},
	} {
		var r Reader
		_, _, err := r.Next(c.in)
		var conn *ConnError
		if !errors.As(err, &conn) || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongFieldSectionIsSplit(t *testing.T) {
	block := bytes.Repeat([]byte("0123456789"), 5000)
	got := readAll(AppendHeaders(nil, 5, true, block, MaxFrame), 1000)
	if len(got) != 4 || !strings.HasPrefix(got[0], "1 1 5 16384") || !strings.HasPrefix(got[3], "9 4 5 848") {
		t.Errorf("%.60q", got)
	}
}
