package har

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/textproto"
	"net/url"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// into makes the body of a message, and takes the content coding out of its head: archives have the content without it.
func (c *content) into(m *flow.HTTPMessage) error {
	size := int64(min(max(c.size, 0), 1<<50))
	if c.text == nil || len(c.text) == 0 && c.missing == 0 { // some have an empty text for what they have not
		if size > 0 {
			m.Body = flow.BodyGap(size, flow.Unrecorded)
		}
		return nil
	}
	b, err := c.bytes(m)
	if err != nil {
		return err
	}
	coded := c.encoded || !c.measured && bytes.HasPrefix(b, []byte("\x1f\x8b")) // gzip (RFC 1952 §2.3.1), as some write what they do not know
	if coded && c.missing == 0 {
		if plain := undone(m, b); plain != nil {
			b, coded = plain, false
		}
	}
	m.Body = flow.BodyCut(b, int64(len(b))+int64(min(max(c.missing, 0), 1<<50)))
	if !coded || !c.encoded {
		decoded(m)
	}
	return nil
}

// undone returns a body without its content coding, nil if that can't be undone or leaves nothing.
func undone(m *flow.HTTPMessage, b []byte) []byte {
	names := m.Headers.Values("Content-Encoding")
	if len(names) == 0 || len(b) == 0 {
		return nil
	}
	plain, err := coding.Decode(strings.Join(names, ", "), b, maxDecoded)
	if err != nil || len(plain) == 0 {
		return nil
	}
	return plain
}

func (c *content) bytes(m *flow.HTTPMessage) ([]byte, error) {
	if strings.EqualFold(c.encoding, "base64") {
		b, err := base64.StdEncoding.AppendDecode(nil, c.text)
		if err != nil {
			return nil, errors.New("it is said to be base64, which it is not")
		}
		return b, nil
	}
	kind := m.Headers.Get("Content-Type")
	if kind == "" {
		kind = c.mimeType
	}
	return fromText(kind, c.text), nil
}

// decoded says in the head of a message that its body has no content coding.
func decoded(m *flow.HTTPMessage) {
	if m.Body.Len() == 0 || !m.Headers.Has("Content-Encoding") {
		return
	}
	m.Headers = m.Headers.Del("Content-Encoding")
	measure(m)
}

func measure(m *flow.HTTPMessage) {
	if m.Headers.Has("Content-Length") {
		m.Headers = m.Headers.Set("Content-Length", fmt.Sprint(m.Body.Len()))
	}
}

// fromParams makes the body of a request of the fields of its form, where there is no text.
func (c *content) fromParams(m *flow.HTTPMessage) {
	kind, attributes, _ := mime.ParseMediaType(m.Headers.Get("Content-Type"))
	if kind == "" {
		kind, attributes, _ = mime.ParseMediaType(c.mimeType)
	}
	if strings.EqualFold(kind, "multipart/form-data") {
		c.multipart(m, attributes["boundary"])
	} else {
		m.Body = flow.BodyOf([]byte(c.form()))
	}
	measure(m)
}

// form writes the fields as application/x-www-form-urlencoded, or as they are if that is what the size says:
// Charles makes one name of a body that is no form.
func (c *content) form() string {
	var escaped, asIs strings.Builder
	for i, f := range c.params {
		if i > 0 {
			escaped.WriteByte('&')
			asIs.WriteByte('&')
		}
		escaped.WriteString(url.QueryEscape(f.name) + "=" + url.QueryEscape(f.value))
		if asIs.WriteString(f.name); f.value != "" {
			asIs.WriteString("=" + f.value)
		}
	}
	if n := float64(asIs.Len()); n == c.size && n != float64(escaped.Len()) {
		return asIs.String()
	}
	return escaped.String()
}

// multipart writes the fields as multipart/form-data (RFC 7578 §4). What was in a file is not in the archive, unless it is the value.
func (c *content) multipart(m *flow.HTTPMessage, boundary string) {
	if boundary == "" {
		boundary = c.boundary()
		m.Headers = m.Headers.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	}
	var b strings.Builder
	quote := strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A")
	for _, f := range c.params {
		b.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + quote.Replace(f.name) + `"`)
		if f.fileName != "" {
			b.WriteString(`; filename="` + quote.Replace(f.fileName) + `"`)
		}
		if kind := textproto.TrimString(f.contentType); kind != "" && !strings.ContainsAny(kind, "\r\n") {
			b.WriteString("\r\nContent-Type: " + kind)
		}
		b.WriteString("\r\n\r\n" + f.value + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	m.Body = flow.BodyOf([]byte(b.String()))
}

// boundary returns one that is in no value.
func (c *content) boundary() string {
	for n := 0; ; n++ {
		boundary, found := fmt.Sprintf("----form-boundary-%d", n), false
		for _, f := range c.params {
			found = found || strings.Contains(f.value, boundary)
		}
		if !found {
			return boundary
		}
	}
}
