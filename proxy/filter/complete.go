package filter

import "strings"

// Seen is what flows have had so far, for completion; most useful first.
type Seen struct {
	Hosts        []string
	Methods      []string
	ContentTypes []string
}

// A Completion replaces Expr[From:To] by Text.
type Completion struct {
	Text     string
	Help     string // "" for a value
	From, To int    // byte offsets
}

// statuses are offered after ~c.
var statuses = []string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// Complete offers what can stand at a byte offset of an expression, which may be unfinished:
// operators after a tilde, and values that were seen after ~d, ~u, ~m, ~t and ~c.
func Complete(expr string, cursor int, seen Seen) []Completion {
	cursor = max(0, min(cursor, len(expr)))
	p := parser{s: expr}
	for p.i < cursor {
		switch c := p.s[p.i]; {
		case c == '~':
			if list, done := completeOperator(&p, cursor, seen); done {
				return list
			}
		case isSpace(c), c == '(', c == ')':
			p.i++
		default:
			if _, err := p.text(); err != nil {
				return nil
			}
		}
	}
	return nil
}

// completeOperator reads an operator with its argument. done says that the cursor is in it.
func completeOperator(p *parser, cursor int, seen Seen) (list []Completion, done bool) {
	start := p.i
	name := p.name()
	if p.i >= cursor {
		return operatorsLike(p.s[start:cursor], start, p.i), true
	}
	o := lookup(name)
	if o == nil || o.Arg == "" {
		return nil, false
	}
	p.skipSpace()
	from := min(p.i, cursor)
	if _, err := p.text(); err != nil {
		p.i = len(p.s)
	}
	if p.i < cursor {
		return nil, false
	}
	to := p.i
	if from == cursor { // between the operator and what follows: put the value in front of it
		to = cursor
	}
	return valuesLike(values(o.Name, seen), p.s[from:cursor], from, to), true
}

// operatorsLike returns the operators that begin with a prefix, then, when it has three letters, those whose help has it.
func operatorsLike(prefix string, from, to int) []Completion {
	var list, rest []Completion
	for i := range operators {
		o := &operators[i]
		c := Completion{o.Name, o.Help, from, to}
		if strings.HasPrefix(o.Name, prefix) {
			list = append(list, c)
		} else if len(prefix) > 3 && containsFold(o.Help, prefix[1:]) {
			rest = append(rest, c)
		}
	}
	return append(list, rest...)
}

// values returns what an operator can be followed by.
func values(name string, seen Seen) []string {
	switch name {
	case "~c":
		return statuses
	case "~d", "~u":
		return seen.Hosts
	case "~m":
		return seen.Methods
	case "~t", "~tq", "~ts":
		return seen.ContentTypes
	}
	return nil
}

// valuesLike returns the values that begin with what is typed, in any case, then those that have it elsewhere.
func valuesLike(values []string, typed string, from, to int) []Completion {
	typed = strings.TrimLeft(typed, `'"`)
	var list, rest []Completion
	for _, v := range values {
		c := Completion{Text: quote(escapeMeta(v)), From: from, To: to}
		switch {
		case len(v) >= len(typed) && strings.EqualFold(v[:len(typed)], typed):
			list = append(list, c)
		case containsFold(v, typed):
			rest = append(rest, c)
		}
	}
	return append(list, rest...)
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// escapeMeta makes a pattern of a text, but leaves its dots: they match themselves, and are easier to read.
func escapeMeta(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\*+?()[]{}^$|`, s[i]) >= 0 {
			out.WriteByte('\\')
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
