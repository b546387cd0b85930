package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2"
)

// AppendFrameHeader appends the header of a frame whose payload has size bytes (RFC 9113 §4.1).
func AppendFrameHeader(b []byte, size int, t http2.FrameType, flags http2.Flags, stream uint32) []byte {
	b = append(b, byte(size>>16), byte(size>>8), byte(size), byte(t), byte(flags))
	return binary.BigEndian.AppendUint32(b, stream)
}

// AppendData appends a DATA frame. The data must fit into one.
func AppendData(b []byte, stream uint32, end bool, data []byte) []byte {
	var flags http2.Flags
	if end {
		flags = http2.FlagDataEndStream
	}
	return append(AppendFrameHeader(b, len(data), http2.FrameData, flags, stream), data...)
}

// AppendHeaders appends a field section, in as many frames as it needs.
func AppendHeaders(b []byte, stream uint32, end bool, block []byte, maxFrame int) []byte {
	var flags http2.Flags
	if end {
		flags = http2.FlagHeadersEndStream
	}
	for t := http2.FrameHeaders; ; t = http2.FrameContinuation {
		part := block[:min(len(block), maxFrame)]
		if block = block[len(part):]; len(block) == 0 {
			flags |= http2.FlagHeadersEndHeaders
		}
		b = append(AppendFrameHeader(b, len(part), t, flags, stream), part...)
		if len(block) == 0 {
			return b
		}
		flags = 0
	}
}

// AppendSettings appends a SETTINGS frame.
func AppendSettings(b []byte, settings ...http2.Setting) []byte {
	b = AppendFrameHeader(b, 6*len(settings), http2.FrameSettings, 0, 0)
	for _, s := range settings {
		b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
		b = binary.BigEndian.AppendUint32(b, s.Val)
	}
	return b
}

// AppendSettingsAck appends the answer to a SETTINGS frame.
func AppendSettingsAck(b []byte) []byte {
	return AppendFrameHeader(b, 0, http2.FrameSettings, http2.FlagSettingsAck, 0)
}

// AppendPing appends a PING frame.
func AppendPing(b []byte, ack bool, data [8]byte) []byte {
	var flags http2.Flags
	if ack {
		flags = http2.FlagPingAck
	}
	return append(AppendFrameHeader(b, len(data), http2.FramePing, flags, 0), data[:]...)
}

// AppendWindowUpdate appends a WINDOW_UPDATE frame, for the connection if stream is 0.
func AppendWindowUpdate(b []byte, stream, add uint32) []byte {
	return binary.BigEndian.AppendUint32(AppendFrameHeader(b, 4, http2.FrameWindowUpdate, 0, stream), add)
}

// AppendReset appends a RST_STREAM frame.
func AppendReset(b []byte, stream uint32, code http2.ErrCode) []byte {
	return binary.BigEndian.AppendUint32(AppendFrameHeader(b, 4, http2.FrameRSTStream, 0, stream), uint32(code))
}

// AppendGoAway appends a GOAWAY frame.
func AppendGoAway(b []byte, last uint32, code http2.ErrCode, text string) []byte {
	b = AppendFrameHeader(b, 8+len(text), http2.FrameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	return append(b, text...)
}
