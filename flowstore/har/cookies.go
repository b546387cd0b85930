package har

import (
	"strings"

	"sluice/proxy/flow"
)

// requestCookies writes the pairs of the Cookie lines (RFC 6265 §4.2).
func (w *indenter) requestCookies(h flow.Headers) {
	w.key("cookies")
	w.open('[')
	for _, line := range h.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); name != "" || value != "" {
				w.pair(name, value)
			}
		}
	}
	w.close(']')
}

// responseCookies writes what the Set-Cookie lines set (RFC 6265 §4.1).
func (w *indenter) responseCookies(h flow.Headers) {
	w.key("cookies")
	w.open('[')
	for _, line := range h.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		c := cookie{path: "/"}
		c.name, c.value, _ = strings.Cut(strings.TrimSpace(pair), "=")
		for a := range strings.SplitSeq(attributes, ";") {
			c.attribute(strings.Cut(strings.TrimSpace(a), "="))
		}
		w.cookie(&c)
	}
	w.close(']')
}

// A cookie is what a Set-Cookie line says, but for the time when it expires.
type cookie struct {
	name, value, path, domain, sameSite string
	httpOnly, secure                    bool
}

func (c *cookie) attribute(name, value string, _ bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "path":
		c.path = value
	case "domain":
		c.domain = value
	case "httponly":
		c.httpOnly = true
	case "secure":
		c.secure = true
	case "samesite":
		c.sameSite = value
	}
}

func (w *indenter) cookie(c *cookie) {
	w.next()
	w.open('{')
	w.text("name", c.name)
	w.text("value", c.value)
	w.text("path", c.path)
	w.text("domain", c.domain)
	w.bool("httpOnly", c.httpOnly)
	w.bool("secure", c.secure)
	w.known("sameSite", c.sameSite)
	w.close('}')
}
