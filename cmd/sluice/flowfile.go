package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"time"

	"sluice/flowstore/dump"
	"sluice/flowstore/har"
	"sluice/proxy"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// How many flows of a file go on together, how many bytes they have, and how long the first of them waits for the others.
const (
	readBatch  = 256
	readWeight = 256 << 10
	readPause  = 100 * time.Millisecond
)

// heavy is how many bytes of flows are given back at once when nobody needs them any more.
const heavy = 32 << 20

// readFlows reads the flows of a file one after the other, those of the standard input for "-"; an error is the last of them, that of ctx
// if it ends while a file has to be waited for. It is what rfile, -C and -S read with when there is no console.
func readFlows(ctx context.Context, path string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		in, err := openInput(ctx, path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer in.close()
		readFrom(in)(func(f *flow.Flow, err error) bool {
			if err != nil {
				err = fmt.Errorf("cannot read all of %s: %w", path, err)
			}
			return yield(f, err)
		})
	}
}

// readNamed is readFlows for the console, whose keys come from the standard input.
func readNamed(ctx context.Context, path string) iter.Seq2[*flow.Flow, error] {
	var err error
	switch path {
	case "":
		err = errors.New("a path is needed, as in: ./flows.mitm")
	case "-":
		err = errors.New("the console has the standard input: name a file, or use \"sluice dump\"")
	default:
		return readFlows(ctx, path)
	}
	return func(yield func(*flow.Flow, error) bool) { yield(nil, err) }
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
			was := map[bool]string{true: "was", false: "were"}[bad == 1]
			yield(nil, fmt.Errorf("%d of its entries %s left out, the first because: %w", bad, was, first))
		}
	}
}

// loadAtStart passes on the flows of rfile that readfile_filter lets through, in batches, until ctx ends.
func loadAtStart(ctx context.Context, opts *option.Options, batch pending) error {
	path := opts.Str("rfile")
	if path == "" {
		return nil
	}
	wanted, err := filterOf(opts, "readfile_filter")
	if err != nil {
		return err
	}
	aim := proxy.Retarget(opts)
	since, n := time.Now(), 0
	for f, bad := range readFlows(ctx, path) {
		if ctx.Err() != nil {
			return nil
		}
		if bad != nil {
			err = bad
			break
		}
		if n++; wanted.Match(f) {
			if aim != nil {
				aim(f)
			}
			batch.add(f)
		}
		if batch.full() || time.Since(since) > readPause {
			if since = time.Now(); !batch.send(ctx) {
				return nil
			}
		}
	}
	batch.send(ctx)
	return counted(err, n)
}

// A pending gathers the flows of a file that go on together, to whoever writes them first, and then to those that look at them.
type pending struct {
	feed   func([]*flow.Flow) // comes back when it wants more
	to     chan<- []*flow.Flow
	flows  []*flow.Flow
	weight int64
}

func (p *pending) add(f *flow.Flow) {
	p.flows = append(p.flows, f)
	p.weight += dump.Weight(f)
}

func (p *pending) full() bool { return len(p.flows) >= readBatch || p.weight >= readWeight }

// send is false once nobody takes flows any more. It comes back from large ones when they are done with, so that there are
// no two of them in memory.
func (p *pending) send(ctx context.Context) bool {
	if len(p.flows) == 0 {
		return true
	}
	flows, weight := p.flows, p.weight
	p.flows, p.weight = nil, 0
	p.feed(flows)
	if !p.pass(ctx, flows) {
		return false
	}
	if weight < heavy {
		return true
	}
	taken := p.pass(ctx, nil) // it is taken after what came before
	debug.FreeOSMemory()
	return taken
}

func (p *pending) pass(ctx context.Context, flows []*flow.Flow) bool {
	select {
	case p.to <- flows:
		return true
	case <-ctx.Done():
		return false
	}
}

// counted says how many flows were read before an error.
func counted(err error, n int) error {
	_, damaged := errors.AsType[*dump.Error](err)
	if _, archive := errors.AsType[*har.Error](err); n == 0 || !damaged && !archive {
		return err
	}
	if n == 1 {
		return fmt.Errorf("%w (1 flow was read)", err)
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
