package detail

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/text"
)

func wantScreen(t *testing.T, m *Model, wants ...string) {
	t.Helper()
	s := screen(m)
	for _, want := range wants {
		if !strings.Contains(s, want) {
			t.Errorf("the screen lacks %q:\n%s", want, s)
		}
	}
}

// evil has control characters wherever a peer can put some.
func evil() *flow.Flow {
	const bad = "x\x1b]52;c;aGk=\x07\x9b31m\u202e\u0085\r\n"
	f := respond(httpFlow("G"+bad, "https://api.example.com/", []byte(bad), "text/plain"+bad), 200, "application/json"+bad, []byte(`{"a":"`+bad+`"`))
	f.Request.Path, f.Request.Version, f.Request.Authority = "/"+bad, bad, bad
	f.Request.Headers = append(f.Request.Headers, flow.Header{Name: bad, Value: bad})
	f.Response.Reason, f.Response.Trailers = bad, flow.Headers{{Name: bad, Value: bad}}
	f.Comment, f.Metadata, f.Marked = bad, map[string]string{bad: bad}, bad
	f.Error = &flow.Error{Message: bad, Time: noon}
	f.Client.SNI, f.Client.Mode, f.Server.ALPN, f.Server.Address.Host = bad, bad, bad, bad
	f.WebSocket = &flow.WebSocket{CloseCode: 1002, CloseReason: bad, Messages: []flow.Message{{Content: []byte(bad), Text: true}, {Content: []byte("\x00" + bad)}}}
	return f
}

// Whatever is shown at whatever size, the view is exact and clean.
func TestViewIsExact(t *testing.T) {
	flows := []*flow.Flow{jsonFlow(), evil(), tcpFlow(9), webSocketFlow(), grpcFlow(), eventFlow("event: x\x1b]52;\x07\ndata: \x1b[2J\n\n", false), nil}
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(Config{})
		defer m.Close()
		m.SetSize(rapid.IntRange(1, 130).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h"))
		run(m, m.SetFlow(rapid.SampledFrom(flows).Draw(t, "flow")))
		run(m, m.SelectTab(rapid.IntRange(0, 3).Draw(t, "tab")))
		run(m, m.SetMode(rapid.SampledFrom(content.Names()).Draw(t, "mode")))
		run(m, m.Scroll(rapid.IntRange(0, 30).Draw(t, "rows")))
		m.SetSize(rapid.IntRange(1, 130).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h"))
		lines := strings.Split(m.View(), "\n")
		if len(lines) != m.h {
			t.Fatalf("%d lines, want %d", len(lines), m.h)
		}
		for _, l := range lines {
			if n := ansi.StringWidth(l); n != m.w {
				t.Fatalf("%q has %d cells, want %d", l, n, m.w)
			}
			if strings.ContainsFunc(ansi.Strip(l), func(r rune) bool { return r < 32 || r >= 0x7f && r < 0xa0 || r == 0x202e }) {
				t.Fatalf("%q has a control character", l)
			}
		}
		if strings.Contains(m.View(), "\x1b]") {
			t.Fatal("an escape sequence of a flow reaches the terminal")
		}
	})
}

func TestTabs(t *testing.T) {
	m := show(t, jsonFlow(), 80, 24)
	for _, want := range []string{"Response", "Detail", "Request"} {
		run(m, m.NextTab(1))
		if m.Tab() != want {
			t.Errorf("tab %s, want %s", m.Tab(), want)
		}
	}
	run(m, m.NextTab(-1))
	if m.Tab() != "Detail" {
		t.Error(m.Tab())
	}
	for _, click := range []struct {
		x    int
		want string
	}{{2, "Request"}, {30, "Response"}, {60, "Detail"}} {
		run(m, m.Mouse(tea.MouseClickMsg{Button: tea.MouseLeft}, click.x, len(m.head)))
		if m.Tab() != click.want {
			t.Errorf("a click at %d selects %s, want %s", click.x, m.Tab(), click.want)
		}
	}
	run(m, m.SetFlow(tcpFlow(1)))
	if m.Tab() != "TCP Stream" {
		t.Error("the index is not taken modulo the number of tabs:", m.Tab())
	}
	run(m, m.SetFlow(jsonFlow()))
	if m.Tab() != "Detail" {
		t.Error("the index is not kept:", m.Tab())
	}
	if cmd, mine := m.Key(tea.KeyPressMsg{Code: tea.KeyRight}); !mine || cmd == nil && m.Tab() != "Request" {
		t.Error("right does not go to the next tab")
	}
}

func TestModes(t *testing.T) {
	kept := map[string]string{}
	m := newModel(Config{
		DefaultMode: func() string { return "raw" },
		Setting:     func(id flow.ID, key string) string { return kept[id.String()+key] },
		SetSetting:  func(id flow.ID, key, value string) { kept[id.String()+key] = value },
	})
	t.Cleanup(m.Close)
	m.SetSize(80, 24)
	f := jsonFlow()
	run(m, m.SetFlow(f))
	run(m, m.SelectTab(1))
	wantScreen(t, m, "Raw 266b", "[m:raw]", `{"users":[`)
	run(m, m.SetMode("json"))
	wantScreen(t, m, "JSON 266b", "[m:json]", `"name": "Ada Lovelace"`)
	run(m, m.SetFlow(jsonFlow()))
	wantScreen(t, m, "[m:raw]")
	run(m, m.SetFlow(f))
	wantScreen(t, m, "[m:json]")
	if kept[f.ID.String()+"flowview_mode_1"] != "json" || m.Mode() != "json" {
		t.Error(kept, m.Mode())
	}
}

