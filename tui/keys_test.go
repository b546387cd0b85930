package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/flow"
)

// Every binding runs a command that exists, with arguments that it takes.
func TestBindingsRunCommands(t *testing.T) {
	d := newDriver(t, gallery(), nil)
	defer d.app.Close()
	for _, b := range d.app.keys.List("") {
		line := b.Command
		for {
			parsed := d.app.typing.Parse(strings.TrimSpace(line))
			for _, part := range parsed.Parts {
				if part.Type == command.Cmd && !part.Valid {
					t.Errorf("%s runs %q: %s is no command", b.Key, b.Command, part.Text)
				}
				if part.Type == command.Unknown {
					t.Errorf("%s runs %q: %s is one argument too many", b.Key, b.Command, part.Text)
				}
			}
			if !strings.HasPrefix(line, "console.command ") || strings.TrimSpace(line) == "console.command" {
				break
			}
			line = strings.TrimPrefix(line, "console.command ")
		}
	}
}

func focusURL(d *driver) string { return d.app.view.FocusFlow().Request.URL() }

func TestMoving(t *testing.T) {
	flows := gallery()
	drive(t, 120, 12, flows[:12], func(d *driver) {
		at := func(want int) {
			t.Helper()
			if got := d.app.view.FocusIndex(); got != want {
				t.Errorf("the focus is on %d, want %d", got, want)
			}
		}
		d.press("j", "down", "k")
		at(1)
		d.press("G")
		at(11)
		d.press("j")
		at(11)
		d.press("g")
		at(0)
		d.press("space")
		at(8)
		d.press("page up")
		at(0)
		d.press("end", "home")
		at(0)
		d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown, Y: 3})
		at(1)
		d.send(tea.MouseClickMsg{Button: tea.MouseLeft, Y: 5, X: 10})
		at(4)
		if got := d.app.front().Name(); got != "flowview" {
			t.Errorf("a click on a row opens %s", got)
		}
	})
}

func TestKeysOnFlows(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		id := d.app.view.Focus()
		d.press("m")
		d.wantScreen("●")
		if d.store.Get(id).Marked == "" {
			t.Error("m does not mark")
		}
		d.press("r")
		if len(d.engine.replayed) != 1 || d.engine.replayed[0] != id {
			t.Errorf("r replays %v", d.engine.replayed)
		}
		d.press("D")
		d.wantScreen("[2/14]", "Duplicated 1 flow.")
		d.press("d")
		d.wantScreen("/13]")
		d.press("A")
		if len(d.engine.resumed) != 2 {
			t.Errorf("A resumes %d flows, want 2", len(d.engine.resumed))
		}
		d.press("z", "y")
		d.wantScreen("No flows yet.")
		if len(d.engine.killed) != 4 {
			t.Errorf("removing kills %d flows, want those 4 that live", len(d.engine.killed))
		}
	})
}

func TestResumeSendsWhatWasEdited(t *testing.T) {
	drive(t, 120, 30, gallery()[5:6], func(d *driver) {
		d.run("flow.set @focus method PATCH")
		d.wantScreen("PATCH", "Set method on 1 flow.")
		id := d.app.view.Focus()
		d.press("a")
		edit := d.engine.resumed[id]
		if edit == nil || edit.Request == nil || edit.Request.Method != "PATCH" {
			t.Errorf("resumed with %+v", edit)
		}
	})
}

func TestPromptRunsCommands(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.press(":")
		d.write("view.focus.go 3")
		d.wantScreen(": view.focus.go 3")
		d.press("enter")
		if got := d.app.view.FocusIndex(); got != 3 {
			t.Errorf("the focus is on %d", got)
		}
		d.press(":", "up")
		d.wantScreen(": view.focus.go 3")
		d.press("esc", ":")
		d.write("view.fokus.next")
		d.press("enter")
		d.wantScreen(`Error: unknown command "view.fokus.next": did you mean view.focus.next?`)
		d.pass(6 * time.Second)
		d.wantNot("Error")
	})
}

