package text

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"sluice/proxy/content"
	"sluice/tui/style"
)

var theme = style.New("solarized_dark", true, true, false)

// act does all that a command leads to and returns the messages that are not for the model.
func act(m *Model, cmd tea.Cmd) (others []tea.Msg) {
	todo := []tea.Cmd{cmd}
	for len(todo) > 0 {
		c := todo[0]
		todo = todo[1:]
		if c == nil {
			continue
		}
		switch msg := c().(type) {
		case tea.BatchMsg:
			todo = append(todo, msg...)
		case openedMsg, loadedMsg, fetchedMsg, foundMsg, copiedMsg:
			todo = append(todo, m.Update(msg))
		default:
			others = append(others, msg)
		}
	}
	return others
}

func open(t *testing.T, src iter.Seq[content.Line], w, h int) *Model {
	t.Helper()
	m := New(theme)
	t.Cleanup(m.Close)
	m.SetSize(w, h)
	act(m, m.Open(Source{Lines: src}, Top))
	return m
}

// numbered gives lines that tell their number.
func numbered(n int) iter.Seq[content.Line] {
	return func(yield func(content.Line) bool) {
		for i := range n {
			if !yield(content.Line{{Text: "line ", Role: content.Key}, {Text: fmt.Sprint(i), Role: content.Number}}) {
				return
			}
		}
	}
}

func screen(m *Model) []string {
	lines := strings.Split(ansi.Strip(m.View()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func wantTop(t *testing.T, m *Model, first, last string) {
	t.Helper()
	s := screen(m)
	if s[0] != first || s[len(s)-1] != last {
		t.Errorf("shows %q to %q, want %q to %q", s[0], s[len(s)-1], first, last)
	}
}

func TestScroll(t *testing.T) {
	m := open(t, numbered(100_000), 20, 5)
	wantTop(t, m, "line 0", "line 4")
	if m.doc.lines > 3*batchLines {
		t.Errorf("read %d lines to show 5", m.doc.lines)
	}
	act(m, m.Scroll(3))
	wantTop(t, m, "line 3", "line 7")
	act(m, m.Page(1))
	wantTop(t, m, "line 7", "line 11")
	act(m, m.End())
	wantTop(t, m, "line 99995", "line 99999")
	act(m, m.Scroll(1))
	wantTop(t, m, "line 99995", "line 99999")
	act(m, m.Page(-1))
	wantTop(t, m, "line 99991", "line 99995")
	act(m, m.Start())
	wantTop(t, m, "line 0", "line 4")
}

// What is far away is let go, and read again when it shows.
func TestMemoryIsBounded(t *testing.T) {
	m := open(t, numbered(200_000), 20, 5)
	m.doc.limit = 256 << 10
	act(m, m.End())
	wantTop(t, m, "line 199995", "line 199999")
	if m.doc.held > 2*m.doc.limit {
		t.Errorf("holds %d bytes, the limit is %d", m.doc.held, m.doc.limit)
	}
	act(m, m.Start())
	wantTop(t, m, "line 0", "line 4")
	m.top = pos{line: 120_000}
	act(m, m.settle())
	wantTop(t, m, "line 120000", "line 120004")
	for range 200 {
		act(m, m.Page(-1))
	}
	wantTop(t, m, "line 119200", "line 119204")
}

func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := content.Clean(rapid.StringOfN(rapid.SampledFrom([]rune("ab é世e\u0301👩\u200d👧🇩🇪x")), 0, 60, -1).Draw(t, "s"))
		w, hang := rapid.IntRange(1, 20).Draw(t, "w"), rapid.IntRange(0, 20).Draw(t, "hang")
		all := ""
		for _, r := range wrap(s, w, hang) {
			part := s[r.from:r.to]
			all += part
			if size, _ := cluster(part + " "); ansi.StringWidth(part)+r.indent > w && size < len(part) {
				t.Errorf("row %q does not fit in %d cells", part, w)
			}
		}
		if all != s {
			t.Errorf("rows make %q of %q", all, s)
		}
	})
}

func TestWrapAtBlanks(t *testing.T) {
	m := open(t, Of([]content.Line{{{Text: "  the quick brown fox jumps"}}, {{Text: "next"}}}), 14, 4)
	if got := strings.Join(screen(m), "|"); got != "  the quick|  brown fox|  jumps|next" {
		t.Error(got)
	}
}

