package content

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/charset"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// MaxDecoded bounds what Decode makes of compressed content, in bytes.
const MaxDecoded = 256 << 20

var utf8BOM = []byte("\xef\xbb\xbf")

// Decode undoes the Content-Encoding of a message. The note is "" if there was
// none, "[decoded gzip]" or the like if it was undone, and the same with "in part" if only the beginning could be,
// because the rest has not come yet, is damaged or would grow above MaxDecoded. If
// nothing could be, it is "[cannot decode]" and data is returned as it is.
func Decode(h flow.Headers, data []byte) (plain []byte, note string) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ", ")))
	if encoding == "" || encoding == "identity" || len(data) == 0 {
		return data, ""
	}
	plain, err := coding.Decode(encoding, data, MaxDecoded)
	switch {
	case err == nil:
		return plain, "[decoded " + Clean(encoding) + "]"
	case len(plain) > 0:
		return plain, "[decoded " + Clean(encoding) + " in part]"
	}
	return data, "[cannot decode]"
}

// UTF8 returns text as UTF-8 without a byte order mark. The charset is that of
// the mark, the content type or an HTML meta element, in this order; without one, or with one
// that is not known, the text is taken as UTF-8.
func UTF8(m Meta, text []byte) []byte {
	if bytes.HasPrefix(text, utf8BOM) {
		return text[len(utf8BOM):]
	}
	enc, name, certain := charset.DetermineEncoding(text[:min(len(text), 1024)], m.ContentType)
	if !certain || name == "utf-8" {
		return text
	}
	plain, err := enc.NewDecoder().Bytes(text)
	if err != nil {
		return text
	}
	return bytes.TrimPrefix(plain, utf8BOM)
}
