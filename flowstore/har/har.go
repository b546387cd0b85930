// Package har reads and writes the HTTP Archive (HAR 1.2): what browsers, Charles,
// Insomnia and mitmproxy exchange flows in. An archive may be compressed by zlib,
// which a name in .zhar stands for.
//
// Both directions stream: never more than one entry is in memory. What HAR has no field
// for, and a flow would lose, goes into fields of our own, whose names begin with _ as
// the format demands. Reading and writing belong to one goroutine each.
package har

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"unicode"

	"golang.org/x/net/html/charset"
)

// Compressed reports whether an archive of that name is compressed.
func Compressed(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".zhar") }

// Is reports whether a file that begins with prefix is an archive, compressed or not: an
// object of JSON. What flow files begin with is never one. A few bytes are enough; of a compressed
// one a few hundred, fewer are believed.
func Is(prefix []byte) bool {
	if zipped(prefix) {
		r, err := zlib.NewReader(bytes.NewReader(prefix))
		if err != nil {
			return false
		}
		start := make([]byte, 64)
		n, err := io.ReadFull(r, start)
		if n == 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return true // the prefix ends too early to tell
		}
		prefix = start[:n]
	}
	if name := utf16Of(prefix); name != "" {
		enc, _ := charset.Lookup(name)
		prefix, _ = enc.NewDecoder().Bytes(prefix[:len(prefix)&^1])
	}
	prefix = blankless(bytes.TrimPrefix(prefix, byteOrderMark))
	if len(prefix) == 0 || prefix[0] != '{' {
		return false
	}
	rest := blankless(prefix[1:])
	return len(rest) == 0 || rest[0] == '"'
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// utf16Of returns the name of the encoding of what begins with its mark in UTF-16, as a shell on Windows writes
// what a program has printed; "" for any other.
func utf16Of(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return "utf-16le"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return "utf-16be"
	}
	return ""
}

func blankless(b []byte) []byte { return bytes.TrimLeftFunc(b, unicode.IsSpace) }

// zipped reports whether b begins as zlib's format does (RFC 1950 §2.2).
func zipped(b []byte) bool {
	return len(b) >= 2 && b[0] == 0x78 && (int(b[0])<<8|int(b[1]))%31 == 0
}
