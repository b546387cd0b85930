package tui

import (
	"context"
	"fmt"
	"time"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/tui/actions"
)

func orders() []string { return []string{"method", "size", "time", "url"} }

// viewCommands are those about what is shown, and in which order.
func (a *App) viewCommands() []command.Command {
	return []command.Command{
		{Name: "view.focus.go", Params: params(param("offset", command.Int)),
			Help: "Focus the flow at an index; negative ones count from the end.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				a.view.Go(args[0].(int))
				return nil, nil
			}},
		does("view.focus.next", "Focus the next flow.", func() error { a.view.Next(); return nil }),
		does("view.focus.prev", "Focus the previous flow.", func() error { a.view.Prev(); return nil }),
		lists("view.order.options", "List the orders of flows.", orders),
		{Name: "view.order", Result: command.Str, Help: "Return the order of flows.",
			Run: func(context.Context, command.Args) (any, error) { return a.options.Str("view_order"), nil }},
		{Name: "view.order.set", Params: params(choice("order_key", "view.order.options")),
			Help: "Set the order of flows.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				return nil, a.options.Update(map[string]any{"view_order": args[0]})
			}},
		{Name: "view.order.reverse", Params: params(param("boolean", command.Bool)),
			Help: "Turn the order of flows around.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				return nil, a.options.Update(map[string]any{"view_order_reversed": args[0]})
			}},
		{Name: "view.filter.set", Params: params(command.Param{Name: "filter_expr", Type: command.Str, Pattern: true}),
			Help: "Show only flows that match a filter.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				if args[0] == "" {
					return nil, a.options.Set("view_filter")
				}
				return nil, a.options.Set("view_filter=" + args[0].(string))
			}},
		does("view.clear", "Forget all flows.", func() error { a.store.Clear(); return nil }),
		does("view.clear_unmarked", "Forget all flows without a mark.", func() error { a.store.ClearUnmarked(); return nil }),
		{Name: "view.properties.length", Result: command.Int, Help: "Return how many flows are shown.",
			Run: func(context.Context, command.Args) (any, error) { return a.view.Len(), nil }},
		{Name: "view.properties.marked", Result: command.Bool, Help: "Return whether only marked flows are shown.",
			Run: func(context.Context, command.Args) (any, error) { return a.marked, nil }},
		does("view.properties.marked.toggle", "Show only marked flows, or all again.", func() error {
			a.marked = !a.marked
			a.later(a.requery())
			return nil
		}),
		{Name: "view.properties.inbounds", Params: params(param("index", command.Int)), Result: command.Bool,
			Help: "Return whether there is a flow at an index.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				i := args[0].(int)
				return i >= 0 && i < a.view.Len(), nil
			}},
	}
}

// viewFlowCommands are those about the flows of the view.
func (a *App) viewFlowCommands() []command.Command {
	many := params(param("flows", command.FlowSeq))
	key := param("key", command.Str)
	return []command.Command{
		{Name: "view.flows.duplicate", Params: many, Help: "Duplicate flows.", Run: a.duplicate},
		{Name: "view.flows.remove", Params: many,
			Help: "Remove flows; those that are alive are killed.", Run: a.remove},
		{Name: "view.flows.resolve", Params: params(param("flow_spec", command.Str)), Result: command.FlowSeq,
			Help: "Return the flows of a flow spec.",
			Run:  a.resolveSpec},
		{Name: "view.flows.create", Params: params(param("method", command.Str), param("url", command.Str)),
			Help: "Create a flow to send.", Run: a.create},
		{Name: "view.settings.getval", Result: command.Str,
			Params: params(param("flow", command.Flow), key, param("default", command.Str)),
			Help:   "Return what was remembered with a flow.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				if v := a.store.Setting(args[0].(*flow.Flow).ID, args[1].(string)); v != "" {
					return v, nil
				}
				return args[2], nil
			}},
		{Name: "view.settings.setval", Params: append(many[:1:1], key, param("value", command.Str)),
			Help: "Remember something with flows.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				a.store.SetSetting(args[1].(string), args[2].(string), idsOf(args[0])...)
				return nil, nil
			}},
		{Name: "view.settings.setval.toggle", Params: append(many[:1:1], key),
			Help: "Switch what is remembered with flows between true and false.",
			Run: func(_ context.Context, args command.Args) (any, error) {
				for _, id := range idsOf(args[0]) {
					value := "true"
					if a.store.Setting(id, args[1].(string)) == "true" {
						value = "false"
					}
					a.store.SetSetting(args[1].(string), value, id)
				}
				if args[1] == "fullcontents" { // which bodies always are: the view makes the lines that show
					a.say("The whole body is here: scroll, or search it with /.")
				}
				return nil, nil
			}},
	}
}

func idsOf(v any) []flow.ID {
	flows := v.([]*flow.Flow)
	ids := make([]flow.ID, len(flows))
	for i, f := range flows {
		ids[i] = f.ID
	}
	return ids
}

func (a *App) duplicate(_ context.Context, args command.Args) (any, error) {
	copies := a.store.Duplicate(idsOf(args[0])...)
	a.view.Sync()
	if len(copies) > 0 && a.view.IndexOf(copies[0]) >= 0 {
		if err := a.view.SetFocus(copies[0]); err != nil {
			return nil, err
		}
	}
	a.say(fmt.Sprintf("Duplicated %s.", plural(len(copies), "flow")))
	return nil, nil
}

func (a *App) remove(_ context.Context, args command.Args) (any, error) {
	flows := args[0].([]*flow.Flow)
	for _, f := range flows {
		if f.Killable() {
			a.engine.Kill(f.ID)
		}
	}
	a.store.Remove(idsOf(args[0])...)
	if len(flows) > 1 {
		a.say(fmt.Sprintf("Removed %s.", plural(len(flows), "flow")))
	}
	return nil, nil
}

// resolveSpec finds the flows of a spec; those of a filter only if the line was run by a person.
func (a *App) resolveSpec(_ context.Context, args command.Args) (any, error) {
	spec := args[0].(string)
	if _, err := filter.Parse(spec); len(spec) > 0 && spec[0] != '@' && err != nil {
		return nil, err
	}
	flows, err := a.Resolve(spec)
	if err != nil {
		return nil, err
	}
	return flows, nil
}

func (a *App) create(_ context.Context, args command.Args) (any, error) {
	f, err := actions.Create(args[0].(string), args[1].(string), time.Now())
	if err != nil {
		return nil, err
	}
	a.store.Put(f)
	a.view.Sync()
	if a.view.IndexOf(f.ID) >= 0 {
		return nil, a.view.SetFocus(f.ID)
	}
	return nil, nil
}
