package http1

import (
	"strconv"

	"sluice/proxy/flow"
)

// AppendRequest appends the head of r as an HTTP/1 server gets it, in the form of
// target that its parts call for: authority for CONNECT, absolute if it has an
// Authority, else origin (RFC 9112 §3.2). Nothing is added to the fields.
func AppendRequest(b []byte, r *flow.Request) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = appendTarget(b, r)
	b = append(b, ' ')
	b = append(b, r.Version...)
	b = append(b, "\r\n"...)
	b = r.Headers.AppendTo(b)
	return append(b, "\r\n"...)
}

func appendTarget(b []byte, r *flow.Request) []byte {
	if r.Method == "CONNECT" {
		if r.Authority == "" {
			return append(b, flow.JoinHostPort(r.Host, r.Port)...)
		}
		return append(b, r.Authority...)
	}
	if r.Authority != "" {
		b = append(b, r.Scheme...)
		b = append(b, "://"...)
		b = append(b, r.Authority...)
	}
	switch {
	case r.Path == "":
		return append(b, '/')
	case r.Path == "*" && r.Authority != "":
		return b // RFC 9112 §3.2.4
	}
	return append(b, r.Path...)
}

// AppendResponse appends the head of r as an HTTP/1 client gets it. Nothing is added to the fields.
func AppendResponse(b []byte, r *flow.Response) []byte {
	b = append(b, r.Version...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = append(b, ' ')
	b = append(b, r.Reason...)
	b = append(b, "\r\n"...)
	b = r.Headers.AppendTo(b)
	return append(b, "\r\n"...)
}

// AppendChunk appends data as one chunk, and nothing if it is empty, for an empty chunk is the last one.
func AppendChunk(b, data []byte) []byte {
	if len(data) == 0 {
		return b
	}
	b = strconv.AppendUint(b, uint64(len(data)), 16)
	b = append(b, "\r\n"...)
	b = append(b, data...)
	return append(b, "\r\n"...)
}

// AppendLastChunk appends what ends a chunked body: the empty chunk, the trailers and an empty line.
func AppendLastChunk(b []byte, trailers flow.Headers) []byte {
	b = append(b, "0\r\n"...)
	b = trailers.AppendTo(b)
	return append(b, "\r\n"...)
}
