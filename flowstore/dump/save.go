package dump

import (
	"context"
	"errors"

	"sluice/proxy/flow"
)

// Save writes flows to a file, behind what is in it if appending is set. It returns how many were written: those for
// which the format has no place are left out, and the error says so, once.
func Save(ctx context.Context, path string, appending bool, format Format, flows []*flow.Flow) (n int, err error) {
	file, err := Open(path, appending, format)
	if err != nil {
		return 0, err
	}
	var unfit error
	for _, f := range flows {
		err := ctx.Err()
		if err == nil {
			err = file.Add(f)
		}
		if _, failed := errors.AsType[*WriteError](err); failed || ctx.Err() != nil {
			return n, errors.Join(err, file.Close())
		}
		if err == nil {
			n++
		} else if unfit == nil {
			unfit = err
		}
	}
	return n, errors.Join(file.Close(), unfit)
}
