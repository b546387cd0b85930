package layers_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A reader reads requests off an HTTP/1 connection the way some server does.
type reader struct {
	lf, cr   bool // a line may end in LF alone, or in CR
	length   bool // a length goes before a coding
	last     bool // of two lengths or codings the last one is taken
	vague    bool // a name or coding is what it looks like
	folds    bool // a line that begins with a blank goes on with the one before
	standard bool // net/http
}

// strictReader is what the RFC says.
var strictReader = &reader{}

var readers = map[string]*reader{
	"a strict server":                       strictReader,
	"net/http":                              {standard: true},
	"a server that ends lines anywhere":     {lf: true, cr: true},
	"a server that ends lines in LF":        {lf: true, folds: true},
	"a server that prefers the length":      {length: true},
	"a server that takes the last length":   {last: true, lf: true},
	"a server that takes what is alike":     {vague: true, lf: true, folds: true},
	"a server that takes the last, vaguely": {vague: true, last: true, folds: true},
}

// requests returns the requests in s that are whole, as METHOD path host "body" trailers.
func (r *reader) requests(s string) (all []string) {
	if r.standard {
		return standardRequests(s)
	}
	for {
		q, rest, ok := r.request(s)
		if !ok {
			return all
		}
		all, s = append(all, q), rest
	}
}

func standardRequests(s string) (all []string) {
	in := bufio.NewReader(strings.NewReader(s))
	for {
		q, err := http.ReadRequest(in)
		if err != nil {
			return all
		}
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return all
		}
		all = append(all, describe(q.Method, q.RequestURI, q.Host, string(body), trailersOf(q.Trailer)))
	}
}

func trailersOf(h http.Header) (all []string) {
	for name, values := range h {
		for _, v := range values {
			all = append(all, name+": "+v)
		}
	}
	slices.Sort(all)
	return all
}

func describe(method, path, host, body string, trailers []string) string {
	s := fmt.Sprintf("%s %s %s %q", method, path, host, body)
	for _, t := range trailers {
		s += " " + t
	}
	return s
}

// line takes a line from the front of s.
func (r *reader) line(s string) (line, rest string, ok bool) {
	for i := range len(s) {
		switch {
		case strings.HasPrefix(s[i:], "\r\n"):
			return s[:i], s[i+2:], true
		case s[i] == '\n' && r.lf, s[i] == '\r' && r.cr && i+1 < len(s):
			return s[:i], s[i+1:], true
		}
	}
	return "", s, false
}

// head takes lines up to an empty one from the front of s.
func (r *reader) head(s string) (lines []string, rest string, ok bool) {
	for {
		line, rest, ok := r.line(s)
		switch {
		case !ok:
			return nil, "", false
		case line == "":
			return lines, rest, true
		case r.folds && len(lines) > 0 && (line[0] == ' ' || line[0] == '\t'):
			lines[len(lines)-1] += line
		default:
			lines = append(lines, line)
		}
		s = rest
	}
}

func (r *reader) request(s string) (q, rest string, ok bool) {
	lines, rest, ok := r.head(s)
	if !ok || len(lines) == 0 {
		return "", "", false
	}
	words := strings.Fields(lines[0])
	if len(words) < 2 {
		return "garbage " + strconv.Quote(lines[0]), "", true
	}
	var host, length, coding string
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ":")
		value = strings.Trim(value, " \t")
		switch r.name(name) {
		case "host":
			host += value
		case "content-length":
			if length == "" || r.last {
				length = value
			}
		case "transfer-encoding":
			if coding == "" || r.last {
				coding = value
			}
		}
	}
	body, trailers, rest, ok := r.body(rest, length, coding)
	return describe(words[0], words[1], host, body, trailers), rest, ok
}

func (r *reader) name(s string) string {
	if s = strings.ToLower(s); r.vague {
		s = strings.Trim(s, " \t\v\x00\r")
	}
	return s
}

func (r *reader) body(s, length, coding string) (body string, trailers []string, rest string, ok bool) {
	chunked := strings.EqualFold(coding, "chunked") || r.vague && strings.Contains(strings.ToLower(coding), "chunked")
	if chunked && (length == "" || !r.length) {
		return r.chunks(s)
	}
	n := 0
	for i := 0; i < len(length) && length[i] >= '0' && length[i] <= '9'; i++ {
		n = n*10 + int(length[i]-'0')
	}
	if n > len(s) || n < 0 {
		return "", nil, "", false
	}
	return s[:n], nil, s[n:], true
}

func (r *reader) chunks(s string) (body string, trailers []string, rest string, ok bool) {
	for {
		line, rest, ok := r.line(s)
		if !ok {
			return "", nil, "", false
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.Trim(size, " \t"), 16, 31)
		if err != nil {
			return "", nil, "", false
		}
		if n == 0 {
			trailers, rest, ok = r.head(rest)
			return body, trailers, rest, ok
		}
		if int(n) > len(rest) {
			return "", nil, "", false
		}
		body += rest[:n]
		if _, s, ok = r.line(rest[n:]); !ok {
			return "", nil, "", false
		}
	}
}

// A seenStream is a request that an HTTP/2 server has got.
type seenStream struct {
	id                   uint32
	fields, trailers     []string
	body                 string
	end, reset, answered bool
}

// seeFrame adds a frame, as a transcript writes it, to the streams there are.
func seeFrame(all []*seenStream, line string) []*seenStream {
	w := strings.SplitN(line, " ", 3)
	if len(w) < 2 || w[0] != "headers" && w[0] != "data" && w[0] != "reset" {
		return all
	}
	id, _ := strconv.Atoi(w[1])
	rest := ""
	if len(w) == 3 {
		rest = w[2]
	}
	i := slices.IndexFunc(all, func(s *seenStream) bool { return s.id == uint32(id) })
	fresh := i < 0
	if fresh {
		i = len(all)
		all = append(all, &seenStream{id: uint32(id)})
	}
	s := all[i]
	if w[0] == "reset" {
		s.reset = s.reset || !s.end
		return all
	}
	if rest == "end" || strings.HasPrefix(rest, "end ") {
		s.end, rest = true, strings.TrimPrefix(strings.TrimPrefix(rest, "end"), " ")
	}
	switch {
	case w[0] == "data":
		s.body += rest
	case fresh:
		s.fields = strings.Fields(rest)
	default:
		s.trailers = strings.Fields(rest)
	}
	return all
}

func (s *seenStream) String() string {
	var method, path string
	var hosts []string
	for _, f := range s.fields {
		name, value, _ := strings.Cut(f[1:], "=")
		switch f[:1] + name {
		case ":method":
			method = value
		case ":path":
			path = unescape(value)
		case ":authority", "host":
			hosts = append(hosts, unescape(value))
		}
	}
	host := strings.Join(slices.Compact(hosts), "+")
	var trailers []string
	for _, t := range s.trailers {
		trailers = append(trailers, strings.Replace(t, "=", ": ", 1))
	}
	return describe(method, path, host, s.body, trailers)
}
