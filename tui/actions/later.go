package actions

import (
	"context"
	"fmt"

	"sluice/proxy/command"
)

// later are commands whose names and keys are settled, with what they wait for.
var later = []struct {
	name, help, wait string
	params           []command.Param
}{
	{"save.file", "Save flows to a flow file.", "flow files come with a later version",
		params(param("flows", command.FlowSeq), param("path", command.Path))},
	{"save.har", "Save flows to an HTTP archive.", "HTTP archives come with a later version",
		params(param("flows", command.FlowSeq), param("path", command.Path))},
	{"view.flows.load", "Load flows from a flow file.", "flow files come with a later version", params(param("path", command.Path))},
	{"replay.client.file", "Replay the requests of a flow file.", "flow files come with a later version", params(param("path", command.Path))},
	{"replay.server", "Answer requests with the responses of flows.", "server replay comes with a later version", params(param("flows", command.FlowSeq))},
	{"replay.server.add", "Add flows to the server replay.", "server replay comes with a later version", params(param("flows", command.FlowSeq))},
	{"replay.server.file", "Answer requests from a flow file.", "server replay comes with a later version", params(param("path", command.Path))},
	{"replay.server.stop", "Stop the server replay.", "server replay comes with a later version", nil},
	{"script.run", "Run a script on flows.", "scripts come with a later version",
		params(param("flows", command.FlowSeq), param("path", command.Path))},
	{"browser.start", "Start an attached browser.", "set your browser's proxy to sluice by hand",
		params(command.Param{Name: "browser", Type: command.Str, Default: "chrome"})},
	{"inject.websocket", "Inject a WebSocket message.", "injecting comes with a later version",
		params(param("flow", command.Flow), param("to_client", command.Bool), param("message", command.Bytes),
			command.Param{Name: "is_text", Type: command.Bool, Default: true})},
	{"inject.tcp", "Inject a TCP message.", "injecting comes with a later version",
		params(param("flow", command.Flow), param("to_client", command.Bool), param("message", command.Bytes))},
	{"inject.udp", "Inject a UDP message.", "injecting comes with a later version",
		params(param("flow", command.Flow), param("to_client", command.Bool), param("message", command.Bytes))},
}

// laterCommands answer in one line that they are not there yet.
func laterCommands() []command.Command {
	cmds := make([]command.Command, 0, len(later))
	for _, l := range later {
		cmds = append(cmds, command.Command{Name: l.name, Params: l.params, Help: l.help,
			Run: func(context.Context, command.Args) (any, error) {
				return nil, fmt.Errorf("%s is not available yet: %s", l.name, l.wait)
			}})
	}
	return cmds
}
