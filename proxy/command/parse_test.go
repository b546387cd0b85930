package command

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	tests := map[string]string{
		``:            ``,
		`a b`:         `<a>_<b>`,
		` a  b `:      `_<a>_<b>_`,
		`a"b c"d`:     `<a><"b c"><d>`,
		`'foo'x`:      `<'foo'><x>`,
		`"a'b" 'c"d'`: `<"a'b">_<'c"d'>`,
		`a "b`:        `<a>_<"b>`,
		`""`:          `<"">`,
		"a\t\r\nb\vc": "<a>_<b\vc>",
		`\"a`:         `<\><"a>`,
	}
	for line, want := range tests {
		var got strings.Builder
		pos := 0
		for _, tok := range Split(line) {
			if tok.Pos != pos {
				t.Errorf("%q: token %q at %d, want %d", line, tok.Text, tok.Pos, pos)
			}
			pos += len(tok.Text)
			if tok.Space {
				got.WriteByte('_')
			} else {
				got.WriteString("<" + tok.Text + ">")
			}
		}
		if got.String() != want {
			t.Errorf("Split(%q) = %s, want %s", line, got.String(), want)
		}
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"": `""`, "a": "a", "a b": `"a b"`, `a"b`: `'a"b'`, `a'b`: `"a'b"`, `a'"b`: `"a'\x22b"`, "a\\": "a\\",
	} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`"a"`: "a", `'a'`: "a", `"a`: `"a`, `"`: `"`, `""`: "", `"a'`: `"a'`, "": "", "a": "a",
	} {
		if got := Unquote(text); got != want {
			t.Errorf("Unquote(%s) = %q, want %q", text, got, want)
		}
	}
}

// What Literal writes is one token, which is read as it was.
func TestLiteralRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`([a-z1-9 "'é]|\\|\\[bndx1]|\\x41)*`).Draw(t, "s")
		pattern := rapid.Bool().Draw(t, "pattern")
		tokens := Split(Literal(s, pattern))
		if len(tokens) != 1 {
			t.Fatalf("%q is %d tokens", s, len(tokens))
		}
		if got := unescape(Unquote(tokens[0].Text), pattern); got != s {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
	if got := Literal(`~b \bfoo\d`, true); got != `"~b \bfoo\d"` {
		t.Errorf("a pattern is written %s", got)
	}
}

func TestQuoteSplitRoundTrip(t *testing.T) {
	r := testRegistry()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-z \t"'é@,]*`)).Draw(t, "words")
		var line []string
		for _, w := range words {
			line = append(line, Quote(w))
		}
		var got []string
		for _, tok := range Split(strings.Join(line, " ")) {
			if tok.Space {
				continue
			}
			v, err := r.Call(t.Context(), "t.str", Unquote(tok.Text))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, v.(string))
		}
		if strings.Join(got, "|") != strings.Join(words, "|") {
			t.Fatalf("%q came back as %q", words, got)
		}
	})
}

// show writes a parsed line as part:type, with a ! where it is not valid, then what remains.
func show(p Parsed) string {
	var b strings.Builder
	for _, part := range p.Parts {
		if part.Space {
			continue
		}
		bad := ""
		if !part.Valid {
			bad = "!"
		}
		fmt.Fprintf(&b, "%s%s:%s ", bad, part.Text, part.Type)
	}
	for _, param := range p.Remaining {
		b.WriteString("<" + param.String() + ">")
	}
	return strings.TrimSpace(b.String())
}

func TestParse(t *testing.T) {
	tests := map[string]string{
		``:                                  `<><*>`,
		`nope`:                              `!nope:cmd`,
		`nope a`:                            `!nope:cmd !a:unknown`,
		`t.default`:                         `t.default:cmd <a><b>`,
		`t.default x`:                       `t.default:cmd !x:int <b>`,
		`t.default 1 "b c"`:                 `t.default:cmd 1:int "b c":str`,
		`t.default 1 2 3`:                   `t.default:cmd 1:int 2:str !3:unknown`,
		`t.bool "true"`:                     `t.bool:cmd "true":bool`,
		`t.rest a`:                          `t.rest:cmd a:str <*n>`,
		`t.rest a 1`:                        `t.rest:cmd a:str 1:int`,
		`t.rest a 1 x`:                      `t.rest:cmd a:str 1:int !x:int`,
		`t.confirm`:                         `t.confirm:cmd <prompt><cmd><*args>`,
		`t.confirm "Sure?" t.default`:       `t.confirm:cmd "Sure?":str t.default:cmd <a><b>`,
		`t.confirm p t.confirm q t.int 1`:   `t.confirm:cmd p:str t.confirm:cmd q:str t.int:cmd 1:int`,
		`t.confirm p nope 1`:                `t.confirm:cmd p:str !nope:cmd !1:unknown`,
		`t.confirm p view.focus.next`:       `t.confirm:cmd p:str view.focus.next:cmd`,
		`t.flow @focus`:                     `t.flow:cmd @focus:flow`,
		`t.flow @all`:                       `t.flow:cmd !@all:flow`,
		`t.flows @nope`:                     `t.flows:cmd !@nope:flow[]`,
		`t.flows "~q & ~d x"`:               `t.flows:cmd "~q & ~d x":flow[]`,
		`t.flows "~nope"`:                   `t.flows:cmd !"~nope":flow[]`,
		`t.choice a`:                        `t.choice:cmd a:choice`,
		`t.choice z`:                        `t.choice:cmd !z:choice`,
		`t.cmd t.default 1`:                 `t.cmd:cmd t.default:cmd !1:unknown`,
		`t.marker :heart:`:                  `t.marker:cmd :heart::marker`,
		`"t.int" '5'`:                       `"t.int":cmd '5':int`,
		strings.Repeat(`t.confirm p `, 200): strings.TrimSpace(strings.Repeat(`t.confirm:cmd p:str `, 200)) + ` <cmd><*args>`,
	}
	r := testRegistry()
	for line, want := range tests {
		if diff := cmp.Diff(want, show(r.Parse(line))); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", line, diff)
		}
	}
}