func TestTypingAheadIsNotLost(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.ahead("enter", "/", "x", "y", "enter", "q", ":", "v", "esc", "G")
		if got, last := d.app.view.FocusIndex(), d.app.view.Len()-1; got != last {
			t.Errorf("the focus is on %d, not on the last one, %d", got, last)
		}
		d.wantNot("Search for")
	})
}

// Completing a line on its own goroutine does not touch the view.
func TestTabCompletes(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.press(":")
		d.write("flow.mark.tog")
		d.press("tab")
		d.write(" @fo")
		d.press("tab", "enter")
		if d.app.view.FocusFlow().Marked == "" {
			d.t.Errorf("nothing is marked:\n%s", d.screen())
		}
	})
}

func TestFilterPrompt(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.press("f")
		d.write("~m POST")
		d.press("enter")
		d.wantScreen("[f:~m POST]", "[1/1]")
		d.press("f", "ctrl e")
		d.write(" & (")
		d.press("enter")
		if got := d.opts.Str("view_filter"); got != "~m POST" {
			t.Errorf("an invalid filter replaced the valid one: %q", got)
		}
		d.press("esc", "f", "ctrl u", "enter")
		d.wantScreen("/13]")
		d.wantNot("[f:")
	})
}

func TestChooser(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.press("o", "2")
		if got := d.opts.Str("view_order"); got != "size" {
			t.Errorf("the order is %s", got)
		}
		d.press("o", "/")
		d.write("ur")
		d.press("enter")
		if got := d.opts.Str("view_order"); got != "url" {
			t.Errorf("the order is %s", got)
		}
		d.press("o", "j", "d", "q")
		d.wantNot("Order flows")
		d.wantScreen("/13]")
		d.press("x", "enter")
		d.wantScreen(": export.file curl @focus")
	})
}

func TestKeyBindingCommands(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.run("console.key.bind flowlist ctrl+l flow.comment @focus 'a b'")
		d.press("ctrl l")
		if got := d.app.view.FocusFlow().Comment; got != "a b" {
			t.Errorf("the comment is %q", got)
		}
		d.run("console.key.unbind flowlist 'ctrl l'")
		if _, ok := d.app.keys.Lookup("flowlist", "ctrl l"); ok {
			t.Error("the key is still bound")
		}
		d.run("console.key.bind moon x view.clear")
		d.wantScreen("unsupported context: moon")
		d.press("K", "x")
		d.wantScreen(": console.layout.cycle")
	})
}

// Who looks at a binding with enter and takes it over as it is changes nothing.
func TestEditBindingKeepsIt(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.press("K")
		for _, find := range []string{"console.exit", "flow.comment", "Export as", "Encode/decode"} {
			before := d.app.keys.List("")
			d.press("/")
			d.write(find)
			d.press("enter", "enter")
			d.wantScreen("console.key.bind contexts key")
			d.press("enter")
			d.wantNot("console.key.bind contexts key")
			if got := d.app.keys.List(""); !reflect.DeepEqual(got, before) {
				t.Errorf("the bindings changed at %s", find)
			}
		}
	})
}

// A filter at the end of a line needs no quotes; elsewhere an error says that it does.
// Keys are loaded from a file, all or none.
func TestKeymapLoad(t *testing.T) {
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	for path, text := range map[string]string{
		good: "- key: t\n  cmd: set anticache toggle\n  ctx: [flowlist]\n",
		bad:  "- key: t\n  cmd: set anticomp toggle\n- key: 1\n  cmd: set anticomp toggle\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	drive(t, 200, 24, gallery(), func(d *driver) {
		d.run("console.keymap.load " + good)
		d.wantScreen("Loaded key bindings from " + good)
		d.run("console.keymap.load " + bad)
		d.wantScreen("could not load key bindings - error reading "+bad+": line 3:", "key must be text: put it in quotes")
		d.press("t")
		if !d.opts.Bool("anticache") || d.opts.Bool("anticomp") {
			t.Error("the key does not do what the good file says")
		}
		d.run("console.keymap.load /none/of/these")
		d.wantScreen("no such file or directory")
	})
}

