package main

import (
	"log/slog"
	"os"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"sluice/flowstore"
	"sluice/proxy"
	"sluice/proxy/addon"
	"sluice/proxy/flow"
)

// What dump keeps of the flows that have ended.
const (
	dumpFlows  = 1024
	dumpBodies = 256 << 20 // bytes
)

// runDump prints flows until it is told to stop.
func runDump(cmd *cobra.Command, args []string) error {
	opts, err := settings(cmd.Flags(), args, "dumper_filter")
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
	dumper, err := addon.NewDumper(opts, addon.DumperConfig{Out: os.Stdout, Color: colorful(os.Stdout), Width: width})
	if err != nil {
		return err
	}
	log := slog.New(addon.NewTermLog(opts, os.Stderr, colorful(os.Stderr)))
	p, err := proxy.Open(opts, log)
	if err != nil {
		return err
	}
	announce(p, opts, log)
	run := start(p, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	store := flowstore.New(flowstore.Config{MaxFlows: dumpFlows, BodyLimit: dumpBodies})
	run.owned.Go(func() { print(p.Flows(), store, dumper) })
	<-run.stopped.Done()
	return run.end()
}

// print gives every snapshot to the store and the dumper until there are no more.
func print(flows <-chan []*flow.Flow, store *flowstore.Store, dumper *addon.Dumper) {
	for batch := range flows {
		store.PutAll(batch)
		for _, f := range batch {
			dumper.Put(f)
		}
		dumper.Flush()
	}
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
