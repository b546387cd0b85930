package addon

import (
	"sluice/proxy/addon/rule"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// readRules reads the rules that an option is a list of.
func readRules[R any](opts *option.Options, name string, parse func(source string) (R, error)) ([]R, error) {
	var rules []R
	for _, source := range opts.Strs(name) {
		r, err := parse(source)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// A urlRule is a rule for requests to URLs that match its subject.
type urlRule struct {
	*rule.Rule
	url *filter.Regexp
}

// parseURLRule reads a rule of an option, whose parts are called as form says.
func parseURLRule(opt, source, form string) (r urlRule, err error) {
	if r.Rule, err = rule.Parse(opt, source, form); err == nil {
		r.url, err = r.Regexp(false)
	}
	return r, err
}

// known reports whether the head of a request says if the rule is for it. Of those to other URLs it always does.
func (r *urlRule) known(f *flow.Flow) bool {
	_, known := r.May(f)
	return known || !r.url.Match(f.Request.PrettyURL())
}
