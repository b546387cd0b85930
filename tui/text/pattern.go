package text

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Compile returns a pattern as a regular expression: as that if it can be one, or else as a plain text; without capitals
// their case does not count.
func Compile(pattern string) *regexp.Regexp {
	flags := ""
	if strings.ToLower(pattern) == pattern {
		flags = "(?i)"
	}
	if re, err := regexp.Compile(flags + pattern); err == nil {
		return re
	}
	return regexp.MustCompile(flags + regexp.QuoteMeta(strings.ToValidUTF8(pattern, "\ufffd")))
}

// mayMatch rules out most lines for less than the regular expression takes. It
// knows only of words and texts that are all ASCII, since others fold in more ways.
func mayMatch(text, pattern string) bool {
	for i := range len(pattern) {
		if c := pattern[i]; c >= utf8.RuneSelf || c != ' ' && c != '_' && c != '-' && c != '"' && c != ':' && c != '/' &&
			(c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return true
		}
	}
	if pattern == "" || plainPrefix(text, len(text)) < len(text) {
		return true
	}
	first := lower(pattern[0])
	for i := 0; i+len(pattern) <= len(text); i++ {
		if lower(text[i]) == first && strings.EqualFold(text[i:i+len(pattern)], pattern) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
