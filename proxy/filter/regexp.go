package filter

import (
	"regexp"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// A Regexp is a regular expression in Python's syntax as rules have it: case counts, and it looks at bytes, so that \xff in it
// is that byte. It is immutable and may be used from any goroutine.
type Regexp struct{ p *pattern }

// CompileRegexp reads an expression. With dotAll a dot also stands for a line break.
func CompileRegexp(source string, dotAll bool) (*Regexp, error) {
	mode := patternMode{bytes: true}
	if dotAll {
		mode.flags = "s"
	}
	p, err := compile(source, mode)
	if err != nil {
		return nil, err
	}
	return &Regexp{p}, nil
}

// Match reports whether the expression is somewhere in s.
func (r *Regexp) Match(s string) bool { return r.p.matchString(s) }

// Groups returns how many groups there are, the whole match not counted.
func (r *Regexp) Groups() int {
	if r.p.re != nil {
		return r.p.re.NumSubexp()
	}
	return len(r.p.re2.GetGroupNumbers()) - 1
}

// GroupNamed returns the number of a group with a name, -1 if there is none.
func (r *Regexp) GroupNamed(name string) int {
	if r.p.re != nil {
		return r.p.re.SubexpIndex(name)
	}
	return r.p.re2.GroupNumberFromName(name)
}

// FindAll returns where the expression is in s, at most n times, or all if n is negative: for each match the begin and the end
// of it and of its groups, in bytes, -1 for a group that has no part in it. What takes too long to search is not found.
func (r *Regexp) FindAll(s string, n int) [][]int {
	switch {
	case !r.Match(s):
		return nil
	case r.p.re2 != nil:
		return r.findAll2(s, n)
	case r.p.latin:
		return findLatin(r.p.re, s, n)
	}
	return r.p.re.FindAllStringSubmatchIndex(s, n)
}

// findLatin finds all in a text whose bytes are characters each.
func findLatin(re *regexp.Regexp, s string, n int) [][]int {
	wide := make([]byte, 0, len(s)*3/2)
	for i := range len(s) {
		wide = utf8.AppendRune(wide, rune(s[i]))
	}
	found := re.FindAllSubmatchIndex(wide, n)
	if len(found) == 0 {
		return nil
	}
	narrow := make([]int, len(wide)+1) // place in s by place in wide
	at := 0
	for i := range len(s) {
		narrow[at] = i
		at += utf8.RuneLen(rune(s[i]))
	}
	narrow[at] = len(s)
	for _, m := range found {
		for i, at := range m {
			if at >= 0 {
				m[i] = narrow[at]
			}
		}
	}
	return found
}

func (r *Regexp) findAll2(s string, n int) [][]int {
	var found [][]int
	m, err := r.first2(s)
	for m != nil && err == nil && (n < 0 || len(found) < n) {
		groups := m.Groups()
		at := make([]int, 0, 2*len(groups))
		for i := range groups {
			begin, end := -1, -1
			if g := &groups[i]; len(g.Captures) > 0 {
				begin, end = g.RuneIndex, g.RuneIndex+g.RuneLength
				if !r.p.latin {
					var size int
					begin, size = g.ByteRange()
					end = begin + size
				}
			}
			at = append(at, begin, end)
		}
		found = append(found, at)
		m, err = r.p.re2.FindNextMatch(m)
	}
	return found
}

func (r *Regexp) first2(s string) (*regexp2.Match, error) {
	if r.p.latin {
		return r.p.re2.FindRunesMatch(latinRunes(s))
	}
	return r.p.re2.FindStringMatch(s)
}
