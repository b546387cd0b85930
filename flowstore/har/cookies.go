package har

import (
	"strings"

	"sluice/proxy/flow"
)

// requestCookies returns the pairs of the Cookie lines (RFC 6265 §4.2).
func requestCookies(h flow.Headers) []cookie {
	out := []cookie{}
	for _, line := range h.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); name != "" || value != "" {
				out = append(out, cookie{Name: text(name), Value: text(value)})
			}
		}
	}
	return out
}

// responseCookies returns what the Set-Cookie lines set (RFC 6265 §4.1).
func responseCookies(h flow.Headers) []cookie {
	out := []cookie{}
	for _, line := range h.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		path, domain := text("/"), text("")
		c := cookie{Name: text(name), Value: text(value), Path: &path, Domain: &domain, HTTPOnly: new(bool), Secure: new(bool)}
		for a := range strings.SplitSeq(attributes, ";") {
			c.attribute(strings.Cut(strings.TrimSpace(a), "="))
		}
		out = append(out, c)
	}
	return out
}

func (c *cookie) attribute(name, value string, _ bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "path":
		*c.Path = text(value)
	case "domain":
		*c.Domain = text(value)
	case "httponly":
		*c.HTTPOnly = true
	case "secure":
		*c.Secure = true
	case "samesite":
		c.SameSite = &value
	}
}
