package filter

import (
	"errors"
	"io"
	"regexp"
	"regexp/syntax"
	"time"
	"unsafe"

	"github.com/dlclark/regexp2/v2"
)

// maxMatch is how long a pattern that has to backtrack may search one text; after that it doesn't match.
const maxMatch = 250 * time.Millisecond

// A pattern is a compiled regular expression in Python's syntax, searched for anywhere in a text.
// Exactly one of re and re2 is set; literals, when there are any, are the same pattern.
type pattern struct {
	source   string
	literals []literal
	re       *regexp.Regexp
	re2      *regexp2.Regexp // for look-around, back-references and the like
	needs    *literal        // what every match of re contains; nil for nothing known
	latin    bool            // re and re2 see one character for each byte
}

// patternMode is what an operator asks of its pattern.
type patternMode struct {
	fold  bool   // ignore case
	flags string // m and s, as in Python
	bytes bool   // \xff in the pattern is that byte, not U+00FF
}

// compile returns the pattern of a source, or why it is none.
func compile(source string, mode patternMode) (*pattern, error) {
	p := &pattern{source: source, literals: literalsOf(source, mode), latin: mode.bytes && namesBytes(source)}
	flags, prefix := mode.flags, ""
	if mode.fold {
		flags = "i" + flags
	}
	if flags != "" {
		prefix = "(?" + flags + ")"
	}
	text := prefix + translate(source, dialect{latin: p.latin, end: mode.flags != "m"})
	var err error
	p.re, err = regexp.Compile(text)
	if err == nil {
		if !p.latin {
			p.needs = required(text)
		}
		return p, nil
	}
	p.re2, _ = regexp2.Compile(translate(source, dialect{latin: p.latin, net: true}), options(flags))
	if p.re2 == nil {
		return nil, reason(err)
	}
	p.literals = nil
	p.re2.MatchTimeout = maxMatch
	return p, nil
}

// options translates flags.
func options(flags string) regexp2.RegexOptions {
	o := regexp2.None
	for _, c := range flags {
		switch c {
		case 'i':
			o |= regexp2.IgnoreCase
		case 'm':
			o |= regexp2.Multiline
		case 's':
			o |= regexp2.Singleline
		}
	}
	return o
}

// reason leaves out of a compiler's error what the person did not write.
func reason(err error) error {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return errors.New(e.Code.String())
	}
	return err
}

// matchBytes reports whether the pattern is somewhere in b, which it only reads.
func (p *pattern) matchBytes(b []byte) bool {
	return p.matchString(unsafe.String(unsafe.SliceData(b), len(b))) // lent for the call: nothing below keeps it
}

// matchString reports whether the pattern is somewhere in s.
func (p *pattern) matchString(s string) bool {
	if len(p.literals) > 0 {
		found, sure := findAny(p.literals, s)
		if sure {
			return found
		}
	}
	switch {
	case p.needs != nil && !p.needs.find(s):
		return false
	case p.re2 != nil && p.latin:
		ok, err := p.re2.MatchRunes(latinRunes(s))
		return ok && err == nil
	case p.re2 != nil:
		ok, err := p.re2.MatchString(s)
		return ok && err == nil
	case p.latin:
		return p.re.MatchReader(&latinReader{s: s})
	}
	return p.re.MatchString(s)
}

// A latinReader reads every byte as the character of that number.
type latinReader struct {
	s string
	i int
}

func (r *latinReader) ReadRune() (rune, int, error) {
	if r.i == len(r.s) {
		return 0, 0, io.EOF
	}
	r.i++
	return rune(r.s[r.i-1]), 1, nil
}

func latinRunes(s string) []rune {
	out := make([]rune, len(s))
	for i := range len(s) {
		out[i] = rune(s[i])
	}
	return out
}
