package edit

import (
	"slices"
	"strings"

	"sluice/proxy/flow"
)

func readCookies(h flow.Headers) [][]string { return rowsOf(cookiePieces(h)) }

// cookiePieces reads all Cookie headers (RFC 6265 §4.2), duplicates kept.
func cookiePieces(h flow.Headers) []piece {
	var pieces []piece
	for _, s := range h.Values("Cookie") {
		pieces = append(pieces, cookiesIn(s)...)
	}
	return pieces
}

func cookiesIn(s string) (pieces []piece) {
	for s != "" {
		var p piece
		if p, s = cutCookie(s); p.raw != "" {
			pieces = append(pieces, p)
		}
	}
	return pieces
}

// writeCookies writes one Cookie header in the place of the first, none for no rows.
func writeCookies(f *flow.Flow, rows [][]string) error {
	m := &f.Request.HTTPMessage
	if len(rows) == 0 {
		m.Headers = m.Headers.Del("Cookie")
		return nil
	}
	pieces := cookiePieces(m.Headers)
	parts := make([]string, len(rows))
	for i, from := range match(pieces, rows) {
		parts[i] = cookieText(pieces, from, rows[i])
	}
	if !slices.EqualFunc(rowsOf(cookiesIn(strings.Join(parts, "; "))), rows, slices.Equal) {
		endQuotes(parts, rows)
	}
	m.Headers = m.Headers.Set(spelled(m, "Cookie"), strings.Join(parts, "; "))
	return nil
}

// endQuotes writes the values anew that begin with a quote that nothing ended before, and that one behind them would end now.
func endQuotes(parts []string, rows [][]string) {
	for i, row := range rows[:len(rows)-1] {
		if cookieEnd(parts[i]+`; "`) != len(parts[i]) {
			parts[i] = row[0] + "=" + quoteCookie(row[1])
		}
	}
}

// cookieText writes a cookie; name and value as they were if they are.
func cookieText(pieces []piece, from int, row []string) string {
	key, val := row[0], quoteCookie(row[1])
	if from < 0 {
		return key + "=" + val
	}
	p := pieces[from]
	if slices.Equal(p.row[:2], row[:2]) {
		return p.raw
	}
	if p.row[1] == row[1] {
		val = p.val
	}
	return key + "=" + val
}

// cutCookie reads a cookie from the front of s, up to and with the semicolon
// behind it. A value that is quoted as a whole may have semicolons in it.
func cutCookie(s string) (p piece, rest string) {
	end := cookieEnd(s)
	p.raw = strings.Trim(s[:end], " \t")
	rest = strings.TrimPrefix(s[end:], ";")
	key, val, _ := strings.Cut(p.raw, "=")
	p.key, p.val = strings.TrimRight(key, " \t"), strings.TrimLeft(val, " \t")
	p.row = []string{p.key, unquoteCookie(p.val)}
	return p, rest
}

// cookieEnd returns where the first cookie of s ends: before its semicolon, or at the end.
func cookieEnd(s string) int {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	i := strings.IndexByte(s[:end], '=')
	if i < 0 {
		return end
	}
	for i++; i < len(s) && (s[i] == ' ' || s[i] == '\t'); i++ {
	}
	if i >= len(s) || s[i] != '"' {
		return end
	}
	j := skipValue(s, i)
	if s[j-1] != '"' || j == i+1 {
		return end
	}
	behind := strings.TrimLeft(s[j:], " \t")
	if behind == "" || behind[0] == ';' {
		return len(s) - len(behind)
	}
	return end
}

// quoteCookie writes a value; in quotes if it has anything that a bare one may not have (RFC 6265 §4.1.1).
func quoteCookie(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`",;\`, c) >= 0 {
			plain = false
		}
	}
	if plain {
		return s
	}
	return quoteName(s)
}

func unquoteCookie(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' || skipValue(s, 0) != len(s) {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func readSetCookies(f *flow.Flow) ([][]string, error) {
	if f.Response == nil {
		return nil, nil
	}
	return rowsOf(setCookiePieces(f.Response.Headers)), nil
}

// setCookiePieces reads the Set-Cookie headers, one cookie each (RFC 6265 §3). A piece's key is its text without attributes.
func setCookiePieces(h flow.Headers) []piece {
	var pieces []piece
	for _, s := range h.Values("Set-Cookie") {
		p, attributes := cutCookie(s)
		p.row = append(p.row, strings.Trim(attributes, " \t"))
		p.key, p.raw = p.raw, s
		pieces = append(pieces, p)
	}
	return pieces
}

// writeSetCookies writes a Set-Cookie header for each row, in the places of those there were.
func writeSetCookies(f *flow.Flow, rows [][]string) error {
	m := &response(f).HTTPMessage
	pieces := setCookiePieces(m.Headers)
	lines := make([]string, len(rows))
	for i, from := range match(pieces, rows) {
		lines[i] = setCookieText(pieces, from, rows[i])
	}
	m.Headers = replaceLines(m.Headers, spelled(m, "Set-Cookie"), lines)
	return nil
}

func setCookieText(pieces []piece, from int, row []string) string {
	if from >= 0 && slices.Equal(pieces[from].row, row) {
		return pieces[from].raw
	}
	var text string
	if from >= 0 {
		p := pieces[from]
		p.raw = p.key
		text = cookieText([]piece{p}, 0, row)
	} else {
		text = cookieText(nil, -1, row)
	}
	if row[2] != "" {
		text += "; " + row[2]
	}
	return text
}

// replaceLines gives the lines of a name new values one by one, drops those that are left, and adds new lines behind the last.
func replaceLines(h flow.Headers, name string, values []string) flow.Headers {
	out := make(flow.Headers, 0, len(h)+len(values))
	last := 0
	for _, line := range h {
		if !strings.EqualFold(line.Name, name) {
			out = append(out, line)
			continue
		}
		if len(values) > 0 {
			out = append(out, flow.Header{Name: line.Name, Value: values[0]})
			values, last = values[1:], len(out)
		}
	}
	if last == 0 {
		last = len(out)
	}
	added := make(flow.Headers, len(values))
	for i, v := range values {
		added[i] = flow.Header{Name: name, Value: v}
	}
	return slices.Insert(out, last, added...)
}

// validCookie refuses what would end a cookie or its header.
func validCookie(row []string, col int) string {
	switch {
	case strings.ContainsAny(row[col], "\r\n\x00"):
		return "a cookie has no line break and no NUL"
	case col == 0 && strings.ContainsAny(row[0], "=;"):
		return "the name of a cookie has no = and no semicolon"
	}
	return ""
}
