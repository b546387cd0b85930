package filter

import (
	"regexp/syntax"
	"unicode/utf8"
)

// required returns the longest ASCII text that every match of a pattern contains, or nil if there is none
// of two bytes. To look for it first spares the engine most texts that don't match.
func required(pattern string) *literal {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var best *syntax.Regexp
	mandatory(re, func(x *syntax.Regexp) {
		if len(x.Rune) > 1 && (best == nil || len(x.Rune) > len(best.Rune)) {
			best = x
		}
	})
	if best == nil {
		return nil
	}
	l := &literal{text: string(best.Rune), fold: best.Flags&syntax.FoldCase != 0}
	if l.fold {
		l.text = asciiLower([]byte(l.text))
	}
	l.anchor = rarest(l.text, nil)
	return l
}

// mandatory calls f for the ASCII literals that no match goes without.
func mandatory(re *syntax.Regexp, f func(*syntax.Regexp)) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= utf8.RuneSelf {
				return
			}
		}
		f(re)
	case syntax.OpConcat, syntax.OpCapture, syntax.OpPlus:
		for _, sub := range re.Sub {
			mandatory(sub, f)
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			mandatory(re.Sub[0], f)
		}
	}
}
