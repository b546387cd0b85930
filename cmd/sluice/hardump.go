package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"sluice/flowstore"
	"sluice/flowstore/dump"
	"sluice/flowstore/har"
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
	for _, other := range []string{"rfile", "save_stream_file"} {
		if name := strings.TrimPrefix(opts.Str(other), "+"); name != "" && (sameFile(name, path) || option.ExpandHome(name) == path) {
			return fmt.Errorf("hardump and %s are both %s: write to another file", other, name)
		}
	}
	if name, in := replayed(opts, path); name != "" {
		return fmt.Errorf("hardump and %s are both %s: write to another file", name, in)
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the HTTP archive that hardump names: %w", err)
	}
	if _, err = dump.Claim(f); err != nil {
		err = fmt.Errorf("cannot write the HTTP archive that hardump names: %s: %w: choose another file", path, err)
	}
	err = errors.Join(err, f.Close())
	if errors.Is(missing, os.ErrNotExist) {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func harPath(opts *option.Options) string { return option.ExpandHome(opts.Str("hardump")) }

// A harDump writes flows to an HTTP archive as they end, so that it need not keep them, and never has whoever gives it flows
// wait for a disk. Its zero value takes flows and does nothing.
type harDump struct {
	stream *dump.Stream
	spool  string // the file of what goes to the standard output at the end, when nothing else is printed any more
}

// openHARDump begins the archive that the option hardump names, if it does. What was in its file is lost.
func openHARDump(opts *option.Options, log *slog.Logger) (*harDump, error) {
	d, path := &harDump{}, harPath(opts)
	wanted, err := filterOf(opts, "save_stream_filter")
	if path == "" || err != nil {
		return d, err
	}
	if path == standardOutput {
		file, err := os.CreateTemp("", "sluice-*.har")
		if err != nil {
			return d, fmt.Errorf("cannot keep the HTTP archive for the standard output: %w", err)
		}
		file.Close()
		path, d.spool = file.Name(), file.Name()
	}
	d.stream = dump.NewStream(log)
	open := func(path string) (dump.Output, error) { return har.Create(path) }
	return d, d.stream.Set(dump.Target{Path: path, Filter: wanted, Open: open})
}

// Put takes snapshots in the order in which they were published.
func (d *harDump) Put(batch []*flow.Flow) {
	if d.stream != nil {
		d.stream.Put(batch)
	}
}

// Feed is Put for flows that can wait, and that waits until there are few.
func (d *harDump) Feed(batch []*flow.Flow) {
	if d.stream != nil {
		d.stream.Feed(batch)
	}
}

// Close ends the archive. Nothing may be printed to the standard output meanwhile.
func (d *harDump) Close() error {
	if d.stream == nil {
		return nil
	}
	err := d.stream.Close()
	if d.spool == "" {
		return err
	}
	defer os.Remove(d.spool)
	if lost, ok := errors.AsType[*dump.MissingError](err); ok {
		lost.Path = "the standard output"
	}
	spool, bad := os.Open(d.spool)
	if bad == nil {
		defer spool.Close()
		_, bad = io.Copy(os.Stdout, spool)
	}
	if bad != nil {
		err = errors.Join(err, fmt.Errorf("cannot write the HTTP archive to the standard output: %w", bad))
	}
	return err
}

// saveHARDump writes what a store has to the archive that the option hardump names now, if it does.
func saveHARDump(opts *option.Options, store *flowstore.Store) error {
	path := harPath(opts)
	wanted, err := filterOf(opts, "save_stream_filter")
	if path == "" || err != nil {
		return err
	}
	flows := func(yield func(*flow.Flow) bool) {
		store.Each(func(f *flow.Flow) bool { return f.OpensTunnel() || !wanted.Match(f) || yield(f) })
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
