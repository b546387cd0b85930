package dump

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"sluice/proxy/flow"
)

// Save writes flows to a file, behind what is in it if appending is set. It returns how many were written, and what a
// person should know of the file: flows for which the format has no place are left out, and the error says so, once.
func Save(ctx context.Context, path string, appending bool, format Format, flows []*flow.Flow) (n int, notices []string, err error) {
	file, err := Open(path, appending, format)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil, fmt.Errorf("%w: choose a folder that is there, or make this one", err)
	}
	if err != nil {
		return 0, nil, err
	}
	notices = file.Notices()
	var unfit error
	for _, f := range flows {
		err := ctx.Err()
		if err == nil {
			err = file.Add(f)
		}
		lost, failed := errors.AsType[*WriteError](err)
		if failed {
			n += 1 - lost.Flows // which those are that were to be written together
		}
		if failed || ctx.Err() != nil {
			return n, notices, errors.Join(err, file.Close())
		}
		if err == nil {
			n++
		} else if unfit == nil {
			unfit = err
		}
	}
	err = file.Close()
	if lost, failed := errors.AsType[*WriteError](err); failed {
		n -= lost.Flows
	}
	return n, notices, errors.Join(err, unfit)
}
