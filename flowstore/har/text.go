package har

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// toText returns a body as text if it is mostly that and fromText makes the same bytes of it again.
func toText(mimeType string, b []byte) ([]byte, bool) {
	if mostlyBinary(b) {
		return nil, false
	}
	s := b
	if label := charsetOf(mimeType); label != "" && !utf8.Valid(b) {
		if enc, _ := charset.Lookup(label); enc != nil {
			if plain, err := enc.NewDecoder().Bytes(b); err == nil {
				s = plain
			}
		}
	}
	return s, utf8.Valid(s) && bytes.Equal(fromText(mimeType, s), b)
}

// fromText returns the bytes of a text in the charset of its type; the text itself if that does not have all of it.
func fromText(mimeType string, s []byte) []byte {
	if label := charsetOf(mimeType); label != "" && !ascii(s) {
		if enc, name := charset.Lookup(label); enc != nil && name != "utf-8" {
			b, err := enc.NewEncoder().Bytes(s)
			// What a charset does not have is written in some other way, so look what has come of it.
			if back, wrong := enc.NewDecoder().Bytes(b); err == nil && wrong == nil && bytes.Equal(back, s) {
				return b
			}
		}
	}
	return s
}

func charsetOf(mimeType string) string {
	if !strings.Contains(mimeType, "=") {
		return ""
	}
	_, ps, _ := mime.ParseMediaType(mimeType)
	return ps["charset"]
}

func ascii(s []byte) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mostlyBinary reports whether what b begins with is mostly no text.
func mostlyBinary(b []byte) bool {
	start := b[:min(len(b), 512)]
	odd := 0
	for _, c := range start {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			odd++
		}
	}
	return odd*10 > len(start)*3
}
