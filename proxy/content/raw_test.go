package content

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

func TestBinary(t *testing.T) {
	for data, want := range map[string]bool{
		"":                            false,
		"plain\r\n\ttext":             false,
		strings.Repeat("日本語", 20):     false,
		strings.Repeat("x", 99) + "é": false,
		strings.Repeat("👋", 26):       false,
		"привет \x1b[1mмир\x1b[0m, как дела?": false,
		"\x00\x01\x02\x03text":                true,
		"\xff\xd8\xff\xe0":                    true,
		strings.Repeat("ж", 49) + "\xff\xffx": true,
	} {
		if got := Binary([]byte(data)); got != want {
			t.Errorf("%q: %v", data, got)
		}
	}
}

// Text of any script is shown as text, not as a dump.
func TestTextOfAnyScript(t *testing.T) {
	cyrillic, err := charmap.Windows1251.NewEncoder().String("привет, мир")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kind, data, view string }{
		{"", "привет, мир", "Raw"},
		{"text/plain; charset=utf-8", "中文字", "Raw"},
		{"text/plain; charset=windows-1251", cyrillic, "Raw"},
		{"text/plain", cyrillic, "Hex Dump"},
		{"", `{"имя": "это имя"}`, "JSON"},
		{"application/x-other; charset=iso-8859-1", "\x89\x01\x02\x03\xff\xfe\xfd", "Hex Dump"},
	} {
		if got := Format(Auto, typed(c.kind), []byte(c.data)).View; got != c.view {
			t.Errorf("%s %q: %s, want %s", c.kind, c.data, got, c.view)
		}
	}
}
