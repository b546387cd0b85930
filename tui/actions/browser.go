package actions

import (
	"context"

	"sluice/proxy/command"
)

func (e Env) clientsCommand() command.Command {
	return command.Command{Name: "proxyserver.active_connections", Result: command.Int, Help: "Count the clients that are connected.",
		Run: func(context.Context, command.Args) (any, error) { return e.Engine.Clients(), nil }}
}

func (e Env) browserCommand() command.Command {
	return command.Command{Name: "browser.start", Params: params(command.Param{Name: "browser", Type: command.Choice, Choices: "browser.options", Default: "chrome"}),
		Help: "Start a browser that uses the proxy, with a profile that is thrown away: chrome, chromium or firefox.",
		Run: func(_ context.Context, args command.Args) (any, error) {
			e.Go(func(context.Context) (string, error) { return e.Browse(args[0].(string)) })
			return nil, nil
		}}
}
