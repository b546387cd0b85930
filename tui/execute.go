package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/tui/actions"
	"sluice/tui/keymap"
)

// Resolve finds the flows of a spec. Those of a filter have been found before the line is run.
func (a *App) Resolve(spec string) ([]*flow.Flow, error) {
	flows, ok := a.found[spec]
	var err error
	if !ok {
		flows, err = a.view.Resolve(spec)
	}
	if err == nil && len(flows) == 0 {
		a.noFlow = spec
	}
	return flows, err
}

// execute runs a command line. Its errors and what it returns are shown.
func (a *App) execute(line string) tea.Cmd {
	if strings.TrimSpace(line) == "" {
		return nil
	}
	line = a.wholeFilter(line)
	if specs := a.filters(line); len(specs) > 0 {
		return a.resolve(line, specs)
	}
	return a.runLine(line)
}

func (a *App) runLine(line string) tea.Cmd {
	a.noFlow = ""
	result, err := a.registry.Run(a.life, line)
	if err != nil {
		a.fail(err)
	} else if result != nil {
		a.later(a.showResult(result))
	} else if a.noFlow == "@focus" {
		a.foot.message("alert", "There is no flow to do this with.", hintTime)
	} else if a.noFlow != "" {
		a.foot.message("alert", "No flow matches "+a.noFlow+".", hintTime)
	}
	a.view.Sync()
	return a.refocus()
}

// wholeFilter quotes a filter of several words where nothing but a filter can follow,
// so that view.flows.remove ~c 404 means what it says.
func (a *App) wholeFilter(line string) string {
	tokens := slices.DeleteFunc(command.Split(line), func(t command.Token) bool { return t.Space })
	c, ok := a.registry.Lookup(command.Unquote(tokens[0].Text))
	if !ok || len(c.Params) == 0 || len(tokens) <= len(c.Params)+1 {
		return line
	}
	last, first := c.Params[len(c.Params)-1], tokens[len(c.Params)]
	if last.Type != command.Flow && last.Type != command.FlowSeq || last.Variadic || strings.HasPrefix(first.Text, "@") {
		return line
	}
	return line[:first.Pos] + command.Quote(strings.TrimSpace(line[first.Pos:]))
}

// filters returns the arguments of a line that are flow filters, which are slow to resolve.
func (a *App) filters(line string) []string {
	words := wordsOf(line)
	c, ok := a.registry.Lookup(words[0])
	if !ok {
		return nil
	}
	var specs []string
	for i, p := range c.Params {
		if i+1 < len(words) && (p.Type == command.Flow || p.Type == command.FlowSeq) && !strings.HasPrefix(words[i+1], "@") {
			specs = append(specs, words[i+1])
		}
	}
	return specs
}

// showResult shows what a command returned.
func (a *App) showResult(result any) tea.Cmd {
	var rows [][]string
	switch v := result.(type) {
	case [][]string:
		rows = v
	case []string:
		for _, s := range v {
			rows = append(rows, []string{s})
		}
	case []*flow.Flow:
		a.say(fmt.Sprintf("Command returned %s.", plural(len(v), "flow")))
		return nil
	case *flow.Flow:
		a.say("Command returned 1 flow.")
		return nil
	case []byte:
		rows = textRows(actions.Text(v))
	default:
		rows = textRows(fmt.Sprint(v))
	}
	if len(rows) == 0 {
		a.say("The result is empty.")
		return nil
	}
	if old, ok := a.front().(*dataViewer); ok {
		return tea.Batch(a.drop(old), a.overlay(newDataViewer(a, rows)))
	}
	return a.overlay(newDataViewer(a, rows))
}

func textRows(text string) [][]string {
	var rows [][]string
	for line := range strings.SplitSeq(text, "\n") {
		rows = append(rows, []string{strings.TrimSuffix(line, "\r")})
	}
	return rows
}

// say shows a line and keeps it in the event log.
func (a *App) say(text string) { a.events.Add("alert", text) }

// fail shows an error and keeps it in the event log.
func (a *App) fail(err error) { a.events.Add("error", err.Error()) }

// key finds what a key means: for the prompt, for the window in front, by the bindings, or as a movement.
func (a *App) key(k tea.KeyPressMsg) tea.Cmd {
	name := keymap.Name(k)
	if (name == "ctrl c" || name == "esc") && !a.foot.modal() && a.stopLoads() {
		return nil
	}
	if name == "ctrl c" {
		return a.askQuit()
	}
	if a.foot.modal() {
		return a.foot.Key(k)
	}
	front := a.front()
	if cmd, ok := front.Key(k); ok {
		return cmd
	}
	if b, ok := a.keys.Lookup(front.Context(), name); ok && a.allowed(front, b) {
		return a.execute(b.Command)
	}
	if n, ok := navKeys[name]; ok {
		return front.Nav(n)
	}
	return nil
}

// allowed reports whether a binding works while a window has the keys: over an
// overlay that waits for a choice only its own ones, movements and the way out.
func (a *App) allowed(front window, b keymap.Binding) bool {
	switch front.(type) {
	case *dataViewer:
		return true
	case box:
		if b.In(front.Context()) {
			return true
		}
	default:
		return true
	}
	c := strings.TrimSpace(b.Command)
	return strings.HasPrefix(c, "console.nav.") || c == "console.view.pop" || c == "console.exit"
}

// paste gives pasted text to the prompt, or to the window that edits.
func (a *App) paste(msg tea.PasteMsg) tea.Cmd {
	if a.foot.modal() {
		return a.foot.Update(msg)
	}
	if l, ok := a.front().(listener); ok {
		return l.Update(msg)
	}
	return nil
}

// browse starts a browser that uses the proxy. It is called apart from the screen.
func (a *App) browse(name string) (string, error) {
	addrs := a.engine.Addrs()
	if len(addrs) == 0 {
		addrs = []string{""}
	}
	return a.browsers.Start(name, addrs[0], a.ca)
}

// noEngine stands in where there is no proxy.
type noEngine struct{}

var errNoEngine = errors.New("there is no proxy running here")

func (noEngine) Resume(flow.ID, *flow.Edit) bool    { return false }
func (noEngine) Kill(flow.ID) bool                  { return false }
func (noEngine) Replay(*flow.Flow) error            { return errNoEngine }
func (noEngine) ReplayCount() int                   { return 0 }
func (noEngine) StopReplay()                        {}
func (noEngine) ServeReplay([]*flow.Flow, bool) int { return 0 }
func (noEngine) ServeReplayCount() int              { return 0 }
func (noEngine) StopServeReplay()                   {}
func (noEngine) Inject(flow.ID, flow.Message) error { return errNoEngine }
func (noEngine) Clients() int                       { return 0 }
func (noEngine) Addrs() []string                    { return nil }

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
