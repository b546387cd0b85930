package rule

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for source, want := range map[string][3]string{
		"/foo/bar":          {"", "foo", "bar"},
		"/~q/foo/bar":       {"~q", "foo", "bar"},
		"|~u a/b|foo|b|a|r": {"~u a/b", "foo", "b|a|r"},
		":foo:":             {"", "foo", ""},
		"→foo→bär":          {"", "foo", "bär"},
		"///":               {"", "", ""},
	} {
		r, err := Parse("map_remote", source, "/a/b")
		if source == "///" { // the filter is there, and empty
			if err == nil {
				t.Error("an empty filter was taken")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]string{r.Filter.String(), r.Subject, r.Replacement}; got != want {
			t.Errorf("%s: %q", source, got)
		}
	}
}

func TestErrorsShowThePlace(t *testing.T) {
	regexp := func(r *Rule) error { _, err := r.Regexp(false); return err }
	template := func(r *Rule) error {
		re, err := r.Regexp(false)
		if err == nil {
			_, err = r.Template(re)
		}
		return err
	}
	for _, c := range []struct {
		source string
		check  func(*Rule) error
		at     string // "": at the end
		msg    string
	}{
		{"", nil, "", "write /a/b"},
		{"/foo", nil, "", "another one is missing"},
		{"|~u x & ~zz|foo|bar", nil, "~zz", "unknown operator"},
		{"/a(/x", regexp, "a(", "not a regular expression"},
		{`/a(b)/x\2y`, template, `\2`, "has 1"},
		{`→a→\g<no>`, template, `\g<no>`, "no such group"},
		{`/a/\g`, template, `\g`, "write"},
		{`/a/\xg0`, template, `\x`, "two hex digits"},
		{`/a/b\`, template, `\`, "escapes nothing"},
		{`|a|@none/of/these`, (*Rule).CheckFile, `@none/of/these`, "no such file"},
	} {
		r, err := Parse("opt", c.source, "/a/b")
		if err == nil && c.check != nil {
			err = c.check(r)
		}
		bad, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if got := c.source[bad.Pos : bad.Pos+bad.Len]; got != c.at || !strings.Contains(bad.Msg, c.msg) {
			t.Errorf("%s: %q: %s", c.source, got, bad.Msg)
		}
		if c.at != "" && !strings.Contains(err.Error(), " of the rule ") || !strings.HasPrefix(err.Error(), "opt: ") {
			t.Error(err)
		}
	}
}

func TestReplace(t *testing.T) {
	for _, c := range []struct{ subject, replacement, text, want string }{
		{`a`, `b`, "banana", "bbnbnb"},
		{`(\w+)@(\w+)`, `\2 at \1`, "me@home, you@work", "home at me, work at you"},
		{`(?P<first>.)(x)?`, `[\g<first>\g<2>]`, "abx", "[a][bx]"},
		{`(.)`, `\g<0>\\\n\x41\d`, "z", "z\\\nA\\d"},
		{`.`, `{\"a\": \'b\'}\f`, "z", "{\"a\": 'b'}\f"},
		{`(?<!a)b`, `\0`, "bab", "\x00ab"},
		{`é(.)`, `\1`, "aéb\xff", "ab\xff"},
	} {
		r, err := Parse("opt", "\x01"+c.subject+"\x01"+c.replacement, "")
		if err != nil {
			t.Fatal(err)
		}
		re, err := r.Regexp(true)
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := r.Template(re)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := tpl.Replace(re, c.text); got != c.want {
			t.Errorf("%s → %s: %q", c.subject, c.replacement, got)
		}
	}
}

func TestText(t *testing.T) {
	for replacement, want := range map[string]string{
		`plain`: "plain", `\"a\"\tb\\n\x41`: "\"a\"\tb\\nA", `\1 \g<0> \d`: `\1 \g<0> \d`, `a\`: "", `a\xg0`: "",
	} {
		r, err := Parse("opt", "/a/"+replacement, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Text()
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", replacement, got, err)
		}
		if bad, ok := errors.AsType[*Error](err); ok && r.Source[bad.Pos:] != strings.TrimPrefix(replacement, "a") && r.Source[bad.Pos:bad.Pos+2] != `\x` {
			t.Errorf("%s: the mistake is at %d", replacement, bad.Pos)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Parse("opt", "|x|@"+path, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckFile(); err != nil {
		t.Fatal(err)
	}
	if b, err := r.ReadFile(); err != nil || string(b) != "from a file" {
		t.Errorf("%q, %v", b, err)
	}
	if r, _ = Parse("opt", "|x|@"+filepath.Dir(path), ""); r.CheckFile() == nil {
		t.Error("a folder was taken for a file")
	}
}

// FuzzRule reads any rule and uses it; a mistake is always at a place within it.
func FuzzRule(f *testing.F) {
	for _, s := range []string{"/~q/a(b)/\\1", "|a|\\g<0>", "", "→é→\\xff"} {
		f.Add(s, "abab")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		r, err := Parse("opt", source, "/a/b")
		if err == nil {
			re, bad := r.Regexp(true)
			if err = bad; err == nil {
				tpl, bad := r.Template(re)
				if err = bad; err == nil {
					if got, n := tpl.Replace(re, text); n == 0 && got != text {
						t.Errorf("%q became %q without a match", text, got)
					}
				}
			}
		}
		if bad, ok := errors.AsType[*Error](err); ok && (bad.Pos < 0 || bad.Len < 0 || bad.Pos+bad.Len > len(source)) {
			t.Errorf("%q: the mistake is at %d to %d", source, bad.Pos, bad.Pos+bad.Len)
		}
	})
}
