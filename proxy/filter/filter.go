// Package filter is the language that picks flows: `~u api & ~m POST`.
//
// Parse turns an expression into a Filter, which is immutable and may be used
// from any number of goroutines. Matching reads a flow and keeps nothing of it;
// filters that look at headers only allocate nothing. The package is a leaf: it
// knows flows and nothing of engines, stores or screens.
package filter

import (
	"os"
	"sync"

	"sluice/proxy/flow"
)

// A Filter is a parsed expression. The nil Filter matches everything.
type Filter struct {
	source string
	root   node
	body   bool
}

// caseSensitive reads the environment once: a filter means the same for as long as we run.
var caseSensitive = sync.OnceValue(func() bool {
	return os.Getenv("SLUICE_CASE_SENSITIVE_FILTERS") == "1" || os.Getenv("MITMPROXY_CASE_SENSITIVE_FILTERS") == "1"
})

// Parse reads an expression. Its error is always a *SyntaxError. Patterns ignore
// case unless SLUICE_CASE_SENSITIVE_FILTERS or MITMPROXY_CASE_SENSITIVE_FILTERS is 1.
func Parse(expr string) (*Filter, error) {
	return parse(expr, caseSensitive())
}

func parse(expr string, caseSensitive bool) (*Filter, error) {
	p := &parser{s: expr, caseSensitive: caseSensitive}
	root, err := p.whole()
	if err != nil {
		err.Expr = expr
		return nil, err
	}
	return &Filter{source: expr, root: plan(root), body: readsBody(root)}, nil
}

// Match reports whether the filter picks the flow. It only reads the flow, which
// must not be changed meanwhile: call it inside a hook, or with a snapshot.
func (f *Filter) Match(fl *flow.Flow) bool {
	if f == nil {
		return true
	}
	v := newView(fl)
	ok := f.root.match(v)
	v.release()
	return ok
}

// MatchHead is Match for a flow of whose HTTP messages some are not whole, which is those without an end, or not there at all.
// When what is still to come of those that are there could change the answer, known is false.
func (f *Filter) MatchHead(fl *flow.Flow) (ok, known bool) {
	if f == nil {
		return true, true
	}
	v := newView(fl)
	ok, known = f.root.head(v)
	v.release()
	return ok, known
}

// String returns the expression as it was written; "" for the nil Filter.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return f.source
}

// NeedsBody reports whether some operator reads a body or a message, so that an
// engine has to hold them until it has the filter's answer.
func (f *Filter) NeedsBody() bool { return f != nil && f.body }
