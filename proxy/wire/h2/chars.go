package h2

import (
	"strings"

	"sluice/proxy/flow"
)

// Version is that of messages that come over HTTP/2.
const Version = "HTTP/2.0"

// tokenChars says of each byte whether it may stand in a token (RFC 9110 §5.6.2).
var tokenChars = func() (t [256]bool) {
	for c := range t {
		t[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()

func isToken(s string) bool {
	for i := range len(s) {
		if !tokenChars[s[i]] {
			return false
		}
	}
	return s != ""
}

func isLowerToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !tokenChars[c] || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return s != ""
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// breaksLine reports whether s would not stay inside its line.
func breaksLine(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && (c == '\r' || c == '\n' || c == 0) {
			return true
		}
	}
	return false
}

// connectionSpecific reports whether a field, its name in lower case, is about an HTTP/1 connection (RFC 9113 §8.2.2).
func connectionSpecific(name string) bool {
	switch len(name) {
	case len("upgrade"):
		return name == "upgrade"
	case len("connection"):
		return name == "connection" || name == "keep-alive"
	case len("proxy-connection"):
		return name == "proxy-connection"
	case len("transfer-encoding"):
		return name == "transfer-encoding"
	}
	return false
}

// lower returns s in lower case, which it mostly is.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

// nominated returns the names, in lower case, of the fields that a message says belong to its connection (RFC 9110 §7.6.1).
func nominated(h flow.Headers) []string {
	var names []string
	for i := range h {
		if len(h[i].Name) != len("connection") || !strings.EqualFold(h[i].Name, "connection") {
			continue
		}
		for name := range strings.SplitSeq(h[i].Value, ",") {
			names = append(names, strings.ToLower(strings.TrimSpace(name)))
		}
	}
	return names
}
