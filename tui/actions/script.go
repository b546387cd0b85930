package actions

import (
	"context"
	"errors"

	"sluice/proxy/command"
)

// scriptCommand has a name and a key that are settled, and answers in one line that it is not there yet.
func scriptCommand() command.Command {
	return command.Command{Name: "script.run", Params: params(param("flows", command.FlowSeq), param("path", command.Path)),
		Help: "Run a script on flows. Not available yet: change flows at the prompt, or messages by rules such as modify_body.", Run: func(context.Context, command.Args) (any, error) {
			return nil, errors.New("script.run is not available yet: change flows at the prompt, or messages by rules such as modify_body")
		}}
}
