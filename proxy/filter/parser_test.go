package filter

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// shape writes a parsed expression in prefix form.
func shape(n node) string {
	list := func(name string, parts []node) string {
		words := []string{name}
		for _, x := range parts {
			words = append(words, shape(x))
		}
		return "(" + strings.Join(words, " ") + ")"
	}
	switch n := n.(type) {
	case and:
		return list("and", n)
	case or:
		return list("or", n)
	case not:
		return "(not " + shape(n.of) + ")"
	case *leaf:
		if n.pat != nil {
			return n.op.Name + "/" + n.pat.source + "/"
		}
		if n.op.Arg == argInt {
			if n.lo != n.hi {
				return strconv.Itoa(n.lo/100) + "xx"
			}
			return strconv.Itoa(n.lo)
		}
		return n.op.Name
	}
	return "?"
}

func TestGrammar(t *testing.T) {
	for expr, want := range map[string]string{
		"~q | ~s ~e":      "(and (or ~q ~s) ~e)",
		"a b & c":         "(and /a/ (and /b/ /c/))",
		"!a b":            "(and (not /a/) /b/)",
		"a | b & !c":      "(or /a/ (and /b/ (not /c/)))",
		"a & b & c":       "(and /a/ /b/ /c/)",
		"(a) (b)":         "(and /a/ /b/)",
		"(a)(b)":          "(and /a/ /b/)",
		"(a b)":           "(and /a/ /b/)",
		"(a | b) & c":     "(and (or /a/ /b/) /c/)",
		"(~q )":           "~q",
		"(~q)":            "~q",
		"~q &~s":          "(and ~q ~s)",
		"~q&~s":           "(and ~q ~s)",
		"~q|~s":           "(or ~q ~s)",
		"a|b":             "/a|b/",
		"foo!bar":         "/foo!bar/",
		"foo&":            "/foo&/",
		"&":               "/&/",
		"!":               "/!/",
		"|":               "/|/",
		"a & & b":         "(and (and /a/ /&/) /b/)",
		"a &":             "(and /a/ /&/)",
		"a | ":            "(and /a/ /|/)",
		"a& b":            "(and /a&/ /b/)",
		"! & a":           "(and (not /&/) /a/)",
		"!!":              "(not /!/)",
		"(!)":             "/!/",
		"!foo":            "(not /foo/)",
		"! foo":           "(not /foo/)",
		"!!a":             "(not (not /a/))",
		"!(a)":            "(not /a/)",
		"~u !foo":         "~u/!foo/",
		"~u & b":          "(and ~u/&/ /b/)",
		"~c 404&~q":       "(and 404 ~q)",
		"~c 2xx":          "2xx",
		"~c 2xx&~q":       "(and 2xx ~q)",
		"~c 2xxy":         "(and 2 /xxy/)",
		"~c 20x":          "(and 20 /x/)",
		"(~c 5xx)":        "5xx",
		"'x'y":            "(and /x/ /y/)",
		"foo~q":           "(and /foo/ ~q)",
		"~u 'a(b)'":       "~u/a(b)/",
		`"\d+"`:           `/\d+/`,
		`'\\d+'`:          `/\d+/`,
		`~u \d+`:          `~u/\d+/`,
		`'it\'s "x" \t'`:  "/it's \"x\" \t/",
		"''":              "//",
		`""`:              "//",
		"~bq\tx\r\n~bs y": "(and ~bq/x/ ~bs/y/)",
		"~ws":             "~websocket",
		"~b'x'":           "~b/x/",
	} {
		f, err := parse(expr, false)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		p := &parser{s: expr}
		root, _ := p.whole()
		if got := shape(root); got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
		if f.String() != expr {
			t.Errorf("%s: String is %s", expr, f)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		expr     string
		pos, len int
		says     string
	}{
		{"", 0, 0, "~all"}, {"  ", 0, 0, "empty"},
		{"~Q", 0, 2, "did you mean ~q?"}, {"a ~Bs x", 2, 3, "did you mean ~bs?"}, {"~qx", 0, 3, "did you mean ~q?"},
		{"~methd x", 0, 6, "~m"}, {"~webscket", 0, 9, "~websocket?"}, {"~zzzzz", 0, 6, "unknown operator ~zzzzz"},
		{"~c200", 0, 5, "write ~c 200"}, {"~c abc", 0, 3, "~c 404"}, {"~c", 0, 2, "~c 4xx"}, {"~c 99999999999999999999", 3, 20, "digits"},
		{"~u", 2, 0, "~u needs a pattern"}, {"~u (a)", 3, 1, "~u '('"}, {"~u ~q", 3, 1, "quote"}, {"~", 0, 1, "missing after ~"},
		{"(a", 0, 1, "never closed"}, {"(", 0, 1, "never closed"}, {"a)", 1, 1, "drop it"}, {"()", 1, 1, "before this )"},
		{"(a &)", 3, 1, "right"}, {"'a", 0, 2, "never closed"}, {"x 'a\nb'", 2, 2, "never closed"}, {"'a\\\nb'", 0, 3, "never closed"},
		{"[a", 0, 2, "missing closing ]"}, {"~u 'a('", 3, 4, `missing closing )`}, {"a*** b", 0, 4, "nested repetition"}, {`~b "\q"`, 3, 4, "escape"},
		{strings.Repeat("(", 500) + "a", 200, 1, "flatter"}, {strings.Repeat("!", 500) + "a", 200, 1, "flatter"},
		{strings.Repeat("a", 1<<17), 1 << 16, 1 << 16, "shorter"},
	} {
		_, err := parse(c.expr, false)
		e, ok := errors.AsType[*SyntaxError](err)
		if !ok {
			t.Errorf("%.20s: no error", c.expr)
			continue
		}
		if e.Pos != c.pos || e.Len != c.len || !strings.Contains(e.Msg, c.says) || e.Expr != c.expr {
			t.Errorf("%.20s: got %d+%d %s", c.expr, e.Pos, e.Len, e.Msg)
		}
	}
}

func TestParseErrorText(t *testing.T) {
	_, err := Parse("~Q")
	if err == nil || err.Error() != "invalid filter expression '~Q': unknown operator ~Q: did you mean ~q?" {
		t.Errorf("got %v", err)
	}
	if f, err := Parse("~q"); err != nil || f.String() != "~q" {
		t.Errorf("got %v, %v", f, err)
	}
}
