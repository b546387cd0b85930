package tui

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// sized reports what is wrong with a screen: it has exactly h lines of w cells.
func sized(screen string, w, h int) error {
	if w == 0 || h == 0 {
		return nil
	}
	lines := strings.Split(screen, "\n")
	if len(lines) != h {
		return fmt.Errorf("%d lines, want %d", len(lines), h)
	}
	for i, line := range lines {
		if got := ansi.StringWidth(line); got != w {
			return fmt.Errorf("line %d has %d cells, want %d: %q", i, got, w, plain(line))
		}
	}
	return nil
}

// safe reports control characters other than those of styles and line ends.
func safe(screen string) error {
	for _, r := range plain(screen) {
		if r != '\n' && (unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
			return fmt.Errorf("the control character %U is on the screen", r)
		}
	}
	for part := range strings.SplitSeq(screen, "\x1b") {
		if part != screen && part != "" && !strings.HasPrefix(part, "[") && !strings.HasPrefix(screen, part) {
			return fmt.Errorf("an escape sequence that is no style: %q", part[:min(len(part), 8)])
		}
	}
	return nil
}

var walk = []string{"j", "k", "G", "g", "space", "?", "O", "C", "K", "E", "q", "esc", "-", "tab", "shift tab", "enter", "o", "x", "M",
	"H", "v", ":", "f", "i", "down", "right", "left", "m", "/", "a", "z", "n", "1", "I", "F", "U", "page down", "end"}

// Whatever keys are pressed and however large the screen is, it is drawn exactly.
func TestScreenFits(t *testing.T) {
	t.Chdir(t.TempDir()) // some keys write files
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, len(walk)), 1, 25).Draw(rt, "keys")
		sizes := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [2]int {
			return [2]int{rapid.IntRange(1, 140).Draw(rt, "w"), rapid.IntRange(1, 50).Draw(rt, "h")}
		}), len(steps), len(steps)).Draw(rt, "sizes")
		var failed error
		drive(t, 80, 24, gallery(), func(d *driver) {
			w, h := 80, 24
			for i, step := range steps {
				if step < len(walk) {
					d.press(walk[step])
				} else {
					w, h = sizes[i][0], sizes[i][1]
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
				}
				if err := sized(d.app.screen(), w, h); err != nil && failed == nil {
					failed = fmt.Errorf("after %d keys at %dx%d: %w", i+1, w, h, err)
				}
			}
		})
		if failed != nil {
			rt.Fatal(failed)
		}
	})
}

func TestEverySmallSize(t *testing.T) {
	drive(t, 1, 1, gallery(), func(d *driver) {
		for _, keys := range [][]string{nil, {"?"}, {"q", "O"}, {"q", "-"}, {"-"}, {"o"}, {"esc", "q"}} {
			d.press(keys...)
			for w := 1; w < 20; w++ {
				for h := 1; h < 14; h++ {
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
					if err := sized(d.app.screen(), w, h); err != nil {
						t.Fatalf("after %v at %dx%d: %v", keys, w, h, err)
					}
				}
			}
		}
	})
}

// What a peer sends never reaches the terminal as it is.
func TestNoControlCharacters(t *testing.T) {
	const evil = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202eabc\x00\x7f\u2066\xff\xfe日本"
	flows := build(sample{"GET", "https://example.com/", 200, "text/html", 10, 1000000, func(f *flow.Flow) {
		f.Request.Method, f.Request.Scheme, f.Request.Host, f.Request.Path = "G"+evil, "h"+evil, evil, "/"+evil+"?"+evil+"="+evil
		f.Request.Version, f.Response.Version, f.Response.Reason = "HTTP/2"+evil, evil, evil
		f.Request.Headers = flow.Headers{{Name: evil, Value: evil}, {Name: "Host", Value: evil}}
		f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: evil}}
		f.Comment, f.Marked = evil, evil
		f.Metadata = map[string]string{evil: evil}
		f.Server.Address.Host = evil
		f.Response.Body = flow.BodyOf([]byte(evil))
	}}, sample{"GET", "https://example.com/", 0, "", 0, 0, func(f *flow.Flow) {
		f.Error = &flow.Error{Message: evil}
	}}, sample{"GET", "https://example.com/", 0, "", 0, 0, func(f *flow.Flow) {
		f.Kind, f.Request, f.Server.Address.Host = flow.TCP, nil, evil
		f.Messages = []flow.Message{{Content: []byte(evil)}}
	}})
	for _, w := range []int{60, 120} {
		drive(t, w, 24, flows, func(d *driver) {
			d.events.Add("error", evil)
			d.pass(frame)
			for _, line := range []string{"", "set showhost true", "cut @all request.url", "export raw @focus", "console.view.eventlog",
				"set intercept '~u \"a\x1b[2J\"'", "console.view.options", "console.view.flow @focus", "console.nav.right", "console.nav.right",
				"console.view.pop", "view.focus.go 2", "console.view.flow @focus"} {
				d.run(line)
				if err := safe(d.app.screen()); err != nil {
					t.Errorf("after %q: %v", line, err)
				}
				if err := sized(d.app.screen(), w, 24); err != nil {
					t.Errorf("after %q: %v", line, err)
				}
			}
		})
	}
}
