package addon

import (
	"fmt"
	"sync"
	"sync/atomic"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// maxSticky bounds the hosts whose logins are remembered, and the cookies.
const maxSticky = 4096

// StickyAuth repeats the Authorization of a host in later requests to it that match a filter and have none.
type StickyAuth struct {
	filter  atomic.Pointer[filter.Filter] // nil: off
	waiting waitlist

	mu    sync.Mutex
	hosts map[string]string
}

// NewStickyAuth returns the addon, which follows stickyauth from now on.
func NewStickyAuth(opts *option.Options) (*StickyAuth, error) {
	s := &StickyAuth{hosts: map[string]string{}}
	return s, followFilter(opts, "stickyauth", &s.filter)
}

// followFilter keeps the filter of an option in step; it is nil when the option is unset.
func followFilter(opts *option.Options, name string, to *atomic.Pointer[filter.Filter]) error {
	return opts.Follow(func() error {
		var f *filter.Filter
		if expr := opts.Str(name); expr != "" {
			var err error
			if f, err = filter.Parse(expr); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		to.Store(f)
		return nil
	}, name)
}

// Handle learns from the heads of requests, and acts at those without a login, or when the request is whole if the filter has to know its body.
func (s *StickyAuth) Handle(h layer.Hook) <-chan layer.Verdict {
	if r, ok := h.(*layer.RequestHeaders); ok && s.active() && s.learn(r.Flow.Request) {
		return nil
	}
	return s.waiting.decide(h, s)
}

func (s *StickyAuth) active() bool { return s.filter.Load() != nil }

func (s *StickyAuth) known(f *flow.Flow) bool {
	_, known := s.filter.Load().MatchHead(f)
	return known
}

// learn remembers the login of a request and reports whether it has one.
func (s *StickyAuth) learn(r *flow.Request) bool {
	v, ok := r.Headers.Lookup("Authorization")
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.hosts[r.Host]; !known && len(s.hosts) >= maxSticky {
		clear(s.hosts)
	}
	s.hosts[r.Host] = v
	return true
}

func (s *StickyAuth) apply(f *flow.Flow) <-chan layer.Verdict {
	s.mu.Lock()
	v, ok := s.hosts[f.Request.Host]
	s.mu.Unlock()
	if expr := s.filter.Load(); ok && expr != nil && expr.Match(f) {
		f.Request.Headers = f.Request.Headers.Set("Authorization", v)
	}
	return nil
}
