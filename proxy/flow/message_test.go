package flow

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for s, want := range map[string]URL{
		"http://a":                      {"http", "a", 80, "/"},
		"HTTPS://a:8443/x/y?z#part":     {"https", "a", 8443, "/x/y?z"},
		"http://[::1]:8080?q":           {"http", "::1", 8080, "/?q"},
		"http://a#part":                 {"http", "a", 80, "/"},
		"http://a/b%2Fc{d}|\\?e=%zz[f]": {"http", "a", 80, "/b%2Fc{d}|\\?e=%zz[f]"}, // as it is
		"http://a/100%":                 {"http", "a", 80, "/100%"},
		"http://a/b c/ü?d=e f&g=\xff":   {"http", "a", 80, "/b%20c/%C3%BC?d=e%20f&g=%FF"},
		"http://a//b?c=http://d/?e":     {"http", "a", 80, "//b?c=http://d/?e"},
	} {
		if got, err := ParseURL(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{
		"a/b": "want http:// or https:// in front", "/b?c=http://d/": "want http://", "ftp://a": "want http://", "http:///b": "no host",
		"http://a b/": "invalid character", "http://a:0/": "the port", "http://a/b\nc": "control characters", "http://a:x/y": "invalid port",
	} {
		if _, err := ParseURL(s); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "parse ") {
			t.Errorf("%q: %v, want %q", s, err, want)
		}
	}
}
