package actions

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"sluice/flowstore/dump"
	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

func (e Env) saveFileCommand() command.Command {
	return command.Command{Name: "save.file", Params: params(param("flows", command.FlowSeq), param("path", command.Path)),
		Help: "Save flows to a flow file. A + before the path appends.", Run: e.saveFile}
}

func (e Env) saveFile(_ context.Context, args command.Args) (any, error) {
	list := flows(args[0])
	path, appending := strings.CutPrefix(args[1].(string), "+")
	if strings.TrimSpace(path) == "" {
		return nil, errors.New("a path is needed, as in: ./flows.mitm")
	}
	format := dump.Newest
	if e.Options.Int("save_format") == 8 {
		format = dump.Old
	}
	e.Go(func(ctx context.Context) (string, error) {
		n, notices, err := dump.Save(ctx, option.ExpandHome(path), appending, format, list)
		if err == nil {
			return "Saved " + count(n, "flow") + " to " + path + "." + missing(list) + said(notices) + archive(path), nil
		}
		return "", fmt.Errorf("%s of %d were saved: %w", count(n, "flow"), len(list), err)
	})
	return nil, nil
}

// archive tells who names a flow file like an HTTP archive how to have one.
func archive(path string) string {
	if ext := strings.ToLower(filepath.Ext(path)); ext == ".har" || ext == ".zhar" {
		return " This is a flow file: save.har makes an HTTP archive."
	}
	return ""
}

// said is what there is to know of a file besides.
func said(notices []string) string {
	if len(notices) == 0 {
		return ""
	}
	return " " + strings.Join(notices, ". ") + "."
}

// missing says how many flows were saved without bodies that the store let go.
func missing(list []*flow.Flow) string {
	n := 0
	for _, f := range list {
		if f.Request != nil && f.Request.Body.Gap() == flow.Dropped || f.Response != nil && f.Response.Body.Gap() == flow.Dropped {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return " " + count(n, "flow") + " had lost bodies, to bound memory."
}
