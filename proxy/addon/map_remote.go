package addon

import (
	"log/slog"
	"sync/atomic"

	"sluice/proxy/addon/rule"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// MapRemote sends requests elsewhere by replacing in their URL: [/filter]/url-regex/replacement.
type MapRemote struct {
	rules   atomic.Pointer[[]remoteRule]
	waiting waitlist
	log     *slog.Logger
}

type remoteRule struct {
	urlRule
	to *rule.Template
}

// NewMapRemote returns the addon, which follows map_remote from now on.
func NewMapRemote(opts *option.Options, log *slog.Logger) (*MapRemote, error) {
	m := &MapRemote{log: log}
	return m, opts.Follow(func() error {
		rules, err := readRules(opts, "map_remote", parseRemoteRule)
		if err == nil {
			m.rules.Store(&rules)
		}
		return err
	}, "map_remote")
}

func parseRemoteRule(source string) (r remoteRule, err error) {
	if r.urlRule, err = parseURLRule("map_remote", source, "/url-regex/replacement or /filter/url-regex/replacement"); err == nil {
		r.to, err = r.Template(r.url)
	}
	return r, err
}

// Handle changes where a request goes before it is on its way.
func (m *MapRemote) Handle(h layer.Hook) <-chan layer.Verdict { return m.waiting.decide(h, m) }

func (m *MapRemote) active() bool { return len(*m.rules.Load()) > 0 }

func (m *MapRemote) known(f *flow.Flow) bool {
	for _, r := range *m.rules.Load() {
		if !r.known(f) {
			return false
		}
	}
	return true
}

// apply applies all rules, each to what the one before has made of the URL.
func (m *MapRemote) apply(f *flow.Flow) <-chan layer.Verdict {
	for _, r := range *m.rules.Load() {
		old := f.Request.PrettyURL()
		if !r.url.Match(old) || !r.For(f) {
			continue
		}
		to, _ := r.to.Replace(r.url, old)
		if to == old {
			continue
		}
		if err := f.Request.SetURL(to); err != nil {
			m.log.Warn("map_remote makes a URL that is none; the request goes where it went", "rule", r.Source, "err", err)
		}
	}
	return nil
}
