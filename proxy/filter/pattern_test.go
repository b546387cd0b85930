package filter

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPythonPatterns(t *testing.T) {
	text, lines, body := patternMode{fold: true}, patternMode{fold: true, flags: "m", bytes: true},
		patternMode{fold: true, flags: "s", bytes: true}
	for _, c := range []struct {
		source string
		mode   patternMode
		text   string
		want   bool
	}{
		{`(?P<x>a.)(?P=x)`, text, "zABAB", true}, {`(?P<x>a.)(?P=x)`, text, "ABAC", false},
		{`(a.)\1`, text, "abab", true}, {`foo(?!bar)`, text, "foobar foobaz", true}, {`foo(?!bar)`, text, "foobar", false},
		{`(?<=x)y`, text, "XY", true}, {`^(?!.*api)`, text, "/api/", false}, {`^b(?=c)$|^b$`, lines, "a\nb\nc", true},
		{`a.b(?=c)`, body, "a\nbc", true}, {`a.b(?=c)`, text, "a\nbc", false},
		{`end\Z`, text, "the end", true}, {`end\Z`, text, "end\n", false}, {`end$`, text, "end\n", true}, {`end$`, text, "end\n\n", false},
		{`(?=e)end\Z`, text, "end\n", false}, {`(?=e)end$`, text, "end\n", true},
		{`^b$`, lines, "a\nb\nc", true}, {`^b$`, body, "a\nb\nc", false},
		{`a{,2}b`, text, "b", true}, {`^a{,2}b`, text, "aaab", false}, {`a{,b`, text, "a{,b", true}, {`x{2000}`, text, strings.Repeat("x", 2000), true},
		{`\u00e9`, text, "É", true}, {`[\u002d\U0001F600]+$`, text, "-\U0001F600", true}, {`[[a]`, text, "[", true}, {`[[:x]`, text, ":", true},
		{`[]x]`, text, "]", true}, {`[^]x]`, text, "]", false}, {`[\b]`, text, "a\x08", true}, {`\bb\b`, text, "a b c", true},
		{`(?#note)a`, text, "A", true}, {`(?i)a`, text, "A", true}, {`(?m)^b$`, text, "a\nb\n", true},
		{`[\x80-\x8f]é+`, body, "\x81é", true}, {`\xe9`, text, "é", true}, {`\xe9`, body, "é", false}, {`\xc3\xa9`, body, "é", true},
		{`a\.c`, text, "aBc", false}, {`a.c`, text, "AéC", true}, {`a.c`, text, "a\nc", false}, {`a.c`, body, "a\nC", true}, {`...`, text, "ab", false},
		{`x|`, text, "", true}, {`ab|cd`, text, "xCDx", true},
	} {
		p, err := compile(c.source, c.mode)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if got := p.matchString(c.text); got != c.want {
			t.Errorf("%s in %q: got %v", c.source, c.text, got)
		}
		if got := p.matchBytes([]byte(c.text)); got != c.want {
			t.Errorf("%s in the bytes %q: got %v", c.source, c.text, got)
		}
	}
}

func TestBacktrackingEnds(t *testing.T) {
	p, err := compile(`(?=a)(a+)+$`, patternMode{})
	if err != nil {
		t.Fatal(err)
	}
	if p.matchString(strings.Repeat("a", 60) + "b") {
		t.Error("matches")
	}
}

// Literals find what the engine finds.
func TestLiteralsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mode := patternMode{fold: rapid.Bool().Draw(t, "fold"), flags: rapid.SampledFrom([]string{"", "m", "s"}).Draw(t, "flags")}
		source := rapid.StringMatching(`[abAB.|/\n-]{0,6}(\\\.)?[ab]?`).Draw(t, "source")
		text := rapid.StringMatching(`[abAB./\n|é-]{0,20}`).Draw(t, "text")
		literals := literalsOf(source, mode)
		if literals == nil {
			return
		}
		prefix := "(?" + mode.flags + ")"
		if mode.fold {
			prefix = "(?i" + mode.flags + ")"
		}
		want := regexp.MustCompile(strings.Replace(prefix, "(?)", "", 1) + source).MatchString(text)
		if got, sure := findAny(literals, text); sure && got != want {
			t.Fatalf("%q in %q: got %v", source, text, got)
		}
	})
}

func TestLiteralsAreUsed(t *testing.T) {
	mode := patternMode{fold: true}
	for source, want := range map[string]int{"example.com": 1, "GET|POST": 2, `a\.b`: 1, "": 1, "a+": 0, "é": 0, "...": 0, `\d`: 0, "^a": 0, "a|b*": 0} {
		if got := len(literalsOf(source, mode)); got != want {
			t.Errorf("%s: %d literals, want %d", source, got, want)
		}
	}
}

// The text that is looked for first never hides a match.
func TestRequiredAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.StringMatching(`\^?([abAB]{1,3}|[ab][+*?]|\(ab?\)[+?]?|\[ab\]|a\|b|(ab){2}|\\d){1,4}\$?`).Draw(t, "source")
		text := rapid.StringMatching(`[abAB1]{0,10}`).Draw(t, "text")
		p, err := compile(source, patternMode{fold: rapid.Bool().Draw(t, "fold")})
		if err != nil {
			return
		}
		if got, want := p.matchString(text), p.re.MatchString(text); got != want {
			t.Fatalf("%q in %q: got %v", source, text, got)
		}
	})
}

func TestRequired(t *testing.T) {
	for pattern, want := range map[string]string{"(?im)^Server: ng[a-z]x": "server: ng", "ab|cd": "", "(abc)?de": "de", "(abc)+d": "abc",
		"(?:ab){2}": "ab", "(?:ab){0,2}": "", "a.b": "", "éa": ""} {
		got := ""
		if l := required(pattern); l != nil {
			got = l.text
		}
		if got != want {
			t.Errorf("%s: got %q", pattern, got)
		}
	}
}
