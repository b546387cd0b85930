package filter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegexpFindAll(t *testing.T) {
	for _, c := range []struct {
		source, text string
		want         [][]int
	}{
		{`b(c)?`, "abcb", [][]int{{1, 3, 2, 3}, {3, 4, -1, -1}}},
		{`(?<=é)b(c)?`, "ébcéb", [][]int{{2, 4, 3, 4}, {6, 7, -1, -1}}}, // looks behind: not RE2
		{`\xff(.)`, "a\xffb\xc3\xffé", [][]int{{1, 3, 2, 3}, {4, 6, 5, 6}}},
		{`(?=\xff)(.)`, "a\xff\xc3", [][]int{{1, 2, 1, 2}}},
		{`a.b`, "a\nb", [][]int{{0, 3}}},
		{`x`, "abc", nil},
	} {
		r, err := CompileRegexp(c.source, true)
		if err != nil {
			t.Fatal(c.source, err)
		}
		if d := cmp.Diff(c.want, r.FindAll(c.text, -1)); d != "" {
			t.Errorf("%s in %q: %s", c.source, c.text, d)
		}
	}
}

func TestRegexpGroups(t *testing.T) {
	for source, want := range map[string]int{`a(b)(?P<x>c)`: 2, `(?=a)(b)(?P<x>c)`: 2} {
		r, err := CompileRegexp(source, false)
		if err != nil {
			t.Fatal(err)
		}
		if r.Groups() != want || r.GroupNamed("x") != 2 || r.GroupNamed("y") != -1 {
			t.Error(source, r.Groups(), r.GroupNamed("x"), r.GroupNamed("y"))
		}
	}
	if _, err := CompileRegexp("a(", false); err == nil {
		t.Error("no error")
	}
	if r, _ := CompileRegexp("A.", false); r.Match("ax") || r.Match("A\n") || !r.Match("xAx") {
		t.Error("case and dots")
	}
}
