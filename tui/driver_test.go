package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice"
	"sluice/flowstore"
	"sluice/proxy/flow"
	"sluice/proxy/option"
	"sluice/tui/events"
	"sluice/tui/keymap"
)

// A driver plays the part of the terminal: it feeds messages to an App and runs
// the commands that come back. It lives in a synctest bubble, so that it knows
// when nothing more is going to happen.
type driver struct {
	t      testing.TB
	app    *App
	store  *flowstore.Store
	opts   *option.Options
	events *events.Log
	engine *fakeEngine
	msgs   chan tea.Msg
	quit   bool
}

// A fakeEngine remembers what it was told.
type fakeEngine struct {
	resumed  map[flow.ID]*flow.Edit
	killed   []flow.ID
	replayed []flow.ID
	injected []flow.Message
	served   []*flow.Flow
	err      error
}

func (e *fakeEngine) Resume(id flow.ID, edit *flow.Edit) bool { e.resumed[id] = edit; return true }
func (e *fakeEngine) Kill(id flow.ID) bool                    { e.killed = append(e.killed, id); return true }
func (e *fakeEngine) Replay(f *flow.Flow) error {
	e.replayed = append(e.replayed, f.ID)
	return e.err
}
func (e *fakeEngine) Inject(_ flow.ID, m flow.Message) error {
	e.injected = append(e.injected, m)
	return e.err
}
func (e *fakeEngine) ReplayCount() int { return 0 }
func (e *fakeEngine) StopReplay()      {}
func (e *fakeEngine) ServeReplay(flows []*flow.Flow, add bool) int {
	if !add {
		e.served = nil
	}
	e.served = append(e.served, flows...)
	return len(flows)
}
func (e *fakeEngine) ServeReplayCount() int { return len(e.served) }
func (e *fakeEngine) Clients() int          { return 0 }
func (e *fakeEngine) StopServeReplay()      { e.served = nil }
func (e *fakeEngine) Addrs() []string       { return []string{"127.0.0.1:8080"} }

// drive runs a test with a program of a size over some flows.
func drive(t *testing.T, w, h int, flows []*flow.Flow, test func(d *driver)) {
	t.Helper()
	driveEnv(t, w, h, flows, nil, test)
}

func driveEnv(t *testing.T, w, h int, flows []*flow.Flow, env map[string]string, test func(d *driver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, flows, env)
		defer func() {
			d.app.Close()
			time.Sleep(10 * time.Second) // virtual: the last timers run out
		}()
		d.spawn(d.app.Init())
		d.send(tea.WindowSizeMsg{Width: w, Height: h})
		test(d)
	})
}

func newDriver(t testing.TB, flows []*flow.Flow, env map[string]string) *driver {
	t.Helper()
	keys, err := keymap.New(sluice.Keybindings)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{
		t: t, store: flowstore.New(flowstore.Config{}), opts: option.New(), events: events.New(),
		engine: &fakeEngine{resumed: make(map[flow.ID]*flow.Edit)}, msgs: make(chan tea.Msg, 4096),
	}
	for _, f := range flows {
		d.store.Put(f)
	}
	d.app = New(Config{Store: d.store, Options: d.opts, Events: d.events, Engine: d.engine, Keymap: keys,
		Getenv: func(name string) string { return env[name] }})
	return d
}

func (d *driver) spawn(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		if msg := cmd(); msg != nil {
			d.msgs <- msg
		}
	}()
}

// send gives a message to the program and waits until nothing more comes of it.
func (d *driver) send(msg tea.Msg) {
	d.update(msg)
	d.settle()
}

func (d *driver) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-d.msgs:
			d.update(msg)
		default:
			return
		}
	}
}

func (d *driver) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.BatchMsg:
		for _, cmd := range msg {
			d.spawn(cmd)
		}
	case tea.QuitMsg:
		d.quit = true
	default:
		_, cmd := d.app.Update(msg)
		d.spawn(cmd)
	}
}

// pass lets virtual time pass, so that frames, ticks and messages come and go.
func (d *driver) pass(span time.Duration) {
	time.Sleep(span)
	d.settle()
}

var keyCodes = map[string]tea.Key{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp},
	"down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "space": {Code: tea.KeySpace, Text: " "},
	"page down": {Code: tea.KeyPgDown}, "page up": {Code: tea.KeyPgUp}, "backspace": {Code: tea.KeyBackspace},
	"shift tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	"ctrl c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl right": {Code: tea.KeyRight, Mod: tea.ModCtrl},
	"ctrl l": {Code: 'l', Mod: tea.ModCtrl}, "ctrl e": {Code: 'e', Mod: tea.ModCtrl},
}

// press presses keys one after the other, waiting for what each one does.
func (d *driver) press(keys ...string) {
	d.t.Helper()
	for _, name := range keys {
		d.send(d.key(name))
	}
}

// ahead presses keys faster than anything comes of them.
func (d *driver) ahead(keys ...string) {
	d.t.Helper()
	for _, name := range keys {
		d.update(d.key(name))
	}
	d.settle()
}

func (d *driver) key(name string) tea.KeyPressMsg {
	d.t.Helper()
	k, ok := keyCodes[name]
	if !ok {
		r := []rune(name)
		if len(r) != 1 {
			d.t.Fatalf("no key %q", name)
		}
		k = tea.Key{Code: r[0], Text: name}
	}
	return tea.KeyPressMsg(k)
}

// write types a text.
func (d *driver) write(text string) {
	for _, r := range text {
		d.send(tea.KeyPressMsg(tea.Key{Code: r, Text: string(r)}))
	}
}

// run runs a command line.
func (d *driver) run(line string) {
	d.spawn(d.app.execute(line))
	d.update(nil)
	d.settle()
}

// screen returns what is to be seen, without styles and without blanks at the ends of lines.
func (d *driver) screen() string {
	lines := strings.Split(plain(d.app.screen()), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func (d *driver) wantScreen(texts ...string) {
	d.t.Helper()
	screen := d.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Errorf("%q is not on the screen:\n%s", text, screen)
		}
	}
}

func (d *driver) wantNot(text string) {
	d.t.Helper()
	if screen := d.screen(); strings.Contains(screen, text) {
		d.t.Errorf("%q is on the screen:\n%s", text, screen)
	}
}
