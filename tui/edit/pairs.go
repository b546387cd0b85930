package edit

import (
	"errors"
	"slices"
	"strings"

	"sluice/proxy/flow"
)

var errNoPath = errors.New("this request has no path: edit its url or its method first")

// splitTarget cuts a request's path into path, query and fragment. mark says that there is a "?".
func splitTarget(target string) (path, query, fragment string, mark bool) {
	if i := strings.IndexByte(target, '#'); i >= 0 {
		target, fragment = target[:i], target[i:]
	}
	path, query, mark = strings.Cut(target, "?")
	return path, query, fragment, mark
}

func queryOf(target string) string {
	_, query, _, _ := splitTarget(target)
	return query
}

func writeQuery(f *flow.Flow, rows [][]string) error {
	if !strings.HasPrefix(f.Request.Path, "/") {
		return errNoPath
	}
	path, query, fragment, _ := splitTarget(f.Request.Path)
	if query = joinPairs(query, rows); query != "" {
		path += "?" + query
	}
	f.Request.Path = path + fragment
	return nil
}

// parsePath returns the components of a path, percent-decoded, without empty ones.
func parsePath(target string) [][]string { return rowsOf(pathPieces(target)) }

func pathPieces(target string) []piece {
	path, _, _, _ := splitTarget(target)
	var pieces []piece
	for raw := range strings.SplitSeq(path, "/") {
		if raw != "" {
			pieces = append(pieces, piece{row: []string{unescape(raw, false)}, raw: raw})
		}
	}
	if path == "*" {
		return nil
	}
	return pieces
}

// writePath puts components together. A slash at the end stays.
func writePath(f *flow.Flow, rows [][]string) error {
	target := f.Request.Path
	if !strings.HasPrefix(target, "/") {
		return errNoPath
	}
	path, query, fragment, mark := splitTarget(target)
	pieces := pathPieces(target)
	parts := make([]string, len(rows))
	for i, from := range match(pieces, rows) {
		if from >= 0 {
			parts[i] = pieces[from].raw
		} else {
			parts[i] = escape(rows[i][0], pathSafe, false)
		}
	}
	out := "/" + strings.Join(parts, "/")
	if len(pieces) > 0 && len(parts) > 0 && strings.HasSuffix(path, "/") {
		out += "/"
	}
	if mark {
		out += "?" + query
	}
	f.Request.Path = out + fragment
	return nil
}

// parsePairs reads a query or a form, in order and with duplicates. A name without "=" has an empty value.
func parsePairs(s string) [][]string { return rowsOf(pairPieces(s)) }

func pairPieces(s string) []piece {
	var pieces []piece
	for raw := range strings.SplitSeq(s, "&") {
		if raw == "" {
			continue
		}
		key, val, _ := strings.Cut(raw, "=")
		pieces = append(pieces, piece{[]string{unescape(key, true), unescape(val, true)}, raw, key, val})
	}
	return pieces
}

// joinPairs writes rows as a query or a form in the manner of the old one: "+" or
// "%20" for blanks, "key" or "key=" for an empty value. Pairs, names and values that were there keep their bytes.
func joinPairs(old string, rows [][]string) string {
	pieces := pairPieces(old)
	percent := strings.Contains(old, "%20") && !strings.Contains(old, "+")
	bare := slices.ContainsFunc(pieces, func(p piece) bool { return !strings.Contains(p.raw, "=") })
	parts := make([]string, len(rows))
	for i, from := range match(pieces, rows) {
		key, val := escape(rows[i][0], unreserved, !percent), escape(rows[i][1], unreserved, !percent)
		if from >= 0 {
			p := pieces[from]
			if slices.Equal(p.row, rows[i]) {
				parts[i] = p.raw
				continue
			}
			if p.row[0] == rows[i][0] {
				key = p.key
			}
			if p.row[1] == rows[i][1] {
				val = p.val
			}
		}
		parts[i] = key + "=" + val
		if bare && val == "" && key != "" {
			parts[i] = key
		}
	}
	return strings.Join(parts, "&")
}

// Bytes beside letters and digits that need no escape: RFC 3986 §2.3 and, in a path, §3.3.
const (
	unreserved = "-._~"
	pathSafe   = "-._~!$&'()*+,;=:@"
)

// escape percent-encodes a text (RFC 3986 §2.1), with plus as in forms: a blank is "+".
func escape(s, safe string, plus bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', strings.IndexByte(safe, c) >= 0:
			b.WriteByte(c)
		case c == ' ' && plus:
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// unescape undoes escape. A percent sign that begins no escape stays.
func unescape(s string, plus bool) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
		case s[i] == '+' && plus:
			b.WriteByte(' ')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
