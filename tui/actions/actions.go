// Package actions has the commands that act on flows, options and files and
// know nothing of a screen: flow.*, replay.client*, cut*, export*, set, options.*.
//
// What they do at once they do on the goroutine that runs the command; what may
// take long they hand to Env.Go.
package actions

import (
	"context"
	"fmt"
	"iter"

	"sluice/flowstore"
	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// An Engine is what commands need of the running proxy. Its methods may be
// called from any goroutine and do not wait for the network.
type Engine interface {
	// Resume lets a held flow go on with an edit, nil for none. It is false if the flow is not held.
	Resume(id flow.ID, edit *flow.Edit) bool
	// Kill ends a live flow. It is false if there was nothing to end.
	Kill(id flow.ID) bool
	// Replay sends the request of a snapshot again.
	Replay(f *flow.Flow) error
	// ReplayCount is how many replays wait or are under way; StopReplay forgets those that wait.
	ReplayCount() int
	StopReplay()
	// ServeReplay answers requests with the responses of flows, in the place of or beside those that are there, and
	// returns how many of them can be given. ServeReplayCount is how many still can; StopServeReplay forgets them.
	ServeReplay(flows []*flow.Flow, add bool) int
	ServeReplayCount() int
	StopServeReplay()
	// Inject puts a message into a live flow. The error says why that flow takes none.
	Inject(id flow.ID, m flow.Message) error
	// Clients is how many clients are connected.
	Clients() int
	// Addrs are the addresses that the proxy listens on.
	Addrs() []string
}

// Env is what commands act on.
type Env struct {
	Store   *flowstore.Store
	Engine  Engine
	Options *option.Options
	// Say shows a line to the person. It may be called from any goroutine.
	Say func(text string)
	// Go runs work apart from the screen and shows the line or the error that it returns.
	Go func(work func(ctx context.Context) (string, error))
	// Clip puts text into the clipboard.
	Clip func(text string)
	// Browse starts a browser that uses the proxy, and returns what to say about it.
	Browse func(name string) (string, error)
	// Read reads the flows of a file; an error is the last of them, that of ctx if it ends before. Nil: files cannot be read.
	Read func(ctx context.Context, path string) iter.Seq2[*flow.Flow, error]
}

// Commands returns the commands of this package.
func Commands(env Env) []command.Command {
	cmds := append(env.flowCommands(), env.messageCommands()...)
	cmds = append(cmds, env.replayCommands()...)
	cmds = append(cmds, env.replayFileCommands()...)
	cmds = append(cmds, env.cutCommands()...)
	cmds = append(cmds, env.exportCommands()...)
	cmds = append(cmds, env.optionCommands()...)
	cmds = append(cmds, env.injectCommands()...)
	cmds = append(cmds, env.browserCommand(), env.clientsCommand(), env.saveFileCommand(), env.saveHARCommand())
	return append(cmds, scriptCommand())
}

func flows(v any) []*flow.Flow { return v.([]*flow.Flow) }

func ids(list []*flow.Flow) []flow.ID {
	out := make([]flow.ID, len(list))
	for i, f := range list {
		out[i] = f.ID
	}
	return out
}

// count writes a number of things: 1 flow, 2 flows.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func params(ps ...command.Param) []command.Param { return ps }

func param(name string, t command.Type) command.Param { return command.Param{Name: name, Type: t} }

// list is a command that returns a fixed list.
func list(name, help string, items func() []string) command.Command {
	return command.Command{Name: name, Result: command.StrSeq, Help: help,
		Run: func(context.Context, command.Args) (any, error) { return items(), nil }}
}
