package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"sluice/flowstore/dump"
	"sluice/flowstore/har"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// How many flows of a file go on together, and how long the first of them waits for the others.
const (
	readBatch = 256
	readPause = 100 * time.Millisecond
)

// readFlows reads the flows of a file one after the other, those of the standard input for "-"; an error is the last of them.
// It is what rfile, -C, -S and the commands that load and replay files read with.
func readFlows(path string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		in := os.Stdin
		if path != "-" {
			file, err := os.Open(option.ExpandHome(path))
			if err != nil {
				yield(nil, fmt.Errorf("cannot read flows: %w", err))
				return
			}
			defer file.Close()
			in = file
		}
		readFrom(in)(func(f *flow.Flow, err error) bool {
			if err != nil {
				err = fmt.Errorf("cannot read all of %s: %w", path, err)
			}
			return yield(f, err)
		})
	}
}

// readFrom reads a flow file or an HTTP archive, whichever it is.
func readFrom(r io.Reader) iter.Seq2[*flow.Flow, error] {
	in := bufio.NewReader(r)
	if first, err := in.Peek(1); err != nil || '0' <= first[0] && first[0] <= '9' {
		return dump.Read(in)
	}
	if front, _ := in.Peek(512); har.Is(front) {
		return readArchive(in)
	}
	return dump.Read(in)
}

// readArchive leaves out the entries of an archive that are no flows. How many these are is an error at the end.
func readArchive(r io.Reader) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		var first error
		bad := 0
		for f, err := range har.Read(r) {
			if _, entry := errors.AsType[*har.EntryError](err); entry {
				first = cmp.Or(first, err)
				bad++
			} else if !yield(f, err) || err != nil {
				return
			}
		}
		if bad > 0 {
			yield(nil, fmt.Errorf("%d of its entries were left out, the first because: %w", bad, first))
		}
	}
}

// loadAtStart sends the flows of rfile that readfile_filter lets through, in batches, until ctx ends.
func loadAtStart(ctx context.Context, opts *option.Options, to chan<- []*flow.Flow) error {
	path := opts.Str("rfile")
	if path == "" {
		return nil
	}
	wanted, err := filterOf(opts, "readfile_filter")
	if err != nil {
		return err
	}
	var batch []*flow.Flow
	send := func() bool {
		if len(batch) == 0 {
			return true
		}
		select {
		case to <- batch:
			batch = nil
			return true
		case <-ctx.Done():
			return false
		}
	}
	since, n := time.Now(), 0
	for f, bad := range readFlows(path) {
		if bad != nil {
			err = bad
			break
		}
		if n++; wanted.Match(f) {
			batch = append(batch, f)
		}
		if len(batch) >= readBatch || time.Since(since) > readPause {
			if since = time.Now(); !send() {
				return nil
			}
		}
	}
	send()
	return counted(err, n)
}

// counted says how many flows were read before an error.
func counted(err error, n int) error {
	if _, damaged := errors.AsType[*dump.Error](err); !damaged || n == 0 {
		return err
	}
	return fmt.Errorf("%w (%d flows were read)", err, n)
}

// filterOf returns the filter that an option says, nil for none.
func filterOf(opts *option.Options, name string) (*filter.Filter, error) {
	expr := opts.Str(name)
	if expr == "" {
		return nil, nil
	}
	f, err := filter.Parse(expr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
