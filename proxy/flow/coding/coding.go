// Package coding undoes and applies HTTP content codings (RFC 9110 §8.4):
// gzip, deflate, br, zstd and identity, and lists of them.
//
// The package is a leaf without state of its own: every function may be called from any goroutine.
package coding

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// DefaultMax is how far Decode goes when it is given no limit.
const DefaultMax = 16 << 20

// innerMax bounds the steps of a list before the last, which may be longer than the result.
const innerMax = 64 << 20

// maxCodings is the longest list of codings that is undone, since a peer writes it.
const maxCodings = 8

// The errors that callers branch on.
var (
	ErrUnknown  = errors.New("unknown content coding")
	ErrTooLarge = errors.New("decoded content is too large")
)

// Names are the codings that Encode can apply, in the order they are offered.
func Names() []string { return []string{"gzip", "deflate", "br", "zstd"} }

// Decode undoes a Content-Encoding. The result has at most max bytes; max <= 0
// means DefaultMax. It may be b itself, so neither may be written afterwards.
//
// When b is cut short, damaged or larger than max, Decode returns what it could
// decode together with an error; for the last case that is ErrTooLarge. For a
// coding it doesn't know it returns ErrUnknown and no bytes. The empty body is
// empty in every coding, as that of a response to HEAD is.
func Decode(encoding string, b []byte, max int) ([]byte, error) {
	if max <= 0 {
		max = DefaultMax
	}
	if len(b) == 0 {
		return b, nil
	}
	names := split(encoding)
	if len(names) > maxCodings {
		return nil, fmt.Errorf("decode %d codings: at most %d are undone", len(names), maxCodings)
	}
	var err error
	for i := len(names) - 1; i >= 0; i-- {
		limit := max
		if i > 0 && max < innerMax {
			limit = innerMax
		}
		if b, err = decodeOne(names[i], b, limit); err != nil {
			if i > 0 {
				b = nil // the other codings are still on it
			}
			return b, fmt.Errorf("decode %s: %w", names[i], err)
		}
	}
	if len(b) > max {
		return b[:max:max], ErrTooLarge
	}
	return b, nil
}

// Encode applies a Content-Encoding, fast rather than small. The same bytes
// always give the same result. It returns ErrUnknown for a coding it doesn't know.
func Encode(encoding string, b []byte) ([]byte, error) {
	for _, name := range split(encoding) {
		var err error
		if b, err = encodeOne(name, b); err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
	}
	return b, nil
}

// Known reports whether every coding of a Content-Encoding can be undone.
func Known(encoding string) bool {
	names := split(encoding)
	for _, name := range names {
		if find(name) == nil {
			return false
		}
	}
	return len(names) <= maxCodings
}

// split returns the codings of a list that change anything, lower case, in the order they were applied.
func split(encoding string) []string {
	var names []string
	for name := range strings.SplitSeq(encoding, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "" && name != "identity" && name != "none" {
			names = append(names, name)
		}
	}
	return names
}

func decodeOne(name string, b []byte, max int) ([]byte, error) {
	c := find(name)
	if c == nil {
		return nil, ErrUnknown
	}
	return c.decode(b, max)
}

// readUpTo reads to the end, or one error, or max bytes, which is ErrTooLarge if there are more.
func readUpTo(r io.Reader, max int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(max)+1))
	if len(b) > max {
		return b[:max:max], ErrTooLarge
	}
	return b, err
}