// A wrong input is answered with what to do.
func TestWrongInputsSayWhatToDo(t *testing.T) {
	drive(t, 140, 24, gallery(), func(d *driver) {
		for _, c := range []struct{ line, says string }{
			{"console.key.bind global nonsense set", `no key is called "nonsense": write one as in a, ctrl f, page up or f5`},
			{"console.key.bind global ctrl+z set anticache toggle", ""},
			{"console.key.unbind global ctrl+z", ""},
			{"console.key.unbind global ctrl+z", "ctrl z is not bound in global: K shows all bindings"},
			{"view.filter.set ~c 418", "write view.filter.set filter_expr, with quotes around a text that has blanks"},
			{"set nothinglikeit 1", `unknown option "nothinglikeit": sluice --options lists them all, and O in the console`},
			{"flow.mark '~c 999' true", "No flow matches ~c 999."},
			{"replay.client ~c 998", "No flow matches ~c 998."},
			{"options.save /none/of/these", "there is no folder /none/of: choose one that is there, or make it"},
			{"cut.save @focus request.url /none/of/these", "choose a folder that is there, or make this one"},
			{"export.file curl @focus /none/of/these", "choose a folder that is there, or make this one"},
			{"save.har @focus /none/of/these", "choose a folder that is there, or make this one"},
			{"view.flows.remove @all", "Removed 13 flows."},
			{"flow.mark @focus true", "There is no flow to do this with."},
		} {
			d.pass(noteTime)
			d.run(c.line)
			if c.says == "" {
				d.wantNot("Error")
			} else {
				d.wantScreen(c.says)
			}
		}
	})
}

func TestFiltersOfSeveralWords(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		d.run("view.flows.remove ~c 200 & ~m GET")
		d.wantScreen("Removed 4 flows.", "/9]")
		d.run(`flow.mark "~m POST" :red_circle:`)
		if d.run("view.flows.resolve ~marked"); d.t.Failed() {
			return
		}
		d.wantScreen("Command returned 1 flow.")
		d.run("flow.mark ~m POST :red_circle:")
		d.wantScreen("put a filter that has blanks in quotes")
	})
}

// On a small screen a result takes what room there is.
func TestResultsOnASmallScreen(t *testing.T) {
	drive(t, 40, 10, gallery()[:6], func(d *driver) {
		d.run("cut @all request.method")
		if got := strings.Count(d.screen(), "│") / 2; got < 4 {
			t.Errorf("%d rows of 6 are shown\n%s", got, d.screen())
		}
	})
}

func TestResultsAreShown(t *testing.T) {
	drive(t, 100, 30, gallery(), func(d *driver) {
		d.run("cut @all request.method,request.host")
		d.wantScreen("Data viewer", "GET", "www.example.com")
		d.press("esc")
		d.run("cut @focus request.url,request.method,request.url,request.host")
		d.wantScreen("│https://www.example.com/ GET https://www.example.com/ www.example.com         │")
		d.press("esc")
		d.run("export curl @focus")
		d.wantScreen("curl https://www")
		d.press(":") // the next one, in the place of what shows
		d.write("cut @focus request.method")
		d.press("enter")
		d.wantScreen("Data viewer", "│GET  ")
		d.wantNot("curl https://www")
		d.press("q")
		d.wantNot("Data viewer")
		d.run("view.flows.resolve @all")
		d.wantScreen("Command returned 13 flows.")
		d.run("console.view.flow '~m POST'")
		if got := focusURL(d); !strings.HasSuffix(got, "/sessions") || d.app.front().Name() != "flowview" {
			t.Errorf("viewing %s in %s", got, d.app.front().Name())
		}
	})
}

// TestKeysWithoutAFlow: a key that wants a flow says that there is none.
func TestKeysWithoutAFlow(t *testing.T) {
	drive(t, 120, 24, nil, func(d *driver) {
		d.press("enter")
		d.wantScreen("requires one flow, and none is selected")
	})
}

func TestUnavailableCommandsSaySo(t *testing.T) {
	drive(t, 120, 24, gallery(), func(d *driver) {
		d.run("script.run @shown x")
		d.wantScreen("script.run is not available yet: change flows at the prompt, or messages by rules")
	})
}

