package http1

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/proxy/flow"
)

// FramingKind says how the end of a body is found.
type FramingKind uint8

// The kinds of framing.
const (
	None     FramingKind = iota // no body, or one announced as empty
	Length                      // Framing.Length bytes, at least one
	Chunked                     // chunks, then trailers
	UntilEOF                    // until the peer closes
)

// Framing is how the body of a message is delimited on an HTTP/1 connection.
type Framing struct {
	Kind   FramingKind
	Length int64 // bytes; only with Length
}

// bodyFields is what a field list says about framing.
type bodyFields struct {
	coding, length   string
	codings, lengths int // how many lines there are
}

func bodyFieldsOf(h flow.Headers) (f bodyFields) {
	for i := range h {
		switch name := h[i].Name; len(name) {
		case len("content-length"):
			if equalFold(name, "content-length") {
				f.length = h[i].Value
				f.lengths++
			}
		case len("transfer-encoding"):
			if equalFold(name, "transfer-encoding") {
				f.coding = h[i].Value
				f.codings++
			}
		}
	}
	return f
}

// check refuses what recipients are known to read differently (RFC 9112 §6.3).
func (f *bodyFields) check() error {
	switch {
	case f.codings > 0 && f.lengths > 0:
		return fmt.Errorf("message with both a transfer-encoding and a content-length header")
	case f.codings > 1:
		return fmt.Errorf("multiple transfer-encoding headers")
	case f.lengths > 1:
		return fmt.Errorf("multiple content-length headers")
	}
	return nil
}

// framing is the framing by the one length or coding there is; otherwise is that of a message with neither.
func (f *bodyFields) framing(otherwise FramingKind) (Framing, error) {
	switch {
	case f.codings > 0:
		chunked, err := parseCoding(f.coding)
		if err != nil || !chunked {
			return Framing{Kind: UntilEOF}, err
		}
		return Framing{Kind: Chunked}, nil
	case f.lengths > 0:
		n, err := parseLength(f.length)
		if err != nil || n == 0 {
			return Framing{}, err
		}
		return Framing{Length, n}, nil
	}
	return Framing{Kind: otherwise}, nil
}

// RequestFraming returns how the body of a request is delimited. An error means
// that it is not certain and that the request must not be forwarded.
func RequestFraming(r *flow.Request) (Framing, error) {
	f := bodyFieldsOf(r.Headers)
	if err := f.check(); err != nil {
		return Framing{}, err
	}
	if err := f.checkRequestCoding(r.Version); err != nil {
		return Framing{}, err
	}
	return f.framing(None)
}

// checkRequestCoding refuses a coding that a server may not know (RFC 9112 §6.1)
// or that does not end in chunked, so that the end of the request is not known (§6.3).
func (f *bodyFields) checkRequestCoding(version string) error {
	if f.codings == 0 {
		return nil
	}
	if version != "HTTP/1.1" {
		return fmt.Errorf("unexpected HTTP transfer-encoding %.100q for %.20s", f.coding, version)
	}
	chunked, err := parseCoding(f.coding)
	if err == nil && !chunked {
		err = fmt.Errorf("unexpected HTTP transfer-encoding %.100q for request", f.coding)
	}
	return err
}

// ResponseFraming returns how the body of the response to req is delimited; a
// nil req stands for one that is neither HEAD nor CONNECT. An error means that
// it is not certain and that the response must not be forwarded.
func ResponseFraming(req *flow.Request, resp *flow.Response) (Framing, error) {
	s := resp.Status
	if s < 200 || s == 204 || s == 304 {
		return Framing{}, nil // RFC 9112 §6.3, rule 1
	}
	if req != nil && (req.Method == "HEAD" || req.Method == "CONNECT" && s < 300) {
		return Framing{}, nil // rules 1 and 2
	}
	f := bodyFieldsOf(resp.Headers)
	if err := f.check(); err != nil {
		return Framing{}, err
	}
	return f.framing(UntilEOF)
}

// parseLength reads a Content-Length: digits without a sign or leading zeros, at most 2^63-1.
func parseLength(s string) (int64, error) {
	ok := s != "" && (s[0] != '0' || s == "0")
	for i := 0; ok && i < len(s); i++ {
		ok = isDigit(s[i])
	}
	if ok {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("invalid content-length header: %.100q", s)
}

// parseCoding reads a Transfer-Encoding and reports whether its last coding is chunked.
func parseCoding(s string) (chunked bool, err error) {
	if equalFold(s, "chunked") {
		return true, nil
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false, fmt.Errorf("invalid transfer-encoding header: %.100q", s)
		}
	}
	codings := strings.Split(strings.ToLower(s), ",")
	for i := range codings {
		codings[i] = trimBlanks(codings[i])
	}
	switch strings.Join(codings, ",") {
	case "compress,chunked", "deflate,chunked", "gzip,chunked":
		return true, nil
	case "compress", "deflate", "gzip", "identity":
		return false, nil
	}
	return false, fmt.Errorf("unknown transfer-encoding header: %.100q", s)
}

// KeepAlive reports whether a message with these fields lets its connection be
// used again. A Connection header decides, close before keep-alive; without
// one HTTP/1.1 and later do, and earlier versions do not (RFC 9112 §9.3).
func KeepAlive(version string, h flow.Headers) bool {
	keep := version == "HTTP/1.1" || version == "HTTP/2.0" || strings.HasPrefix(version, "HTTP/3")
	for i := range h {
		if !equalFold(h[i].Name, "connection") {
			continue
		}
		for rest, more := h[i].Value, true; more; {
			var token string
			token, rest, more = strings.Cut(rest, ",")
			token = trimBlanks(token)
			if equalFold(token, "close") {
				return false
			}
			keep = keep || equalFold(token, "keep-alive")
		}
	}
	return keep
}
