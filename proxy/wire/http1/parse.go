package http1

import (
	"strings"

	"sluice/proxy/flow"
)

// Request reads one request head from the front of b, which may have come in pieces: each time b is what there is
// of it so far. n is what it used, empty lines before it included; n == 0 asks for more. An error is a final
// *Error; if its Head is set, r holds what could be read. Start and End are left zero.
func (s *Scanner) Request(b []byte, lim Limits) (r *flow.Request, n int, err error) {
	h, n := s.head(b, lim.withDefaults())
	if h.text == "" {
		return nil, 0, asError(h.err)
	}
	r = new(flow.Request)
	line := h.next()
	if e := parseRequestLine(r, line, lim.Strict); e != nil {
		return nil, 0, e
	}
	r.Headers = h.fields()
	s.plain = h.plain
	if h.err != nil {
		h.err.Head = true
		return r, 0, h.err
	}
	return r, n, nil
}

// Response reads one response head, as Request does.
func (s *Scanner) Response(b []byte, lim Limits) (r *flow.Response, n int, err error) {
	h, n := s.head(b, lim.withDefaults())
	if h.text == "" {
		return nil, 0, asError(h.err)
	}
	r = new(flow.Response)
	line := h.next()
	if e := parseStatusLine(r, line, lim.Strict); e != nil {
		return nil, 0, e
	}
	r.Headers = h.fields()
	s.plain = h.plain
	if h.err != nil {
		h.err.Head = true
		return r, 0, h.err
	}
	return r, n, nil
}

func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

// parseRequestLine reads "method target version". Blanks other than one space
// between them are tolerated unless strict (RFC 9112 §3).
func parseRequestLine(r *flow.Request, line string, strict bool) *Error {
	method, rest := cutWord(trimBlanks(line))
	target, rest := cutWord(rest)
	version, rest := cutWord(rest)
	odd := len(method)+len(target)+len(version)+2 != len(line) || strings.IndexByte(line, '\t') >= 0
	if rest != "" || version == "" || strict && odd || !validToken(method) || hasControl(line) {
		return badRequestLine(line)
	}
	if !validVersion(version) {
		return errorf("Unknown HTTP version: %.100q", version)
	}
	r.Method, r.Version = method, version
	if !parseTarget(r, target) {
		return badRequestLine(line)
	}
	return nil
}

func badRequestLine(line string) *Error { return errorf("Bad HTTP request line: %.100q", line) }

// parseTarget reads one of the four forms of a request target (RFC 9112 §3.2).
func parseTarget(r *flow.Request, target string) bool {
	switch {
	case r.Method == "CONNECT":
		return parseConnectTarget(r, target)
	case target == "*" || target[0] == '/':
		r.Path = target
		return true
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !validToken(scheme) {
		return false
	}
	scheme = strings.ToLower(scheme)
	authority, path := rest, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
		if path[0] != '/' {
			path = "/" + path
		}
	} else if r.Method == "OPTIONS" {
		path = "*" // RFC 9112 §3.2.4
	}
	host, port, ok := flow.ParseAuthority(authority)
	if !ok {
		return false
	}
	if port == 0 {
		if scheme != "http" && scheme != "https" {
			return false
		}
		port = flow.DefaultPort(scheme)
	}
	r.Scheme, r.Authority, r.Path, r.Host, r.Port = scheme, authority, path, host, port
	return true
}

func parseConnectTarget(r *flow.Request, target string) bool {
	host, port, ok := flow.ParseAuthority(target)
	if !ok || port == 0 {
		return false
	}
	r.Authority, r.Host, r.Port = target, host, port
	return true
}

// parseStatusLine reads "version code reason". The reason may be missing with its blank.
func parseStatusLine(r *flow.Response, line string, strict bool) *Error {
	version, rest := cutWord(trimBlanks(line))
	code, reason := cutWord(rest)
	status, ok := parseStatus(code)
	if !ok || hasControl(line) || strict && !strings.HasPrefix(line[len(version):], " "+code) {
		return errorf("Bad HTTP response line: %.100q", line)
	}
	if !validVersion(version) {
		return errorf("Unknown HTTP version: %.100q", version)
	}
	r.Version, r.Status, r.Reason = version, status, reason
	return nil
}

// parseStatus reads a status code: three digits, the first not 0 (RFC 9112 §4).
func parseStatus(s string) (int, bool) {
	if len(s) != 3 || s[0] < '1' || s[0] > '9' || !isDigit(s[1]) || !isDigit(s[2]) {
		return 0, false
	}
	return int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0'), true
}

// validVersion reports whether s is "HTTP/1." digit, in upper case (RFC 9112 §2.3): a message in this form is of no other major version.
func validVersion(s string) bool {
	return len(s) == 8 && s[:7] == "HTTP/1." && isDigit(s[7])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
