package actions

import (
	"context"
	"fmt"

	"sluice/proxy/command"
)

// What commands wait for.
const (
	waitFiles   = "flow files come with a later version"
	waitScripts = "scripts come with a later version"
)

// laterCommands have names and keys that are settled, and answer in one line that they are not there yet.
func laterCommands() []command.Command {
	path := params(param("path", command.Path))
	flows := params(param("flows", command.FlowSeq))
	both := append(flows[:1:1], path[0])
	return []command.Command{
		later("save.file", "Save flows to a flow file.", waitFiles, both),
		later("view.flows.load", "Load flows from a flow file.", waitFiles, path),
		later("script.run", "Run a script on flows.", waitScripts, both),
	}
}

func later(name, help, wait string, ps []command.Param) command.Command {
	return command.Command{Name: name, Params: ps, Help: help + " Not available yet.", Run: func(context.Context, command.Args) (any, error) {
		return nil, fmt.Errorf("%s is not available yet: %s", name, wait)
	}}
}
