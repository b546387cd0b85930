package actions

import (
	"context"
	"fmt"

	"sluice/proxy/command"
	"sluice/proxy/flow"
)

func (e Env) replayCommands() []command.Command {
	return []command.Command{
		{Name: "replay.client", Params: params(param("flows", command.FlowSeq)),
			Help: "Send the requests of flows again.", Run: e.replay},
		{Name: "replay.client.count", Result: command.Int, Help: "Count the replays that wait or are under way.",
			Run: func(context.Context, command.Args) (any, error) { return e.Engine.ReplayCount(), nil }},
		{Name: "replay.client.stop", Help: "Forget the replays that wait.",
			Run: func(context.Context, command.Args) (any, error) {
				e.Engine.StopReplay()
				e.Say("Client replay queue cleared.")
				return nil, nil
			}},
	}
}

func (e Env) replay(_ context.Context, args command.Args) (any, error) {
	list := flows(args[0])
	e.Go(func(context.Context) (string, error) {
		return "", e.replayAll(list)
	})
	return nil, nil
}

func (e Env) cutCommands() []command.Command {
	what := params(param("flows", command.FlowSeq), param("cuts", command.CutSpec))
	return []command.Command{
		{Name: "cut", Params: what, Result: command.Data, Help: "Cut things such as request.url out of flows.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				rows, err := CutTable(flows(args[0]), args[1].([]string))
				if err != nil {
					return nil, err
				}
				return rows, nil
			}},
		{Name: "cut.save", Params: append(what[:2:2], param("path", command.Path)),
			Help: "Cut things out of flows and save them: one as it is, several as CSV. A + before the path appends.",
			Run:  e.cutSave},
		{Name: "cut.clip", Params: what, Help: "Cut things out of flows into the clipboard.", Run: e.cutClip},
	}
}

func (e Env) cutSave(_ context.Context, args command.Args) (any, error) {
	list, specs, path := flows(args[0]), args[1].([]string), args[2].(string)
	e.Go(func(context.Context) (string, error) {
		data, single, err := CutFile(list, specs)
		if err != nil {
			return "", err
		}
		if err := Save(path, data, single); err != nil {
			return "", err
		}
		if single {
			return "Saved single cut.", nil
		}
		return fmt.Sprintf("Saved %s over %s as CSV.", count(len(specs), "cut"), count(len(list), "flow")), nil
	})
	return nil, nil
}

func (e Env) cutClip(_ context.Context, args command.Args) (any, error) {
	list, specs := flows(args[0]), args[1].([]string)
	e.Go(func(context.Context) (string, error) {
		data, single, err := CutFile(list, specs)
		if err != nil {
			return "", err
		}
		e.Clip(Text(data))
		if single {
			return "Clipped single cut.", nil
		}
		return fmt.Sprintf("Clipped %s as CSV.", count(len(specs), "cut")), nil
	})
	return nil, nil
}

func (e Env) exportCommands() []command.Command {
	format := command.Param{Name: "format", Type: command.Choice, Choices: "export.formats"}
	what := params(format, param("flow", command.Flow))
	return []command.Command{
		list("export.formats", "List the formats that flows can be exported in.", Formats),
		{Name: "export", Params: what, Result: command.Str, Help: "Show a flow in another format.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				data, err := e.export(args)
				if err != nil {
					return nil, err
				}
				return Text(data), nil
			}},
		{Name: "export.clip", Params: what, Help: "Export a flow into the clipboard.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				e.Go(func(context.Context) (string, error) {
					data, err := e.export(args)
					if err != nil {
						return "", err
					}
					e.Clip(Text(data))
					return "Exported to the clipboard.", nil
				})
				return nil, nil
			}},
		{Name: "export.file", Params: append(what[:2:2], param("path", command.Path)),
			Help: "Export a flow to a file.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				e.Go(func(context.Context) (string, error) {
					data, err := e.export(args)
					if err != nil {
						return "", err
					}
					return "Exported to " + args[2].(string) + ".", Save(args[2].(string), data, false)
				})
				return nil, nil
			}},
	}
}

func (e Env) export(args command.Args) ([]byte, error) {
	return Export(args[0].(string), args[1].(*flow.Flow), e.Options.Bool("export_preserve_original_ip"))
}
