package actions

import (
	"context"
	"fmt"
	"slices"

	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

func (e Env) flowCommands() []command.Command {
	one := params(param("flows", command.FlowSeq))
	return []command.Command{
		{Name: "flow.resume", Params: one, Help: "Resume flows that are intercepted.", Run: e.resume},
		{Name: "flow.kill", Params: one, Help: "Kill running flows.", Run: e.kill},
		{Name: "flow.revert", Params: one, Help: "Revert changes to flows.", Run: e.revert},
		{Name: "flow.mark", Params: params(param("flows", command.FlowSeq), param("marker", command.Marker)),
			Help: "Mark flows.", Run: e.mark},
		{Name: "flow.mark.toggle", Params: one,
			Help: "Mark flows that have no mark and unmark those that have.", Run: e.markToggle},
		{Name: "flow.comment", Params: params(param("flow", command.FlowSeq), param("comment", command.Str)),
			Help: "Add a comment to flows.", Run: e.comment},
	}
}

func (e Env) messageCommands() []command.Command {
	part := params(param("flows", command.FlowSeq), param("part", command.Str))
	choice := func(name, from string) command.Param {
		return command.Param{Name: name, Type: command.Choice, Choices: from}
	}
	return []command.Command{
		list("flow.set.options", "List what flow.set can set.", Attributes),
		{Name: "flow.set", Params: append(part[:1:1], choice("attr", "flow.set.options"), param("value", command.Str)),
			Help: "Set an attribute of flows.", Run: e.set},
		{Name: "flow.decode", Params: part, Help: "Undo the content coding of the request or the response of flows.",
			Run: e.rewrite(Decode)},
		list("flow.encode.options", "List the content codings that flow.encode can apply.", coding.Names),
		{Name: "flow.encode", Params: append(part[:2:2], choice("encoding", "flow.encode.options")),
			Help: "Apply a content coding to the request or the response of flows.",
			Run: func(ctx context.Context, args command.Args) (any, error) {
				encode := func(f *flow.Flow, part string) error { return Encode(f, part, args[2].(string)) }
				return e.rewrite(encode)(ctx, args)
			}},
		{Name: "flow.encode.toggle", Params: part,
			Help: "Decode what is encoded and encode what is not.", Run: e.rewrite(Toggle)},
	}
}

func (e Env) resume(_ context.Context, args command.Args) (any, error) {
	for _, f := range flows(args[0]) {
		if f.Intercepted {
			e.Engine.Resume(f.ID, e.Store.PendingEdit(f.ID))
		}
	}
	return nil, nil
}

func (e Env) kill(_ context.Context, args command.Args) (any, error) {
	n := 0
	for _, f := range flows(args[0]) {
		if f.Killable() && e.Engine.Kill(f.ID) {
			n++
		}
	}
	e.Say("Killed " + count(n, "flow") + ".")
	return nil, nil
}

func (e Env) revert(_ context.Context, args command.Args) (any, error) {
	e.Say("Reverted " + count(e.Store.Revert(ids(flows(args[0]))...), "flow") + ".")
	return nil, nil
}

func (e Env) mark(_ context.Context, args command.Args) (any, error) {
	e.Store.SetMark(args[1].(string), ids(flows(args[0]))...)
	return nil, nil
}

func (e Env) markToggle(_ context.Context, args command.Args) (any, error) {
	var on, off []flow.ID
	for _, f := range flows(args[0]) {
		if f.Marked == "" {
			on = append(on, f.ID)
		} else {
			off = append(off, f.ID)
		}
	}
	e.Store.SetMark(command.DefaultMarker, on...)
	e.Store.SetMark("", off...)
	return nil, nil
}

func (e Env) comment(_ context.Context, args command.Args) (any, error) {
	for _, f := range flows(args[0]) {
		e.Store.SetComment(f.ID, args[1].(string))
	}
	return nil, nil
}

func (e Env) set(_ context.Context, args command.Args) (any, error) {
	attr, value := args[1].(string), args[2].(string)
	n := 0
	for _, f := range flows(args[0]) {
		has := false
		err := e.Store.Edit(f.ID, func(f *flow.Flow) (err error) {
			has, err = Set(f, attr, value)
			return err
		})
		if err != nil {
			return nil, err
		}
		if has {
			n++
		}
	}
	e.Say("Set " + attr + " on " + count(n, "flow") + ".")
	return nil, nil
}

// rewrite is a command that changes the body of one part of each flow, apart from the screen.
func (e Env) rewrite(change func(f *flow.Flow, part string) error) func(context.Context, command.Args) (any, error) {
	return func(_ context.Context, args command.Args) (any, error) {
		list, part := flows(args[0]), args[1].(string)
		if _, err := message(&flow.Flow{}, part); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(list, func(f *flow.Flow) bool { return messageOf(f, part) != nil }) {
			return nil, fmt.Errorf("no HTTP %s in %s", part, count(len(list), "flow"))
		}
		e.Go(func(ctx context.Context) (string, error) {
			for _, f := range list {
				if err := ctx.Err(); err != nil {
					return "", err
				}
				if err := e.Store.Edit(f.ID, func(f *flow.Flow) error { return change(f, part) }); err != nil {
					return "", err
				}
			}
			return "", nil
		})
		return nil, nil
	}
}
