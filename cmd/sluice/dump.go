package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"sluice/flowstore/dump"
	"sluice/proxy"
	"sluice/proxy/addon"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// patience is how long the last lines may take to be read.
const patience = time.Second

// runDump prints flows until it is told to stop.
func runDump(cmd *cobra.Command, args []string) (err error) {
	opts, err := settings(cmd.Flags(), args, "dumper_filter", "readfile_filter", "save_stream_filter")
	if err != nil {
		return err
	}
	if done, err := inform(cmd, opts); done {
		return err
	}
	stopProfile, err := profile(cmd)
	if err != nil {
		return err
	}
	defer stopProfile()
	if err := checkHARDump(opts); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of writing, after which files are still completed
	archive := &harDump{}
	defer func() { err = errors.Join(err, archive.Close()) }()
	out, finish := printer(os.Stdout)
	defer func() { err = errors.Join(err, finish()) }()
	logged, finishLog := printer(os.Stderr)
	defer func() { _ = finishLog() }()
	dumper, err := addon.NewDumper(opts, addon.DumperConfig{Out: out, Color: colorful(os.Stdout), Width: width})
	if err != nil {
		return err
	}
	log := slog.New(addon.NewTermLog(opts, logged, colorful(os.Stderr)))
	if len(args) > 0 {
		log.Info("only flows that match " + strconv.Quote(strings.Join(args, " ")) + " are read, printed and saved")
	}
	stream, err := openStream(opts, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	p, err := proxy.Open(opts, log)
	if err != nil {
		return err
	}
	if archive, err = openHARDump(opts, log); err != nil {
		return err
	}
	d := &destinations{dumper, stream, archive}
	return d.serve(p, opts, log, out.Failed())
}

// destinations are where flows go.
type destinations struct {
	dumper  *addon.Dumper
	stream  *dump.Stream
	archive *harDump
}

// show prints flows.
func (d *destinations) show(batch []*flow.Flow) {
	for _, f := range batch {
		d.dumper.Put(f)
	}
	d.dumper.Flush()
}

// take has flows that pass written and printed.
func (d *destinations) take(batch []*flow.Flow) {
	d.stream.Put(batch)
	d.archive.Put(batch)
	d.show(batch)
}

// feed has flows of a file written, and waits until there are few.
func (d *destinations) feed(batch []*flow.Flow) {
	d.stream.Feed(batch)
	d.archive.Feed(batch)
}

// serve has the proxy serve until it is told to stop, has done all there was to do, or printing has failed.
func (d *destinations) serve(p *proxy.Proxy, opts *option.Options, log *slog.Logger, failed <-chan error) error {
	run := start(p, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	announce(p, opts, log)
	loaded := make(chan []*flow.Flow)
	run.owned.Go(func() { each(p.Flows(), d.take, loaded, d.show) })
	if finite(opts) {
		saveMemory()
	}
	reading := read(run, opts, pending{feed: d.feed, to: loaded}, log)
	if err := run.startReplays(readFlows); err != nil {
		return errors.Join(err, run.end())
	}
	run.owned.Go(func() { endWhenDone(run, opts, reading) })
	select {
	case err := <-failed:
		return errors.Join(err, run.end()) // even if it was to end anyhow
	case <-run.stopped.Done():
		return run.end()
	}
}

// printer returns a printer to a file, and what ends it after all is printed or nobody has read it for a while.
func printer(f *os.File) (p *addon.Printer, finish func() error) {
	p = addon.NewPrinter(addon.PrinterConfig{Out: f, Patient: addon.Endless(f)})
	return p, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return p.Close(ctx)
	}
}

// each has every batch of snapshots taken until both channels are closed.
func each(flows <-chan []*flow.Flow, take func([]*flow.Flow), loaded <-chan []*flow.Flow, show func([]*flow.Flow)) {
	for flows != nil || loaded != nil {
		select {
		case batch, ok := <-flows:
			if !ok {
				flows = nil
			}
			take(batch)
		case batch, ok := <-loaded:
			if !ok {
				loaded = nil
			}
			show(batch)
		}
	}
}

// read reads rfile apart, closes its channel after it, and then the one that it returns. A file that is damaged ends a program
// that was to read it and no more, one that cannot be opened every program.
func read(run *running, opts *option.Options, flows pending, log *slog.Logger) <-chan struct{} {
	done := make(chan struct{})
	run.owned.Go(func() {
		defer close(done)
		err := loadAtStart(run.stopped, opts, flows)
		close(flows.to)
		switch {
		case err == nil:
		case finite(opts), unopened(err):
			run.stop(err)
		default:
			log.Error(err.Error())
		}
	})
	return done
}

// unopened reports whether an error is that a file could not be opened.
func unopened(err error) bool {
	failed, ok := errors.AsType[*fs.PathError](err)
	return ok && failed.Op == "open"
}

// colorful reports whether colours are of use on a file.
func colorful(f *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// width returns the columns of the terminal that flows are printed on, 0 if it is none.
func width() int {
	w, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return w
}
