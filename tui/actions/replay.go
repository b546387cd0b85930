package actions

import (
	"context"
	"errors"
	"fmt"

	"sluice/proxy/command"
	"sluice/proxy/flow"
)

// replayFileCommands replay what is in files, and answer requests with what was recorded.
func (e Env) replayFileCommands() []command.Command {
	path, list := params(param("path", command.Path)), params(param("flows", command.FlowSeq))
	serve := func(add bool) func(context.Context, command.Args) (any, error) {
		return func(_ context.Context, args command.Args) (any, error) {
			text, err := e.serve(flows(args[0]), add)
			if err == nil {
				e.Say(text)
			}
			return nil, err
		}
	}
	return []command.Command{
		{Name: "replay.client.file", Params: path, Help: "Send the requests of a flow file again.", Run: e.replayFile},
		{Name: "replay.server", Params: list, Help: "Answer requests with the responses of flows.", Run: serve(false)},
		{Name: "replay.server.add", Params: list, Help: "Answer requests with the responses of more flows.", Run: serve(true)},
		{Name: "replay.server.file", Params: path, Help: "Answer requests with the responses of a flow file.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				e.Go(func(ctx context.Context) (string, error) {
					list, err := e.readFlows(ctx, args[0].(string))
					if err != nil {
						return "", err
					}
					return e.serve(list, false)
				})
				return nil, nil
			}},
		{Name: "replay.server.stop", Help: "Answer no more requests with recorded responses.",
			Run: func(context.Context, command.Args) (any, error) {
				e.Engine.StopServeReplay()
				e.Say("Server replay stopped.")
				return nil, nil
			}},
		{Name: "replay.server.count", Result: command.Int, Help: "Count the recorded responses that can still be given.",
			Run: func(context.Context, command.Args) (any, error) { return e.Engine.ServeReplayCount(), nil }},
	}
}

func (e Env) serve(list []*flow.Flow, add bool) (string, error) {
	n := e.Engine.ServeReplay(list, add)
	if n == 0 && len(list) > 0 {
		return "", errors.New("none of the flows has a response that can be given again")
	}
	text := "Server replay has " + count(e.Engine.ServeReplayCount(), "response") + "."
	if n < len(list) {
		text += fmt.Sprintf(" %s of %d cannot be given again.", count(len(list)-n, "flow"), len(list))
	}
	return text, nil
}

func (e Env) replayFile(_ context.Context, args command.Args) (any, error) {
	e.Go(func(ctx context.Context) (string, error) {
		list, err := e.readFlows(ctx, args[0].(string))
		if err != nil {
			return "", err
		}
		flow.Distinct(list)
		if err := e.replayAll(list); err != nil {
			return "", err
		}
		return "Replaying " + count(len(list), "flow") + ".", nil
	})
	return nil, nil
}

// replayAll replays flows. The error says how many were not, and why the first was not.
func (e Env) replayAll(list []*flow.Flow) error {
	var errs []error
	for _, f := range list {
		if err := e.Engine.Replay(f); err != nil {
			errs = append(errs, err)
		}
	}
	if n := len(errs); n > 1 {
		return fmt.Errorf("%s of %d were not replayed: %w", count(n, "flow"), len(list), errs[0])
	}
	return errors.Join(errs...)
}

// readFlows returns the flows of a file, all or none.
func (e Env) readFlows(ctx context.Context, path string) ([]*flow.Flow, error) {
	if e.Read == nil {
		return nil, errors.New("flow files cannot be read here")
	}
	var list []*flow.Flow
	for f, err := range e.Read(ctx, path) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}