// grow returns a newer snapshot with a longer response.
func grow(f *flow.Flow, more string) *flow.Flow {
	g := *f
	r := *f.Response
	r.Body.Append([]byte(more))
	g.Response = &r
	g.Rev++
	return &g
}

func rows(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "row %d\n", i)
	}
	return b.Bytes()
}

func TestNewerSnapshotKeepsThePlace(t *testing.T) {
	f := respond(httpFlow("GET", "https://api.example.com/log", nil, ""), 200, "text/plain", rows(1000))
	f.Live, f.Response.End = true, time.Time{}
	m := show(t, f, 80, 24)
	run(m, m.SelectTab(1))
	run(m, m.Scroll(500))
	before := screen(m)
	f = grow(f, "last row\n")
	run(m, m.SetFlow(f))
	if screen(m) != before {
		t.Errorf("the text has moved:\n%s\n%s", before, screen(m))
	}
	run(m, m.End())
	wantScreen(t, m, "last row")
	f = grow(f, "and one more\n")
	run(m, m.SetFlow(f))
	wantScreen(t, m, "and one more")

	same := *f
	same.Marked = ":default:"
	if cmd := m.SetFlow(&same); cmd != nil {
		t.Error("a mark makes the body be formatted again")
	}
}

// While a text is being made and for a while after, newer snapshots wait; the newest is shown then.
func TestGrowingBodyIsPaced(t *testing.T) {
	f := respond(httpFlow("GET", "https://api.example.com/log", nil, ""), 200, "text/plain", rows(3))
	m := newModel(Config{})
	t.Cleanup(m.Close)
	m.SetSize(80, 24)
	m.index = 1
	first := m.SetFlow(f)
	for i := range 5 {
		f = grow(f, fmt.Sprintf("more %d\n", i))
		if m.SetFlow(f) != nil {
			t.Error("a second job was begun beside the first")
		}
	}
	run(m, first)
	wantScreen(t, m, "row 2", "more 4")
}

func TestStaleResultsAreDropped(t *testing.T) {
	m := newModel(Config{})
	t.Cleanup(m.Close)
	m.SetSize(80, 24)
	old := respond(httpFlow("GET", "https://api.example.com/old", []byte("old body"), "text/plain"), 200, "text/plain", nil)
	late := m.SetFlow(old)()
	run(m, m.SetFlow(httpFlow("GET", "https://api.example.com/new", []byte("new body"), "text/plain")))
	other := newModel(Config{})
	other.SetSize(80, 24)
	run(other, other.SetFlow(jsonFlow()))
	for _, model := range []*Model{m, other} {
		run(model, func() tea.Msg { return late })
		if strings.Contains(screen(model), "old body") {
			t.Error("a stale body is shown")
		}
	}
	wantScreen(t, m, "new body")
}

// Two models that see each other's messages do not touch each other.
func TestMessagesOfOthers(t *testing.T) {
	a, b := newModel(Config{}), newModel(Config{})
	for _, m := range []*Model{a, b} {
		t.Cleanup(m.Close)
		m.SetSize(80, 24)
		m.index = 1
	}
	f := respond(httpFlow("GET", "https://api.example.com/log", nil, ""), 200, "text/plain", rows(90_000))
	msg := a.SetFlow(f)()
	b.Update(msg)
	run(a, a.Update(msg))
	run(a, a.End())
	wantScreen(t, a, "row 89999")
}

func TestStreamGrows(t *testing.T) {
	f := tcpFlow(30)
	m := show(t, f, 80, 12)
	run(m, m.End())
	for i := range 5 {
		g := *f
		g.Rev++
		g.Messages = append(g.Messages[:len(f.Messages):len(f.Messages)], flow.Message{FromClient: true, Content: fmt.Appendf(nil, "message %d", i)})
		f = &g
		run(m, m.SetFlow(f))
		wantScreen(t, m, fmt.Sprintf("⇒ 9b  message %d", i))
	}
	held := *f
	held.Rev, held.Intercepted = held.Rev+1, true
	run(m, m.SetFlow(&held))
	wantScreen(t, m, "⇒ 9b  [held] message 4", "TCP Stream intercepted", "‖ held")
	edited := held
	edited.Intercepted = false
	edited.Messages = append(slices.Clone(f.Messages[:len(f.Messages)-1]), flow.Message{FromClient: true, Content: []byte("edited")})
	run(m, m.SetFlow(&edited))
	wantScreen(t, m, "⇒ 6b  edited")
	if strings.Contains(screen(m), "message 4") {
		t.Error("the message is shown as it was before")
	}
}

func TestSearchWholeBody(t *testing.T) {
	f := respond(httpFlow("GET", "https://api.example.com/log", nil, ""), 200, "text/plain", rows(50_000))
	m := show(t, f, 80, 24)
	run(m, m.SelectTab(1))
	run(m, m.Search("row 4900[17]"))
	wantScreen(t, m, "row 49001", "1/2")
	run(m, m.Search("NGINX"))
	if others := run(m, m.Search("Nginx")); !slices.Contains(others, tea.Msg(text.Notice{Text: "Search not found."})) {
		t.Error(others)
	}
	run(m, m.Search("nginx"))
	wantScreen(t, m, "server:        nginx", "1/1")
}

func TestNoFlow(t *testing.T) {
	m := newModel(Config{})
	m.SetSize(20, 3)
	for _, cmd := range []tea.Cmd{m.NextTab(1), m.Scroll(1), m.Search("x"), m.SetMode("raw"), m.SetFlow(nil)} {
		if cmd != nil {
			t.Error("something happens without a flow")
		}
	}
	wantScreen(t, m, "No flow.")
}