func TestUnknownKeysDoNothing(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		before := d.screen()
		for _, k := range []tea.Key{{Code: tea.KeyF7}, {Code: 'x', Mod: tea.ModAlt}, {Code: tea.KeyInsert}, {Code: 'ß', Text: "ß"}, {}} {
			d.send(tea.KeyPressMsg(k))
		}
		if after := d.screen(); after != before {
			t.Errorf("the screen has changed:\n%s", after)
		}
	})
}

// New flows come in by themselves, and the focus follows them if it should.
func TestFlowsComeIn(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		extra := sample{method: "GET", url: "https://new.example.com/"}.build(60)
		d.store.Put(extra)
		d.pass(frame)
		d.wantScreen("[1/14]")
		d.press("F")
		next := sample{method: "GET", url: "https://newer.example.com/"}.build(61)
		d.store.Put(next)
		d.pass(frame)
		if got := d.app.view.Focus(); got != next.ID {
			t.Error("the focus does not follow")
		}
		held := *next
		held.Rev, held.Intercepted, held.Live = 2, true, true
		d.store.Put(&held)
		d.pass(frame)
		d.wantScreen("held request", "a Resume")
	})
}

func TestLogLevels(t *testing.T) {
	drive(t, 100, 24, nil, func(d *driver) {
		d.events.Add("info", "quiet")
		d.events.Add("warn", "first line\nsecond line")
		d.pass(frame)
		d.wantScreen("Warn: first line", "(more in eventlog)")
		d.press("E")
		d.wantScreen("info: quiet")
		d.run("set console_eventlog_verbosity warn")
		d.wantNot("info: quiet")
		d.press("z", "y")
		d.wantScreen("Nothing has happened yet.")
	})
}

func TestSettings(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		d.run("view.settings.setval.toggle @focus fullcontents")
		if got := d.store.Setting(d.app.view.Focus(), "fullcontents"); got != "true" {
			t.Errorf("the setting is %q", got)
		}
	})
}

func TestCreatedFlowHasTheFocus(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		d.press("n", "enter")
		f := d.app.view.FocusFlow()
		if f.Request.Method != "GET" || f.Request.URL() != "https://example.com/" || f.Kind != flow.HTTP {
			t.Errorf("created %s %s", f.Request.Method, f.Request.URL())
		}
	})
}

// Of two queries under way only the one that was asked for last counts.
func TestStaleQueriesAreDropped(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		if err := d.opts.Set("view_order=size"); err != nil {
			t.Fatal(err)
		}
		stale := d.app.requery()()
		if err := d.opts.Set("view_order=url"); err != nil {
			t.Fatal(err)
		}
		fresh := d.app.requery()()
		d.send(fresh)
		d.send(stale)
		if got := d.app.view.Query().Order.String(); got != "url" {
			t.Errorf("the order is %s", got)
		}
	})
}

func TestCommentPrompt(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		d.press(";")
		d.write("look here")
		d.press("enter")
		if got := d.app.view.FocusFlow().Comment; got != "look here" {
			t.Errorf("the comment is %q", got)
		}
		d.wantScreen("# look here")
	})
}

func TestRefusedFilterSaysWhyAgain(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.press("f")
		d.write("~m GET & (")
		d.press("enter")
		d.wantScreen("Show flows: ~m GET & (", "never closed")
	})
}

func TestFocusedEntryOfTheLogIsShownWhole(t *testing.T) {
	drive(t, 60, 24, nil, func(d *driver) {
		for i := range 3 {
			d.app.events.Add("info", fmt.Sprintf("%d: %s", i, strings.Repeat("a long reason ", 8)+"ends"))
		}
		d.send(logMsg{})
		d.press("E")
		if n := strings.Count(d.screen(), "ends"); n != 1 {
			t.Errorf("%d entries are shown to their end:\n%s", n, d.screen())
		}
		d.press("g")
		d.send(tea.MouseClickMsg{Button: tea.MouseLeft, X: 5, Y: 4})
		d.wantScreen(">> ", "0: a long")
		d.send(tea.MouseClickMsg{Button: tea.MouseLeft, X: 5, Y: 4})
		if w, ok := top[*logWindow](d.app); !ok || w.list.focus != 1 {
			t.Errorf("the click below the wrapped entry does not focus the next:\n%s", d.screen())
		}
	})
}
