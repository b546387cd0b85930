package dump

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"sluice/proxy/flow"
)

// Save writes flows to a file, behind what is in it if appending is set. It returns how many were written, and what a
// person should know of the file: flows for which the format has no place are left out, and the error says so, once. What was in the
// file is lost only when all is written.
func Save(ctx context.Context, path string, appending bool, format Format, flows []*flow.Flow) (n int, notices []string, err error) {
	write := func(path string) (n int, all bool, err error) {
		file, err := Open(path, appending, format)
		if errors.Is(err, fs.ErrNotExist) {
			return 0, false, fmt.Errorf("%w: choose a folder that is there, or make this one", err)
		}
		if err != nil {
			return 0, false, err
		}
		notices = file.Notices()
		return save(ctx, file, flows)
	}
	if appending {
		n, _, err = write(path)
	} else {
		n, err = Replace(path, write)
	}
	return n, notices, err
}

// save writes flows and closes the file. Flows for which the format has no place are no reason for not being all.
func save(ctx context.Context, file *File, flows []*flow.Flow) (n int, all bool, err error) {
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
			return n, false, errors.Join(err, file.Close())
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
	return n, err == nil, errors.Join(err, unfit)
}
