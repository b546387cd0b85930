package content

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"mime"
	"net/textproto"
	"strings"
)

const (
	maxBoundary = 256     // bytes; RFC 2046 §5.1.1 allows 70
	maxPartHead = 8 << 10 // bytes of a part's header that are read
	dumpPreview = 256     // bytes of a binary part that are shown
)

// showMultipart writes plain fields as name and value, and other parts with what is known of them and their text or a dump.
func showMultipart(m Meta, data []byte) (iter.Seq[Line], error) {
	boundary := m.param("boundary")
	if boundary == "" {
		boundary = guessBoundary(data)
	}
	if boundary == "" || len(boundary) > maxBoundary {
		return nil, errors.New("no boundary in the content type, nor at the beginning")
	}
	open := []byte("--" + boundary)
	if !bytes.HasPrefix(data, open) && !bytes.Contains(data, append([]byte("\n"), open...)) {
		return nil, errors.New("its boundary does not occur")
	}
	return write(func(p *pen) { printMultipart(p, open, data) }), nil
}

// guessBoundary returns the boundary that the first line seems to be.
func guessBoundary(data []byte) string {
	line, _, ok := bytes.Cut(data[:min(len(data), maxBoundary)], newline)
	boundary, dashed := bytes.CutPrefix(bytes.TrimSpace(line), []byte("--"))
	if !ok || !dashed {
		return ""
	}
	return string(boundary)
}

// printMultipart writes the parts between boundary lines. What is before the first and after the last is
// no content (RFC 2046 §5.1.1). A last part that nothing closes is shown too.
func printMultipart(p *pen, open, b []byte) {
	between := append([]byte("\n"), open...)
	rest, first := bytes.CutPrefix(b, open)
	if !first {
		_, rest, _ = bytes.Cut(b, between)
	}
	for closed := true; closed && !p.stopped && !bytes.HasPrefix(rest, []byte("--")); {
		var part []byte
		part, rest, closed = bytes.Cut(rest, between)
		if closed || len(bytes.TrimSpace(part)) > 0 {
			printPart(p, bytes.TrimSuffix(part, []byte{'\r'}))
		}
	}
}

// printPart writes one part: its header, an empty line and its content.
func printPart(p *pen, part []byte) {
	lines, body := cutHead(part)
	disposition, params, _ := mime.ParseMediaType(partHeader(lines, "Content-Disposition"))
	name, hasName := params["name"]
	kind := partHeader(lines, "Content-Type")
	_, isFile := params["filename"]
	if hasName && !isFile && kind == "" && !Binary(body) {
		field(p, 0, name, string(body))
		return
	}
	if !hasName {
		name = cmp.Or(disposition, "part")
	}
	p.put(Key, []byte(name))
	p.word(Punct, ":")
	p.end()
	if isFile {
		field(p, 2, "filename", params["filename"])
	}
	if kind != "" {
		field(p, 2, "content-type", kind)
	}
	field(p, 2, "size", fmt.Sprintf("%d bytes", len(body)))
	p.indent(2)
	p.word(Key, "content")
	p.word(Punct, ":")
	p.end()
	if !Binary(body) {
		block(p, 4, String, body)
		return
	}
	printHex(p, body[:min(len(body), dumpPreview)], 4)
	if len(body) > dumpPreview {
		p.indent(4)
		p.word(Comment, fmt.Sprintf("# %d more bytes", len(body)-dumpPreview))
		p.end()
	}
}

// cutHead splits a part at its first empty line. A part without one is all content.
func cutHead(part []byte) (head string, body []byte) {
	part = bytes.TrimPrefix(bytes.TrimPrefix(part, []byte{'\r'}), newline)
	window := part[:min(len(part), maxPartHead)]
	for _, sep := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(window, []byte(sep)); i >= 0 {
			return string(part[:i]), part[i+len(sep):]
		}
	}
	return "", part
}

// partHeader returns the value of a field of a part's header, or "".
func partHeader(head, name string) string {
	for line := range strings.Lines(head) {
		n, v, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(n, name) {
			return textproto.TrimString(v)
		}
	}
	return ""
}
