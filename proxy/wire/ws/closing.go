package ws

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// ParseClose reads the payload of a close frame (RFC 6455 §5.5.1). Without a code, it is NoStatus.
func ParseClose(p []byte) (code int, reason string, err error) {
	switch {
	case len(p) == 0:
		return NoStatus, "", nil
	case len(p) == 1:
		return 0, "", breach("a close frame has half a status code")
	}
	code = int(binary.BigEndian.Uint16(p))
	if !ValidCode(code) {
		return 0, "", breach("a close frame has the status code %d, which must not be sent", code)
	}
	if !utf8.Valid(p[2:]) {
		return 0, "", &Error{InvalidPayload, "the reason of a close frame is not UTF-8"}
	}
	return code, string(p[2:]), nil
}

// ValidCode reports whether a close frame may have a code (RFC 6455 §7.4).
func ValidCode(code int) bool {
	switch {
	case code < 1000, code == 1004, code == NoStatus, code == Abnormal:
		return false
	case code <= 1014, 3000 <= code && code < 5000:
		return true
	}
	return false
}

// AppendClose appends the payload of a close frame. A code that must not be sent, as NoStatus, gives an
// empty one; a reason is cut to what a control frame holds.
func AppendClose(b []byte, code int, reason string) []byte {
	if !ValidCode(code) {
		return b
	}
	reason = strings.ToValidUTF8(reason, "\ufffd")
	for len(reason) > MaxControl-2 {
		_, size := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-size]
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(code)), reason...)
}
