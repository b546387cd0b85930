package style

import (
	"strings"
	"testing"
	"time"
)

func TestNoColorHasNoColour(t *testing.T) {
	theme := New("dark", true, true, true)
	for name, out := range map[string]string{
		"bar": theme.Bar.Render("x"), "error": theme.Error.Render("x"), "get": theme.Method("GET").Render("x"),
		"row": theme.OnRow(theme.Text).Render("x"), "match": theme.Match.Render("x"), "field": theme.FieldError.Render("x"),
	} {
		if strings.Contains(out, "38;") || strings.Contains(out, "48;") || strings.Contains(out, "[3") && !strings.Contains(out, "[3m") {
			t.Errorf("%s has a colour: %q", name, out)
		}
	}
	if theme.Selection.Render("x") == "x" {
		t.Error("a selection cannot be told from text without colours")
	}
	if theme.OnRow(theme.Text).Render("x") == "x" {
		t.Error("the focused row cannot be told from others without colours")
	}
}

func TestPaletteFollowsTheTerminal(t *testing.T) {
	dark, light := New("solarized_dark", true, true, false), New("solarized_dark", false, true, false)
	if dark.Strong.Render("x") == light.Strong.Render("x") {
		t.Error("a transparent theme looks the same on dark and light")
	}
	own := New("solarized_dark", false, false, false)
	if own.Background == nil || own.Strong.Render("x") != dark.Strong.Render("x") {
		t.Error("a theme with its own background changed with the terminal's")
	}
	if dark.Background != nil {
		t.Error("a transparent theme has a background")
	}
}

func TestEveryPaletteIsWhole(t *testing.T) {
	for _, name := range Names() {
		if _, ok := palettes[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		if _, ok := palettes[siblings[name]]; !ok {
			t.Errorf("%s has no sibling", name)
		}
	}
}

func TestVocabulary(t *testing.T) {
	theme := New("dark", true, true, false)
	if theme.Status(204).Render("x") == theme.Status(500).Render("x") {
		t.Error("200 and 500 look alike")
	}
	if theme.Status(999).Render("x") != theme.Status(0).Render("x") {
		t.Error("codes without a class differ")
	}
	if theme.Size(10).Render("x") == theme.Size(100<<20).Render("x") {
		t.Error("sizes look alike")
	}
	if theme.Duration(time.Millisecond).Render("x") == theme.Duration(time.Minute).Render("x") {
		t.Error("durations look alike")
	}
	for ct, want := range map[string]string{
		"application/javascript": "script", "text/html": "text", "image/png": "media", "application/problem+json": "data",
		"application/zip": "raw", "chemical/x-pdb": "other", "": "",
	} {
		if got := mediaClass(ct); got != want {
			t.Errorf("mediaClass(%q) = %q, want %q", ct, got, want)
		}
	}
}
