package actions

import (
	"context"
	"fmt"

	"sluice/proxy/command"
)

// What commands wait for.
const (
	waitScripts = "scripts come with a later version"
)

// laterCommands have names and keys that are settled, and answer in one line that they are not there yet.
func laterCommands() []command.Command {
	flows := params(param("flows", command.FlowSeq))
	both := append(flows[:1:1], param("path", command.Path))
	return []command.Command{
		later("script.run", "Run a script on flows.", waitScripts, both),
	}
}

func later(name, help, wait string, ps []command.Param) command.Command {
	return command.Command{Name: name, Params: ps, Help: help + " Not available yet.", Run: func(context.Context, command.Args) (any, error) {
		return nil, fmt.Errorf("%s is not available yet: %s", name, wait)
	}}
}
