package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sluice/flowstore/har"
	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

func (e Env) saveHARCommand() command.Command {
	return command.Command{
		Name: "save.har", Params: params(param("flows", command.FlowSeq), param("path", command.Path)),
		Help: "Save flows to an HTTP archive; one whose name ends in .zhar is compressed.",
		Run: func(_ context.Context, args command.Args) (any, error) {
			list, path := flows(args[0]), option.ExpandHome(args[1].(string))
			web := slices.DeleteFunc(slices.Clone(list), func(f *flow.Flow) bool { return f.Request == nil })
			if len(web) == 0 {
				return nil, errors.New("none of the flows is HTTP, and nothing else fits into an HTTP archive")
			}
			e.Go(func(ctx context.Context) (string, error) {
				n, err := har.Save(ctx, path, slices.Values(web))
				if err != nil {
					return "", elsewhere(err)
				}
				text := "Saved " + count(n, "flow") + " to " + path + "."
				if left := len(list) - len(web); left > 0 {
					text += fmt.Sprintf(" Left out: %s of %d, not HTTP.", count(left, "flow"), len(list))
				}
				return text, nil
			})
			return nil, nil
		},
	}
}
