package edit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"mime"
	"slices"
	"strings"

	"sluice/proxy/flow"
)

// A form is a multipart body in its pieces (RFC 2046 §5.1.1). A piece's key is the header of its part.
type form struct {
	boundary string
	preamble string // up to the first delimiter
	pieces   []piece
	epilogue string // behind the last delimiter
	newline  string
}

// boundaryOf returns the boundary of multipart content, "" if it is none.
func boundaryOf(m *flow.HTTPMessage) string {
	media, params, err := mime.ParseMediaType(m.Headers.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(media, "multipart/") {
		return ""
	}
	return params["boundary"]
}

func readMultipart(f *flow.Flow) ([][]string, error) {
	m := &f.Request.HTTPMessage
	boundary := boundaryOf(m)
	if boundary == "" {
		return nil, nil
	}
	data, _, err := decoded(m)
	if err != nil {
		return nil, err
	}
	return rowsOf(parseForm(boundary, string(data)).pieces), nil
}

// writeMultipart makes the content of the request a multipart form. Parts keep their headers as far as the rows are known.
func writeMultipart(f *flow.Flow, rows [][]string) error {
	m := &f.Request.HTTPMessage
	old, coded, err := decoded(m)
	if err != nil {
		return err
	}
	was := form{boundary: boundaryOf(m), newline: "\r\n", epilogue: "\r\n"}
	if was.boundary != "" {
		was = parseForm(was.boundary, string(old))
	}
	raws := was.parts(rows)
	if boundary := freeBoundary(was.boundary, raws); boundary != was.boundary {
		was.boundary = boundary
		m.Headers = m.Headers.Set(spelled(m, "Content-Type"), contentType(m, boundary))
	}
	return setContent(m, []byte(was.join(raws)), coded)
}

// contentType returns the content type of a message with another boundary.
func contentType(m *flow.HTTPMessage, boundary string) string {
	media, params, err := mime.ParseMediaType(m.Headers.Get("Content-Type"))
	if err == nil && strings.HasPrefix(media, "multipart/") {
		params["boundary"] = boundary
		if s := mime.FormatMediaType(media, params); s != "" {
			return s
		}
	}
	return "multipart/form-data; boundary=" + boundary
}

// freeBoundary returns a boundary that no part contains: the one there is, or a new one.
func freeBoundary(boundary string, raws []string) string {
	taken := func(raw string) bool { return strings.Contains(raw, "--"+boundary) }
	for boundary == "" || slices.ContainsFunc(raws, taken) {
		boundary = fmt.Sprintf("----------------%016x", rand.Uint64())
	}
	return boundary
}

// parts writes every row as a part.
func (f *form) parts(rows [][]string) []string {
	raws := make([]string, len(rows))
	for i, from := range match(f.pieces, rows) {
		head := "Content-Disposition: form-data; name=" + quoteName(rows[i][0])
		if from >= 0 {
			p := f.pieces[from]
			if slices.Equal(p.row, rows[i]) {
				raws[i] = p.raw
				continue
			}
			head = renamed(p.key, p.row[0], rows[i][0], head)
		}
		raws[i] = head + f.newline + f.newline + rows[i][1]
	}
	return raws
}

func (f *form) join(raws []string) string {
	var b strings.Builder
	b.WriteString(f.preamble)
	for _, raw := range raws {
		end := f.newline
		if strings.HasSuffix(raw, "\r") { // with LF alone its last byte would be taken for half of a line's end
			end = "\r\n"
		}
		b.WriteString("--" + f.boundary + f.newline + raw + end)
	}
	b.WriteString("--" + f.boundary + "--" + f.epilogue)
	return b.String()
}

// parseForm cuts a body at its delimiter lines. A last part that nothing closes
// counts too; a body without delimiters has no pieces at all.
func parseForm(boundary, body string) form {
	f := form{boundary: boundary, newline: "\r\n", epilogue: "\r\n"}
	start := -1
	for at := 0; ; {
		line, next, last, ok := delimiter(body, boundary, at)
		if !ok {
			if start >= 0 && start < len(body) {
				f.pieces = append(f.pieces, partPiece(trimNewline(body[start:])))
			}
			return f
		}
		if start < 0 {
			f.preamble = body[:line]
		} else {
			f.pieces = append(f.pieces, partPiece(trimNewline(body[start:max(start, line)])))
		}
		if last {
			f.epilogue = body[next:]
			return f
		}
		if !strings.HasSuffix(body[line:next], "\r\n") {
			f.newline = "\n"
		}
		start, at = next, next
	}
}

// delimiter finds the next delimiter line from an offset: where it begins and ends, and whether it is the closing one.
// The line of a closing one ends behind its hyphens.
func delimiter(body, boundary string, at int) (line, next int, last, ok bool) {
	for {
		i := strings.Index(body[at:], "--"+boundary)
		if i < 0 {
			return 0, 0, false, false
		}
		line = at + i
		at = line + 2 + len(boundary)
		if line > 0 && body[line-1] != '\n' {
			continue
		}
		rest := body[at:]
		if strings.HasPrefix(rest, "--") {
			return line, at + 2, true, true
		}
		blank := strings.TrimLeft(rest, " \t")
		at += len(rest) - len(blank)
		switch {
		case strings.HasPrefix(blank, "\r\n"):
			return line, at + 2, false, true
		case strings.HasPrefix(blank, "\n"):
			return line, at + 1, false, true
		}
	}
}

func trimNewline(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// partPiece splits a part at its first empty line. A part without one is all content.
func partPiece(raw string) piece {
	for _, newline := range []string{"\r\n", "\n"} {
		if body, ok := strings.CutPrefix(raw, newline); ok { // it has no header
			return piece{row: []string{"", body}, raw: raw, val: body}
		}
	}
	head, body := "", raw
	for _, sep := range []string{"\r\n\r\n", "\n\n"} {
		if i := strings.Index(raw, sep); i >= 0 && (head == "" || i < len(head)) {
			head, body = raw[:i], raw[i+len(sep):]
		}
	}
	return piece{row: []string{partName(head), body}, raw: raw, key: head, val: body}
}

// partName returns the name of a field (RFC 7578 §4.2), or "".
func partName(head string) string {
	if i, j, ok := nameAt(head); ok {
		return unquoteName(head[i:j])
	}
	return ""
}

// nameAt finds the value of the parameter "name" of Content-Disposition in the header of a part, quotes included.
func nameAt(head string) (from, to int, ok bool) {
	at := 0
	for line := range strings.Lines(head) {
		if field, _, found := strings.Cut(line, ":"); found && strings.EqualFold(strings.TrimSpace(field), "Content-Disposition") {
			from, to, ok = param(line, "name")
			return at + from, at + to, ok
		}
		at += len(line)
	}
	return 0, 0, false
}

// param finds the value of a parameter in a header's line.
func param(line, name string) (from, to int, ok bool) {
	i := 0
	for i < len(line) {
		if line[i] != ';' {
			i = skipValue(line, i)
			continue
		}
		i++
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		key := line[i:]
		if len(key) > len(name) && strings.EqualFold(key[:len(name)], name) && key[len(name)] == '=' {
			from = i + len(name) + 1
			for to = from; to < len(line) && strings.IndexByte(";\r\n", line[to]) < 0; {
				to = skipValue(line, to)
			}
			return from, to, true
		}
	}
	return 0, 0, false
}

// skipValue returns where a quoted string or a single byte ends.
func skipValue(s string, i int) int {
	if s[i] != '"' {
		return i + 1
	}
	for i++; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
	}
	return min(i+1, len(s))
}

func unquoteName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b bytes.Buffer
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && (s[i+1] == '"' && i+1 < len(s)-1 || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func quoteName(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// renamed returns the header of a part with another name, or what is given if it has none.
func renamed(head, was, name, other string) string {
	i, j, ok := nameAt(head)
	switch {
	case !ok:
		return other
	case was == name:
		return head
	}
	return head[:i] + quoteName(name) + head[j:]
}

func validPart(row []string, col int) string {
	if col == 0 && strings.ContainsAny(row[0], "\r\n\x00") {
		return "the name of a field has no line break and no NUL"
	}
	return ""
}