func TestParseSaysWhy(t *testing.T) {
	p := testRegistry().Parse("t.int x")
	last := p.Parts[len(p.Parts)-1]
	if last.Err == nil || last.Pos != 6 || last.Param.Name != "x" {
		t.Errorf("%+v", last)
	}
}

// files is a directory tree for completion.
var files = fstest.MapFS{
	"a.txt": {}, "ab/c d": {}, "ab/e": {}, ".hidden": {}, "my dir/x": {}, "link": {Mode: fs.ModeSymlink, Data: []byte("ab")},
}

func TestComplete(t *testing.T) {
	r := testRegistry()
	r.ReadDir = func(dir string) ([]fs.DirEntry, error) { return files.ReadDir(path.Clean(dir)) }
	tests := []struct{ line, want string }{ // the cursor is at the |
		{`view|`, `view.flows.load view.focus.next`},
		{`view.fo|kus`, `view.focus.next`},
		{`zzz|`, ``},
		{`view.focus.next |`, ``},
		{`t.bool |`, `false true`},
		{`t.bool t|`, `true`},
		{`t.choice |`, `a "b c"`},
		{`t.choice "b|`, `"b c"`},
		{`t.choice 'b c'|`, `"b c"`},
		{`t.confirm p view.f|`, `view.flows.load view.focus.next`},
		{`t.confirm p t.bool |`, `false true`},
		{`t.rest a |`, ``},
		{`t.flow @|`, `@all @focus @hidden @marked @shown @unmarked`},
		{`t.flow ~u|`, `~u ~udp`},
		{`t.flow "~q & ~u|`, `"~q & ~u" "~q & ~udp"`},
		{`t.cuts request.ti|`, `request.timestamp_end request.timestamp_start`},
		{`t.cuts request.url,response.st|`, `request.url,response.status_code`},
		{`t.marker :green|`, `:green_circle: :green_square:`},
		{`t.path |`, `./a.txt ./ab/ ./link/ "./my dir/`},
		{`t.path a|`, `a.txt ab/`},
		{`t.path ./a|`, `./a.txt ./ab/`},
		{`t.path ab/|`, `"ab/c d" ab/e`},
		{`t.path .h|`, `.hidden`},
		{`t.path m|`, `"my dir/`},
		{`t.path "my dir/|`, `"my dir/x"`},
		{`t.path l|`, `link/`},
		{`t.path none/|`, ``},
		{`t.path ~|`, `~/`},
	}
	for _, tt := range tests {
		line, cursor := strings.Replace(tt.line, "|", "", 1), strings.IndexByte(tt.line, '|')
		if got := strings.Join(r.Complete(line, cursor), " "); got != tt.want {
			t.Errorf("Complete(%s) = %s, want %s", tt.line, got, tt.want)
		}
	}
	for line, want := range map[string]int{"": 0, "a": 0, "a ": 2, `a "b c`: 2, "a b": 2} {
		if got := CompletionStart(line, len(line)); got != want {
			t.Errorf("CompletionStart(%q) = %d, want %d", line, got, want)
		}
	}
}

// FuzzParse checks that no line panics, that parts are the line, and that what Parse finds valid is accepted.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"", "t.int 1", `t.confirm "a" t.rest x 1 2`, `t.str '\x4`, "t.flows ~q&", `t.bytes \`, "t.cuts a,b", "t.path ~/", `t.marker ":`, "t.flow @",
	} {
		f.Add(line, 3)
	}
	r := testRegistry()
	r.ReadDir = func(dir string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }
	f.Fuzz(func(t *testing.T, line string, cursor int) {
		p := r.Parse(line)
		var joined strings.Builder
		valid := true
		for _, part := range p.Parts {
			if part.Pos != joined.Len() || part.Valid != (part.Err == nil) {
				t.Fatalf("%q: %+v", line, part)
			}
			valid = valid && part.Valid
			joined.WriteString(part.Text)
		}
		if joined.String() != line {
			t.Fatalf("parts of %q are %q", line, joined.String())
		}
		start := CompletionStart(line, cursor)
		word := openWord(line[start:max(start, min(cursor, len(line)))])
		for _, c := range r.Complete(line, cursor) {
			if !strings.HasPrefix(openWord(c), word) && !strings.Contains(c, `\x22`) {
				t.Fatalf("%q does not complete %q", c, word)
			}
		}
		if _, err := r.Run(t.Context(), line); err != nil && valid && len(p.Remaining) == 0 && !strings.Contains(line, "t.flow") && !strings.Contains(line, "t.liar") {
			t.Fatalf("%q is valid but: %v", line, err)
		}
	})
}

// TestCompletePathsToAppendTo: a + in front of a path does not keep it from being completed.
func TestCompletePathsToAppendTo(t *testing.T) {
	r := NewRegistry(nil)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.mitm"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.Paths("+" + dir + "/a"); len(got) != 1 || got[0] != "+"+dir+"/a.mitm" {
		t.Error(got)
	}
}
