package content

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"plain é 日本 🙂":     "plain é 日本 🙂",
		"\x1b[31m":         "␛[31m",
		"\x00\t\r\n\x7f":   "␀␉␍␊␡",
		"\u009b1m\u0085":   `\x9b1m\x85`,
		"\x9b\xff":         `\x9b\xff`,
		"a\u202eb\u2066c":  `a\u202eb\u2066c`,
		"\u2028\u200f":     `\u2028\u200f`,
		"\xe6\x97":         `\xe6\x97`,
		"\ufffd stays":     "\ufffd stays",
		"nb\u00a0sp is ok": "nb\u00a0sp is ok",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanDoesNotAllocate(t *testing.T) {
	s := strings.Repeat("clean é ", 100)
	if n := testing.AllocsPerRun(10, func() { Clean(s) }); n != 0 {
		t.Errorf("%v allocations for clean text", n)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;x\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("not UTF-8: %q", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q has %U", got, r)
			}
		}
		if Clean(got) != got {
			t.Fatalf("not idempotent: %q", got)
		}
	})
}

// The text of the raw view is the cleaned input, line by line.
func FuzzRaw(f *testing.F) {
	f.Add("a\r\nb\n\nc\x1b\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var want string
		for line := range strings.Lines(s) {
			if line, more := strings.CutSuffix(line, "\n"); more {
				want += Clean(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "))
			} else {
				want += Clean(strings.ReplaceAll(line, "\t", "    "))
			}
		}
		var got string
		for line := range write(func(p *pen) { printRaw(p, []byte(s)) }) {
			got += line.Text()
		}
		if got != want {
			t.Fatalf("%q is shown as %q, want %q", s, got, want)
		}
	})
}
