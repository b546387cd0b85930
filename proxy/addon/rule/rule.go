// Package rule reads the rules that options such as map_remote and modify_headers are lists of:
//
//	/flow-filter/subject/replacement
//
// The first character is the separator, whichever it is; the filter may be left out; the last part may have the separator in it.
// What a rule means is its addon's affair. The package is pure but for CheckFile and ReadFile, which read the file of an @path.
package rule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/proxy/file"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// A Rule is a rule in its parts.
type Rule struct {
	Source      string
	Filter      *filter.Filter // nil: every flow
	Subject     string
	Replacement string

	option    string
	subjectAt int // in Source
	replaceAt int
}

// An Error says what is wrong with a rule, and where.
type Error struct {
	Option string // that the rule is one of
	Rule   string
	Pos    int // of the part that is wrong, in bytes from the front of Rule
	Len    int // of that part; 0 where something is missing
	Msg    string
}

// Error says what is wrong, and at which place of which rule.
func (e *Error) Error() string {
	if e.Rule == "" {
		return e.Option + ": " + e.Msg
	}
	where := "at the end"
	if at := e.Rule[min(e.Pos, len(e.Rule)):min(e.Pos+e.Len, len(e.Rule))]; at != "" {
		where = "at " + strconv.Quote(at)
	}
	return fmt.Sprintf("%s: %s (%s of the rule %q)", e.Option, e.Msg, where, e.Rule)
}

// Parse reads a rule of an option: [/filter]/subject/replacement. form says what the parts are called, as in "/name/value".
func Parse(opt, source, form string) (*Rule, error) {
	parts, starts, err := split(opt, source, form, 3)
	if err != nil {
		return nil, err
	}
	r := &Rule{Source: source, option: opt}
	if len(parts) == 3 {
		if r.Filter, err = parseFilter(opt, source, parts[0], starts[0]); err != nil {
			return nil, err
		}
	}
	n := len(parts)
	r.Subject, r.subjectAt = parts[n-2], starts[n-2]
	r.Replacement, r.replaceAt = parts[n-1], starts[n-1]
	return r, nil
}

// ParsePair reads a rule with a filter and one more part, its Replacement: /filter/value.
func ParsePair(opt, source, form string) (*Rule, error) {
	parts, starts, err := split(opt, source, form, 2)
	if err != nil {
		return nil, err
	}
	r := &Rule{Source: source, option: opt, Replacement: parts[1], replaceAt: starts[1]}
	r.Filter, err = parseFilter(opt, source, parts[0], starts[0])
	return r, err
}

// split cuts a rule at its separator into 2 parts, up to most, and says where they begin.
func split(opt, source, form string, most int) (parts []string, starts []int, err error) {
	sep, size := utf8.DecodeRuneInString(source)
	if source == "" {
		return nil, nil, &Error{Option: opt, Msg: "it is empty: write " + form}
	}
	parts = strings.SplitN(source[size:], string(sep), most)
	if len(parts) < 2 {
		return nil, nil, &Error{Option: opt, Rule: source, Pos: len(source), Msg: fmt.Sprintf("after the separator %c another one is missing: write %s", sep, form)}
	}
	at := size
	for _, p := range parts {
		starts = append(starts, at)
		at += len(p) + size
	}
	return parts, starts, nil
}

func parseFilter(opt, source, expr string, at int) (*filter.Filter, error) {
	f, err := filter.Parse(expr)
	if bad, ok := errors.AsType[*filter.SyntaxError](err); ok {
		return nil, &Error{Option: opt, Rule: source, Pos: at + bad.Pos, Len: bad.Len, Msg: bad.Msg}
	}
	return f, err
}

// BadSubject returns the error that the subject is wrong.
func (r *Rule) BadSubject(format string, args ...any) error {
	return &Error{r.option, r.Source, r.subjectAt, len(r.Subject), fmt.Sprintf(format, args...)}
}

// BadReplacement returns the error that the replacement is wrong.
func (r *Rule) BadReplacement(format string, args ...any) error {
	return &Error{r.option, r.Source, r.replaceAt, len(r.Replacement), fmt.Sprintf(format, args...)}
}

// Regexp reads the subject as a regular expression.
func (r *Rule) Regexp(dotAll bool) (*filter.Regexp, error) {
	re, err := filter.CompileRegexp(r.Subject, dotAll)
	if err != nil {
		return nil, r.BadSubject("it is not a regular expression: %v", err)
	}
	return re, nil
}

// Path returns the path of a replacement that is an @path.
func (r *Rule) Path() (path string, ok bool) {
	path, ok = strings.CutPrefix(r.Replacement, "@")
	return option.ExpandHome(path), ok
}

// maxFile bounds the file of an @path.
const maxFile = 64 << 20

// CheckFile returns an error if the replacement is an @path whose file cannot be read.
func (r *Rule) CheckFile() error {
	path, ok := r.Path()
	if !ok {
		return nil
	}
	if _, err := file.Read(path, maxFile); err != nil {
		return r.BadReplacement("%v: give the path of a file that can be read", err)
	}
	return nil
}

// ReadFile returns what is in the file of an @path now.
func (r *Rule) ReadFile() ([]byte, error) {
	path, _ := r.Path()
	return file.Read(path, maxFile)
}

// May reports whether the rule is for a flow, or may be once the body of its message is known; known is false in that case.
func (r *Rule) May(f *flow.Flow) (ok, known bool) {
	ok, known = r.Filter.MatchHead(f)
	return ok || !known, known
}

// For reports whether the rule is for a flow whose message is whole.
func (r *Rule) For(f *flow.Flow) bool { return r.Filter.Match(f) }
