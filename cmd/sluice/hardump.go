package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sluice/flowstore"
	"sluice/flowstore/har"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// standardOutput is the path that stands for it.
const standardOutput = "-"

// checkHARDump finds out whether the file that hardump names can be written, and leaves it as it is.
func checkHARDump(opts *option.Options) error {
	path := harPath(opts)
	if path == "" || path == standardOutput {
		return nil
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the HTTP archive that hardump names: %w", err)
	}
	err = f.Close()
	if errors.Is(missing, os.ErrNotExist) {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func harPath(opts *option.Options) string { return option.ExpandHome(opts.Str("hardump")) }

// wantedInHAR returns what tells the flows that belong into hardump. A
// CONNECT request that went well does not: what passed through the tunnel does.
func wantedInHAR(opts *option.Options) (func(*flow.Flow) bool, error) {
	var only *filter.Filter
	if expr := opts.Str("save_stream_filter"); expr != "" {
		var err error
		if only, err = filter.Parse(expr); err != nil {
			return nil, err
		}
	}
	return func(f *flow.Flow) bool {
		if f.Request == nil || f.Request.Method == "CONNECT" && f.Error == nil && (f.Response == nil || f.Response.Status/100 == 2) {
			return false
		}
		return only.Match(f)
	}, nil
}

// A harDump writes flows to an HTTP archive as they end, so that it need not keep
// them. Its zero value takes flows and does nothing.
type harDump struct {
	archive interface {
		Write(f *flow.Flow) error
		Close() error
	}
	spool *os.File // what goes to the standard output at the end, when nothing else is printed any more
	wants func(*flow.Flow) bool
}

// openHARDump begins the archive that the option hardump names, if it does. What was in its file is lost.
func openHARDump(opts *option.Options) (*harDump, error) {
	path := harPath(opts)
	wants, err := wantedInHAR(opts)
	if path == "" || err != nil {
		return &harDump{}, err
	}
	if path != standardOutput {
		archive, err := har.Create(path)
		if err != nil {
			return &harDump{}, err
		}
		return &harDump{archive: archive, wants: wants}, nil
	}
	spool, err := os.CreateTemp("", "sluice-*.har")
	if err != nil {
		return &harDump{}, fmt.Errorf("cannot keep the HTTP archive for the standard output: %w", err)
	}
	return &harDump{archive: har.NewWriter(spool, false), spool: spool, wants: wants}, nil
}

// Put takes snapshots, and writes the flows that have ended. Close returns the first error.
func (d *harDump) Put(batch []*flow.Flow) {
	if d.archive == nil {
		return
	}
	for _, f := range batch {
		if !f.Live && !f.Intercepted && d.wants(f) {
			_ = d.archive.Write(f)
		}
	}
}

// Close ends the archive. Nothing may be printed to the standard output meanwhile.
func (d *harDump) Close() error {
	if d.archive == nil {
		return nil
	}
	err := d.archive.Close()
	if d.spool == nil {
		return err
	}
	defer os.Remove(d.spool.Name())
	defer d.spool.Close()
	if err == nil {
		_, err = d.spool.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(os.Stdout, d.spool)
	}
	if err != nil {
		return fmt.Errorf("cannot write the HTTP archive to the standard output: %w", err)
	}
	return nil
}

// saveHARDump writes what a store has to the archive that the option hardump names now, if it does.
func saveHARDump(opts *option.Options, store *flowstore.Store) error {
	path := harPath(opts)
	wants, err := wantedInHAR(opts)
	if path == "" || err != nil {
		return err
	}
	flows := func(yield func(*flow.Flow) bool) {
		store.Each(func(f *flow.Flow) bool { return !wants(f) || yield(f) })
	}
	if path != standardOutput {
		_, err := har.Save(context.Background(), path, flows)
		return err
	}
	w := har.NewWriter(os.Stdout, false)
	for f := range flows {
		if w.Write(f) != nil {
			break // Close says why
		}
	}
	return w.Close()
}
