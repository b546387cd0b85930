// Package tui is the terminal program: it shows the flows of a store, runs
// commands from keys, and never holds up the proxy.
//
// App is the only tea.Model. State flows one way: the store tells of changes, the
// view takes them in, windows show rows. A key runs a command of the registry; what
// may take long happens in a tea.Cmd, whose result comes back as a message.
// App belongs to the goroutine that calls Update.
package tui

import (
	"context"
	"crypto/x509"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/flowstore"
	"sluice/proxy/command"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/proxy/option"
	"sluice/tui/browser"
	"sluice/tui/events"
	"sluice/tui/keymap"
	"sluice/tui/prompt"
	"sluice/tui/style"
	"sluice/tui/text"
)

// frame is the least time between two looks at what has changed.
const frame = 33 * time.Millisecond

// App is the model of the terminal program.
type App struct {
	store         *flowstore.Store
	view          *flowstore.View
	options       *option.Options
	registry      *command.Registry
	typing        *command.Registry // the same commands for lines that are being typed: it resolves no flows
	keys          *keymap.Map
	events        *events.Log
	engine        Engine
	history       *prompt.History // of command lines
	filterHistory *prompt.History
	searches      *prompt.History
	historyPath   string
	getenv        func(string) string

	theme *style.Theme
	dark  bool // the terminal's background
	w, h  int

	panes  [2]*pane
	active int // the pane that takes keys
	foot   footer

	log     []events.Entry // those that the verbosity lets through, oldest first
	logSeq  uint64         // of the last entry seen
	marked  bool           // only marked flows are shown
	query   queryState
	found   map[string][]*flow.Flow // flows of filters in the line being run
	noFlow  string                  // the spec in the line being run that is of no flow; "": none is
	pending []tea.Cmd               // to be returned from Update
	editing *editSession
	read    func(context.Context, string) iter.Seq2[*flow.Flow, error] // nil: files cannot be read
	aim     func() func(*flow.Flow)                                    // Config.Aim
	loads   []*load                                                    // files that are being read

	// life is the context of all that runs apart from Update; it ends with the program.
	life context.Context
	stop context.CancelFunc

	browsers browser.Launcher
	ca       *x509.Certificate
	changed  optionChanges
	protos   atomic.Pointer[content.Protos] // names the fields of Protobuf; nil: none
	clips    clipQueue
	unsub    func()
}

// New returns the model of a program. Close must be called when it is not needed any more.
func New(cfg Config) *App {
	a := &App{
		store: cfg.Store, options: cfg.Options, keys: cfg.Keymap, events: cfg.Events,
		engine: cfg.Engine, ca: cfg.CA, getenv: cfg.Getenv, dark: true,
		view: flowstore.NewView(cfg.Store), read: cfg.Read, aim: cfg.Aim,
	}
	if a.getenv == nil {
		a.getenv = os.Getenv
	}
	if a.engine == nil {
		a.engine = noEngine{}
	}
	a.life, a.stop = context.WithCancel(context.Background())
	a.registry = command.NewRegistry(a)
	a.registerAll(cfg)
	a.browsers.Failed = a.fail
	a.foot = footer{app: a}
	a.retheme()
	a.panes = [2]*pane{{windows: []window{newFlowList(a)}}, {windows: []window{newLogWindow(a)}}}
	a.changed.signal = make(chan struct{}, 1)
	a.unsub = a.subscribe()
	if err := a.loadProtos(); err != nil {
		a.events.Add("error", err.Error())
	}
	a.view.SetFollow(a.options.Bool("console_focus_follow"))
	a.takeLog()
	return a
}

// Close ends what runs in the background.
func (a *App) Close() {
	a.unsub()
	a.stop()
	a.browsers.Close()
}

// Registry returns the commands that keys and prompts run. Commands that touch
// the screen must be run on the goroutine of Update.
func (a *App) Registry() *command.Registry { return a.registry }

// Init starts to wait for changes.
func (a *App) Init() tea.Cmd {
	a.view.Sync()
	return tea.Batch(a.waitStore(0), a.waitLog(0), a.waitOptions(), a.loadHistory(), a.requery(), a.loadFirst(),
		tea.RequestBackgroundColor, a.tick())
}

