package filter

import "sluice/proxy/flow"

// A node is a part of a parsed expression, immutable once parsed.
type node interface {
	match(v *view) bool
	// head is match without the bodies that are still to come; known is false if they could change the answer.
	head(v *view) (ok, known bool)
}

type (
	and []node
	or  []node
	not struct{ of node }
	// A leaf is an operator with its argument.
	leaf struct {
		op  *operator
		pat *pattern // of an operator with a pattern
		lo  int      // of ~c: the least and the greatest code
		hi  int
	}
)

func (n and) match(v *view) bool {
	for _, x := range n {
		if !x.match(v) {
			return false
		}
	}
	return true
}

func (n or) match(v *view) bool {
	for _, x := range n {
		if x.match(v) {
			return true
		}
	}
	return false
}

func (n not) match(v *view) bool { return !n.of.match(v) }

func (l *leaf) match(v *view) bool { return l.op.match(v, l) }

func (n and) head(v *view) (ok, known bool) { return headOf(n, v, true) }

func (n or) head(v *view) (ok, known bool) { return headOf(n, v, false) }

// headOf asks the parts of an AND (all is true) or an OR. One part that is surely the opposite of all decides.
func headOf(parts []node, v *view, all bool) (ok, known bool) {
	known = true
	for _, x := range parts {
		one, sure := x.head(v)
		if sure && one != all {
			return one, true
		}
		known = known && sure
	}
	return all && known, known
}

func (n not) head(v *view) (ok, known bool) {
	ok, known = n.of.head(v)
	return !ok && known, known
}

func (l *leaf) head(v *view) (ok, known bool) {
	if l.op.body == 0 {
		return l.op.match(v, l), true
	}
	if v.f.Kind != flow.HTTP || v.f.WebSocket != nil {
		return false, false
	}
	known = true
	if l.op.body&fromClient != 0 {
		known = v.f.Request == nil || !v.f.Request.End.IsZero()
		ok = known && inRequestBody(v, l.pat)
	}
	if l.op.body&fromServer != 0 && !ok {
		whole := v.f.Response == nil || !v.f.Response.End.IsZero()
		ok, known = whole && inResponseBody(v, l.pat), known && whole
	}
	return ok, known || ok
}

// walk calls f for every leaf.
func walk(n node, f func(*leaf)) {
	switch n := n.(type) {
	case and:
		for _, x := range n {
			walk(x, f)
		}
	case or:
		for _, x := range n {
			walk(x, f)
		}
	case not:
		walk(n.of, f)
	case *leaf:
		f(n)
	}
}

// plan returns an equal expression that asks the cheap operators of every AND and OR before those that read bodies.
func plan(n node) node {
	switch n := n.(type) {
	case and:
		return and(planParts(n))
	case or:
		return or(planParts(n))
	case not:
		return not{plan(n.of)}
	}
	return n
}

// planParts moves the parts that read bodies to the end.
func planParts(parts []node) []node {
	var cheap, dear []node
	for _, x := range parts {
		if readsBody(x) {
			dear = append(dear, plan(x))
		} else {
			cheap = append(cheap, plan(x))
		}
	}
	return append(cheap, dear...)
}

func readsBody(n node) bool {
	found := false
	walk(n, func(l *leaf) { found = found || l.op.body != 0 })
	return found
}