// Whatever is shown and done, the view has its size and no control characters.
func TestViewIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.Custom(func(t *rapid.T) content.Line {
			var l content.Line
			for range rapid.IntRange(0, 4).Draw(t, "spans") {
				l = append(l, content.Span{
					Text: rapid.StringOfN(rapid.SampledFrom([]rune("ab \x1b\x07\n\t\u009b\u202e世e\u0301👩\u200d👧🇩🇪")), 0, 30, -1).Draw(t, "text"),
					Role: content.Role(rapid.IntRange(0, int(BarEnd)).Draw(t, "role")),
				})
			}
			return l
		})
		m := New(theme)
		defer m.Close()
		m.SetSize(rapid.IntRange(1, 30).Draw(t, "w"), rapid.IntRange(1, 10).Draw(t, "h"))
		act(m, m.Open(Source{Lines: Of(rapid.SliceOfN(line, 0, 30).Draw(t, "lines")), Hang: []int{3, 9}}, Top))
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			step(t, m)
			lines := strings.Split(m.View(), "\n")
			if len(lines) != m.h {
				t.Fatalf("%d lines, want %d", len(lines), m.h)
			}
			for _, l := range lines {
				if n := ansi.StringWidth(l); n != m.w {
					t.Fatalf("%q has %d cells, want %d", l, n, m.w)
				}
				if bad := strings.IndexFunc(ansi.Strip(l), func(r rune) bool { return r < 32 || r >= 0x7f && r < 0xa0 || r == 0x202e }); bad >= 0 {
					t.Fatalf("%q has a control character", l)
				}
			}
		}
	})
}

// step does something that a person can do.
func step(t *rapid.T, m *Model) {
	x, y := rapid.IntRange(-2, 40).Draw(t, "x"), rapid.IntRange(-2, 12).Draw(t, "y")
	switch rapid.IntRange(0, 6).Draw(t, "step") {
	case 0:
		m.SetSize(rapid.IntRange(1, 30).Draw(t, "w"), rapid.IntRange(1, 10).Draw(t, "h"))
	case 1:
		act(m, m.Scroll(y))
	case 2:
		act(m, m.End())
	case 3:
		act(m, m.Search(rapid.SampledFrom([]string{"a", "", "b.", "世", "[", "x*"}).Draw(t, "pattern")))
	case 4:
		act(m, m.SearchNext(y))
	case 5:
		act(m, m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, x, y))
		act(m, m.Mouse(tea.MouseMotionMsg{Button: tea.MouseLeft}, y, x))
	case 6:
		act(m, m.Mouse(tea.MouseReleaseMsg{}, x, y))
	}
}

// A source is read the same in whatever pieces.
func TestPiecesAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1000).Draw(t, "n")
		d := Load(context.Background(), Source{Lines: numbered(n)}, 0)
		defer d.Close()
		for !d.done {
			d.take(d.read(d.lines/blockLines, rapid.IntRange(1, 400).Draw(t, "lines")))
		}
		if d.lines != n {
			t.Fatalf("%d lines, want %d", d.lines, n)
		}
		for i := range n {
			if got := d.line(i).text; got != fmt.Sprint("line ", i) {
				t.Fatalf("line %d is %q", i, got)
			}
		}
	})
}

func TestExtendFollows(t *testing.T) {
	m := open(t, numbered(3), 20, 5)
	more := func(from, to int) {
		tail := Of([]content.Line{{{Text: fmt.Sprint("more ", to)}}})
		act(m, m.Extend(Source{Lines: Join(m.doc.src.Lines, tail)}, tail, Follow))
	}
	for i := range 10 {
		more(3+i, i)
	}
	wantTop(t, m, "more 5", "more 9")
	act(m, m.Scroll(-2))
	more(0, 10)
	wantTop(t, m, "more 3", "more 7")
	act(m, m.Search("more"))
	if got := m.Status(); got != "4/11" {
		t.Error(got)
	}
	more(0, 11)
	if got := m.Status(); got != "4/12" {
		t.Error(got)
	}
}

// A source whose result nobody wants any more is stopped, and its result dropped.
func TestStaleIsDropped(t *testing.T) {
	m := New(theme)
	m.SetSize(20, 3)
	stopped := make(chan bool, 8)
	endless := func(yield func(content.Line) bool) {
		defer func() { stopped <- true }()
		for yield(content.Line{{Text: "old"}}) {
		}
	}
	late := m.Open(Source{Lines: endless}, Top)()
	later := m.Open(Source{Lines: endless}, Top)
	act(m, m.Open(Source{Lines: numbered(9)}, Top))
	act(m, func() tea.Msg { return late })
	act(m, later)
	wantTop(t, m, "line 0", "line 2")
	act(m, m.Open(Source{Lines: endless}, Top))
	m.Close()
	<-stopped // the first
	<-stopped // the last
	if m.View() != strings.Repeat(strings.Repeat(" ", 20)+"\n", 2)+strings.Repeat(" ", 20) {
		t.Error("a closed model shows something")
	}
}

func TestPanicBecomesALine(t *testing.T) {
	m := open(t, func(yield func(content.Line) bool) {
		yield(content.Line{{Text: "fine"}})
		panic("oops")
	}, 60, 2)
	wantTop(t, m, "fine", "the rest cannot be shown, try another view: oops")
}
