package filter

import (
	"strconv"
	"strings"
)

const (
	maxDepth = 200     // of parentheses and exclamation marks in each other
	maxExpr  = 1 << 16 // bytes of an expression
)

// A parser reads an expression from left to right. From the loosest to the
// tightest: parts side by side (and), |, &, !. An operator character where an
// operand has to be, at the end, is a pattern like any other.
type parser struct {
	s             string
	i             int
	depth         int
	caseSensitive bool
}

// whole reads all of the expression.
func (p *parser) whole() (node, *SyntaxError) {
	if len(p.s) > maxExpr {
		return nil, errorAt(maxExpr, len(p.s)-maxExpr, "longer than %d bytes: write a shorter one", maxExpr)
	}
	if p.atEnd() {
		return nil, errorAt(0, 0, "empty filter expression: write ~all for every flow")
	}
	n, err := p.sideBySide()
	if err == nil && !p.atEnd() {
		return nil, errorAt(p.i, 1, "nothing is open before this ): drop it or quote it")
	}
	return n, err
}

// sideBySide reads up to the end or a closing parenthesis.
func (p *parser) sideBySide() (node, *SyntaxError) {
	var parts and
	for {
		n, err := p.alternatives()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, n); p.atClose() {
			return join(parts), nil
		}
	}
}

func (p *parser) alternatives() (node, *SyntaxError) {
	parts, err := p.chain('|', p.conjunction)
	if len(parts) > 1 {
		return or(parts), err
	}
	return join(parts), err
}

func (p *parser) conjunction() (node, *SyntaxError) {
	parts, err := p.chain('&', p.negation)
	return join(parts), err
}

func join(parts []node) node {
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return and(parts)
}

// chain reads operands with c between them. A c that nothing follows is not part of the chain.
func (p *parser) chain(c byte, operand func() (node, *SyntaxError)) ([]node, *SyntaxError) {
	var parts []node
	for {
		n, err := operand()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		p.skipSpace()
		mark := p.i
		if !p.take(c) {
			return parts, nil
		}
		if p.atClose() {
			if p.depth > 0 && !p.atEnd() {
				return nil, errorAt(mark, 1, "%c needs something on its right: write it, or quote the %c", c, c)
			}
			p.i = mark
			return parts, nil
		}
	}
}

func (p *parser) negation() (node, *SyntaxError) {
	p.skipSpace()
	mark := p.i
	if !p.take('!') {
		return p.atom()
	}
	if p.atClose() {
		p.i = mark
		return p.atom()
	}
	if err := p.enter(mark); err != nil {
		return nil, err
	}
	n, err := p.negation()
	p.depth--
	return not{n}, err
}

func (p *parser) enter(pos int) *SyntaxError {
	if p.depth++; p.depth > maxDepth {
		return errorAt(pos, 1, "more than %d levels deep: write it flatter", maxDepth)
	}
	return nil
}

func (p *parser) atom() (node, *SyntaxError) {
	if p.atEnd() {
		return nil, errorAt(p.i, 0, "something is missing at the end: write an operator or a pattern")
	}
	switch p.s[p.i] {
	case '(':
		return p.parenthesis()
	case ')':
		return nil, errorAt(p.i, 1, "something is missing before this ): write an operator or a pattern, or quote it")
	case '~':
		return p.operator()
	}
	return p.withPattern(bare)
}

func (p *parser) parenthesis() (node, *SyntaxError) {
	open := p.i
	if err := p.enter(open); err != nil {
		return nil, err
	}
	p.i++
	if p.atEnd() {
		return nil, errorAt(open, 1, "this ( is never closed: write ) at the end, or quote it")
	}
	n, err := p.sideBySide()
	if err != nil {
		return nil, err
	}
	if !p.take(')') {
		return nil, errorAt(open, 1, "this ( is never closed: write ) at the end, or quote it")
	}
	p.depth--
	return n, nil
}

func (p *parser) operator() (node, *SyntaxError) {
	pos := p.i
	name := p.name()
	o := lookup(name)
	switch {
	case o == nil:
		return nil, unknownOperator(pos, name)
	case o.Arg == argRegex:
		return p.withPattern(o)
	case o.Arg == argInt:
		return p.withStatus(o, pos)
	}
	return &leaf{op: o}, nil
}

// withStatus reads the digits of ~c, or a class as in 4xx.
func (p *parser) withStatus(o *operator, pos int) (node, *SyntaxError) {
	p.skipSpace()
	start := p.i
	for p.i < len(p.s) && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
		p.i++
	}
	digits := p.s[start:p.i]
	if digits == "" {
		return nil, errorAt(pos, max(p.i, pos+2)-pos, "~c needs a status: write its digits as in ~c 404, or a class as in ~c 4xx")
	}
	if len(digits) == 1 && isClass(p.s[p.i:]) {
		p.i += 2
		class := int(digits[0] - '0')
		return &leaf{op: o, lo: class * 100, hi: class*100 + 99}, nil
	}
	code, err := strconv.Atoi(digits)
	if err != nil {
		return nil, errorAt(start, len(digits), "no status has so many digits: write 3 of them as in ~c 404")
	}
	return &leaf{op: o, lo: code, hi: code}, nil
}

// isClass reports whether what follows a digit makes it a class of codes.
func isClass(s string) bool {
	return len(s) >= 2 && strings.EqualFold(s[:2], "xx") && (endsBare(s[2:]) || s[2] == '&' || s[2] == '|')
}

// withPattern reads and compiles the pattern of an operator.
func (p *parser) withPattern(o *operator) (node, *SyntaxError) {
	p.skipSpace()
	start := p.i
	source, err := p.text()
	if err != nil {
		return nil, err
	}
	if p.i == start {
		return nil, missingPattern(p, o)
	}
	pat, cause := compile(source, patternMode{fold: !p.caseSensitive, flags: o.flags, bytes: o.bytes})
	if cause != nil {
		return nil, errorAt(start, p.i-start, `bad pattern /%s/: %v; write \ before a character that stands for itself`, source, cause)
	}
	return &leaf{op: o, pat: pat}, nil
}

func missingPattern(p *parser, o *operator) *SyntaxError {
	if p.i < len(p.s) {
		return errorAt(p.i, 1, "%s needs a pattern before this %c: to use the character, quote it as in %s '%c'", o.Name, p.s[p.i], o.Name, p.s[p.i])
	}
	return errorAt(p.i, 0, "%s needs a pattern: write one as in %s example", o.Name, o.Name)
}
