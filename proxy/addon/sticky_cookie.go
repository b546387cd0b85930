package addon

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/publicsuffix"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// StickyCookie repeats the cookies that responses have set in later requests that match a filter.
type StickyCookie struct {
	filter  atomic.Pointer[filter.Filter] // nil: off
	waiting waitlist

	mu      sync.Mutex
	cookies []cookie // in the order they were set first
}

// A cookie is one that a server has set.
type cookie struct {
	domain, path string // domain is in lower case and without a dot in front
	port         int
	only         bool // for that host, and not those below it (RFC 6265 §5.3)
	name, value  string
}

// NewStickyCookie returns the addon, which follows stickycookie from now on.
func NewStickyCookie(opts *option.Options) (*StickyCookie, error) {
	s := &StickyCookie{}
	return s, followFilter(opts, "stickycookie", &s.filter)
}

// Handle learns from the heads of responses and acts at those of requests, or when a request is whole if the filter has to know its body.
func (s *StickyCookie) Handle(h layer.Hook) <-chan layer.Verdict {
	if r, ok := h.(*layer.ResponseHeaders); ok && s.active() {
		s.learn(r.Flow, time.Now())
		return nil
	}
	return s.waiting.decide(h, s)
}

func (s *StickyCookie) active() bool { return s.filter.Load() != nil }

func (s *StickyCookie) known(f *flow.Flow) bool {
	_, known := s.filter.Load().MatchHead(f)
	return known
}

// learn keeps what a response sets and forgets what has expired.
func (s *StickyCookie) learn(f *flow.Flow, now time.Time) {
	for _, line := range f.Response.Headers.Values("Set-Cookie") {
		host := strings.ToLower(f.Request.Host)
		k, expired, ok := parseSetCookie(line, now)
		if !ok {
			continue
		}
		k.port, k.only = f.Request.Port, k.domain == ""
		if k.only {
			k.domain = host
		}
		if suffix, _ := publicsuffix.PublicSuffix(k.domain); suffix == k.domain && k.domain != host {
			continue // of everybody below com
		}
		if k.reaches(host) { // a server sets none for others (RFC 6265 §5.3)
			s.keep(k, expired)
		}
	}
}

// parseSetCookie reads a cookie as browsers do, with whatever is in its name and value (RFC 6265 §5.2). Its domain is "" if it names none.
func parseSetCookie(line string, now time.Time) (k cookie, expired, ok bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(pair, "=")
	k = cookie{name: strings.TrimSpace(name), value: strings.TrimSpace(value), path: "/"}
	lives := false // by Max-Age, whatever Expires says
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, value, _ := strings.Cut(attribute, "=")
		switch value = strings.TrimSpace(value); strings.ToLower(strings.TrimSpace(name)) {
		case "domain":
			k.domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			if k.path = "/"; strings.HasPrefix(value, "/") {
				k.path = value
			}
		case "max-age":
			if n, err := strconv.Atoi(value); err == nil {
				lives, expired = n > 0, n <= 0
			}
		case "expires":
			if t, ok := parseCookieDate(value); ok && !lives {
				expired = expired || t.Before(now)
			}
		}
	}
	return k, expired, ok && k.name != ""
}

// keep replaces a cookie, or adds or removes it.
func (s *StickyCookie) keep(k cookie, expired bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.cookies, func(o cookie) bool {
		return o.domain == k.domain && o.port == k.port && o.path == k.path && o.name == k.name
	})
	switch {
	case at >= 0 && expired:
		s.cookies = slices.Delete(s.cookies, at, at+1)
	case expired:
	case at >= 0:
		s.cookies[at] = k
	default:
		if len(s.cookies) >= maxSticky {
			s.cookies = slices.Delete(s.cookies, 0, 1)
		}
		s.cookies = append(s.cookies, k)
	}
}

// reaches reports whether a cookie is for a host (RFC 6265 §5.1.3).
func (k *cookie) reaches(host string) bool {
	return k.domain == host || !k.only && strings.HasSuffix(host, "."+k.domain)
}

// covers reports whether a cookie is for a path (RFC 6265 §5.1.4).
func (k *cookie) covers(path string) bool {
	return strings.HasPrefix(path, k.path) && (strings.HasSuffix(k.path, "/") || len(path) == len(k.path) || path[len(k.path)] == '/')
}

// apply puts all cookies that are for a request in the place of its own.
func (s *StickyCookie) apply(f *flow.Flow) <-chan layer.Verdict {
	r := f.Request
	host := strings.ToLower(r.Host)
	path, _, _ := strings.Cut(r.Path, "?")
	var pairs []string
	s.mu.Lock()
	for i := range s.cookies {
		if k := &s.cookies[i]; k.port == r.Port && k.reaches(host) && k.covers(path) {
			pairs = append(pairs, k.name+"="+k.value)
		}
	}
	s.mu.Unlock()
	if expr := s.filter.Load(); len(pairs) > 0 && expr != nil && expr.Match(f) {
		note(f, "stickycookie", "true")
		r.Headers = r.Headers.Set("Cookie", strings.Join(pairs, "; "))
	}
	return nil
}
