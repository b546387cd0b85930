package filter

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// An expr is an expression beside the parser: its text and what it means.
type expr struct {
	text    string
	level   int // how tightly it binds: 0 side by side, 1 |, 2 &, 3 ! and atoms
	matches func(*flow.Flow) bool
}

var atoms = []expr{
	{"~q", 3, func(f *flow.Flow) bool { return f.Response == nil }},
	{"~s", 3, func(f *flow.Flow) bool { return f.Response != nil }},
	{"~marked", 3, func(f *flow.Flow) bool { return f.Marked != "" }},
	{"~c 2xx", 3, func(f *flow.Flow) bool { return f.Response != nil && f.Response.Status/100 == 2 }},
	{"~c 404", 3, func(f *flow.Flow) bool { return f.Response != nil && f.Response.Status == 404 }},
	{"~m ^get$", 3, func(f *flow.Flow) bool { return f.Request.Method == "GET" }},
	{`~bq "a b"`, 3, func(f *flow.Flow) bool { return strings.Contains(string(f.Request.Body.Bytes()), "a b") }},
	{"'/x'", 3, func(f *flow.Flow) bool { return strings.HasPrefix(f.Request.Path, "/x") }},
	{"~all", 3, func(*flow.Flow) bool { return true }},
}

// drawExpr draws an expression of at most a depth.
func drawExpr(t *rapid.T, depth int) expr {
	form := rapid.IntRange(0, 4).Draw(t, "form")
	if depth == 0 || form == 4 {
		return rapid.SampledFrom(atoms).Draw(t, "atom")
	}
	if form == 3 {
		of := drawExpr(t, depth-1)
		return expr{"!" + inParentheses(t, of, 3), 3, func(f *flow.Flow) bool { return !of.matches(f) }}
	}
	parts := make([]expr, rapid.IntRange(2, 3).Draw(t, "parts"))
	words := make([]string, len(parts))
	for i := range parts {
		parts[i] = drawExpr(t, depth-1)
		words[i] = inParentheses(t, parts[i], form+1)
	}
	return expr{strings.Join(words, []string{" ", " | ", " & "}[form]), form, func(f *flow.Flow) bool {
		for _, p := range parts {
			if p.matches(f) == (form == 1) {
				return form == 1
			}
		}
		return form != 1
	}}
}

// inParentheses writes an operand where something at least as tight as a level has to stand.
func inParentheses(t *rapid.T, e expr, level int) string {
	if e.level < level || rapid.Bool().Draw(t, "more parentheses") {
		return "(" + e.text + ")"
	}
	return e.text
}

func drawFlow(t *rapid.T) *flow.Flow {
	f := newFlow()
	f.Request.Method = rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method")
	f.Request.Path = rapid.SampledFrom([]string{"/x", "/y"}).Draw(t, "path")
	f.Request.Body = flow.BodyOf([]byte(rapid.SampledFrom([]string{"", "a b"}).Draw(t, "body")))
	f.Response.Status = rapid.SampledFrom([]int{200, 404}).Draw(t, "status")
	f.Marked = rapid.SampledFrom([]string{"", "x"}).Draw(t, "marker")
	if rapid.Bool().Draw(t, "no response") {
		f.Response = nil
	}
	return f
}

func TestMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, f := drawExpr(t, 4), drawFlow(t)
		x, err := parse(e.text, false)
		if err != nil {
			t.Fatal(err)
		}
		want := e.matches(f)
		if got := x.Match(f); got != want {
			t.Fatalf("%s: got %v", e.text, got)
		}
		if ok, known := x.MatchHead(f); known && ok != want {
			t.Fatalf("%s: the head says %v", e.text, ok)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"~u api & ~m POST", "(a b)|!~q", `"\d+" '\\`, "~c 4xx~", "~b (?P<x>.)(?P=x)", `[\x80-\xff]$`, "& | !", "~c200"} {
		f.Add(s)
	}
	flows := manyFlows(2)
	f.Fuzz(func(t *testing.T, s string) {
		x, err := Parse(s)
		if err != nil {
			e, ok := err.(*SyntaxError)
			if !ok || e.Pos < 0 || e.Len < 0 || e.Pos+e.Len > len(s) || e.Msg == "" {
				t.Fatalf("%q: %#v", s, err)
			}
			return
		}
		for _, fl := range flows {
			got := x.Match(fl)
			if ok, known := x.MatchHead(fl); known && ok != got {
				t.Fatalf("%q: the head says %v", s, ok)
			}
		}
		// Only an operator that nothing follows is a pattern outside of parentheses and an error inside.
		if not, err := Parse("!(" + s + ")"); err == nil && not.Match(flows[0]) == x.Match(flows[0]) {
			t.Fatalf("%q and its opposite agree", s)
		}
	})
}

func FuzzComplete(f *testing.F) {
	f.Add("~d exa", 5)
	f.Add("a ~h 'x", 4)
	f.Fuzz(func(t *testing.T, s string, cursor int) {
		for _, c := range Complete(s, cursor, Seen{Hosts: []string{"a.example", "b'c"}, Methods: []string{"GET"}}) {
			if c.From < 0 || c.To < c.From || c.To > len(s) || c.Text == "" {
				t.Fatalf("%q at %d: %#v", s, cursor, c)
			}
		}
	})
}