// Update handles a message.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := a.handle(msg)
	a.optionsChanged()
	a.takeLog()
	a.later(cmd)
	cmds := a.pending
	a.pending = nil
	switch len(cmds) {
	case 0:
		return a, nil
	case 1:
		return a, cmds[0]
	}
	return a, tea.Batch(cmds...)
}

func (a *App) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return a.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		return a.key(msg)
	case tea.PasteMsg:
		return a.paste(msg)
	case tea.MouseMsg:
		return a.mouse(msg)
	case tea.BackgroundColorMsg:
		return a.background(msg.IsDark())
	case storeMsg:
		return a.storeChanged()
	case logMsg:
		return a.logChanged()
	case optionsMsg:
		return a.waitOptions()
	case tickMsg:
		return a.tick()
	case preparedMsg:
		return a.prepared(msg)
	case resolvedMsg:
		return a.resolved(msg)
	case doneMsg:
		return a.done(msg)
	case expireMsg:
		a.foot.expire(msg)
		return nil
	case keysMsg:
		return a.keysLoaded(msg)
	case loadedMsg:
		return a.loaded(msg)
	case historyMsg:
		return a.historyLoaded(msg)
	case prompt.Unsaved:
		a.fail(msg.Err)
		return nil
	case leaveMsg:
		return a.left(msg)
	case text.SearchPrompt:
		if v, ok := top[*flowView](a); ok {
			return a.askSearch(v.Search)
		}
		return nil
	case rowsFound:
		msg.search.found(msg)
		return nil
	case text.Notice:
		return a.notice(msg)
	case quitMsg:
		return a.askQuit()
	}
	return a.others(msg)
}

// others gives a message to all who may have asked for it.
func (a *App) others(msg tea.Msg) tea.Cmd {
	if cmd, ok := a.edited(msg); ok {
		return cmd
	}
	cmds := []tea.Cmd{a.foot.Update(msg)}
	for _, p := range a.panes {
		for _, w := range p.windows {
			if l, ok := w.(listener); ok {
				cmds = append(cmds, l.Update(msg))
			}
		}
		for _, o := range p.overlays {
			if l, ok := o.(listener); ok {
				cmds = append(cmds, l.Update(msg))
			}
		}
	}
	return tea.Batch(cmds...)
}

// later returns a command from the Update that is under way.
func (a *App) later(cmd tea.Cmd) {
	if cmd != nil {
		a.pending = append(a.pending, cmd)
	}
}

// View draws the screen.
func (a *App) View() tea.View {
	v := tea.NewView(a.screen())
	v.AltScreen = true
	v.WindowTitle = "sluice"
	v.BackgroundColor, v.ForegroundColor = a.theme.Background, a.theme.Foreground
	if a.options.Bool("console_mouse") {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// front is what has the keys: the prompt aside.
func (a *App) front() window { return a.panes[a.active].front() }

// refocus tells the windows that the focus or the flow that has it may have changed.
func (a *App) refocus() tea.Cmd {
	var cmds []tea.Cmd
	for _, p := range a.panes {
		p.each(func(w window) {
			if r, ok := w.(refresher); ok {
				cmds = append(cmds, r.Refresh())
			}
		})
	}
	return tea.Batch(cmds...)
}

// addrs are where the proxy listens; a * stands for all addresses.
func (a *App) addrs() []string {
	addrs := slices.Clone(a.engine.Addrs())
	for i, addr := range addrs {
		for _, all := range []string{"[::]:", "0.0.0.0:"} {
			if port, ok := strings.CutPrefix(addr, all); ok {
				addrs[i] = "*:" + port
			}
		}
	}
	return slices.Compact(addrs)
}

// A clipQueue holds what commands that run apart want in the clipboard.
type clipQueue struct {
	mu    sync.Mutex
	texts []string
}

func (q *clipQueue) add(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.texts = append(q.texts, text)
}

func (q *clipQueue) take() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	texts := q.texts
	q.texts = nil
	return texts
}
