package flow

import (
	"strconv"
	"strings"
)

// AppendPrettyURL appends PrettyURL to b without allocating anything else.
func (r *Request) AppendPrettyURL(b []byte) []byte {
	if r.Method == "CONNECT" {
		return AppendHostPort(b, r.Host, r.Port)
	}
	h, p := r.claimed()
	b = append(append(b, r.Scheme...), "://"...)
	switch {
	case p != DefaultPort(r.Scheme):
		b = AppendHostPort(b, h, p)
	case strings.Contains(h, ":"):
		b = append(append(append(b, '['), h...), ']')
	default:
		b = append(b, h...)
	}
	return append(b, r.urlPath()...)
}

// AppendHostPort appends what JoinHostPort writes.
func AppendHostPort(b []byte, host string, port int) []byte {
	if strings.Contains(host, ":") {
		b = append(append(append(b, '['), host...), ']')
	} else {
		b = append(b, host...)
	}
	return strconv.AppendInt(append(b, ':'), int64(port), 10)
}
