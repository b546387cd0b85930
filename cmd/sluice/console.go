package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"sluice"
	"sluice/flowstore"
	"sluice/proxy"
	"sluice/proxy/flow"
	"sluice/proxy/option"
	"sluice/tui"
	"sluice/tui/events"
	"sluice/tui/keymap"
)

// runConsole opens the terminal program until it is quit.
func runConsole(cmd *cobra.Command, args []string) (err error) {
	opts, err := settings(cmd.Flags(), args, "view_filter")
	if err != nil {
		return err
	}
	if done, err := inform(cmd, opts); done {
		return err
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
		return errors.New(`the console needs a terminal; use "sluice dump" to run without one`)
	}
	if err := opts.Follow(func() error { return checkHARDump(opts) }, "hardump"); err != nil { // it is written at the end, when it is too late
		return err
	}
	stopProfile, err := profile(cmd)
	if err != nil {
		return err
	}
	defer stopProfile()
	cfg, err := consoleConfig(opts)
	if err != nil {
		return err
	}
	log := slog.New(cfg.Events.Handler())
	stream, err := openStream(opts, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }() // the terminal is again as it was
	p, err := proxy.Open(opts, log)
	if err != nil {
		return err
	}
	cfg.Engine, cfg.CA = engine{p}, p.CA.Certificate()
	// Ctrl-C is a key here, and a signal only while an editor has the terminal, which it is meant for.
	run := start(p, syscall.SIGTERM, syscall.SIGHUP)
	announce(p, opts, log)
	run.owned.Go(func() {
		for batch := range p.Flows() {
			cfg.Store.PutAll(batch)
			stream.Put(batch)
		}
	})
	if err := run.startReplays(readNamed); err != nil {
		return errors.Join(err, run.end())
	}
	return errors.Join(tui.Run(run.stopped, cfg), run.end(), saveHARDump(opts, cfg.Store))
}

// consoleConfig returns what the console works on, but for the engine.
func consoleConfig(opts *option.Options) (tui.Config, error) {
	confdir := option.ExpandHome(opts.Str("confdir"))
	keys, err := keymap.New(sluice.Keybindings)
	if err != nil {
		return tui.Config{}, err
	}
	if err := keys.Load(filepath.Join(confdir, keymap.FileName)); err != nil {
		return tui.Config{}, err
	}
	return tui.Config{
		Store: flowstore.New(flowstore.Config{}), Options: opts, Events: events.New(), Keymap: keys, Confdir: confdir, Read: readNamed,
		Aim: func() func(*flow.Flow) { return proxy.Retarget(opts) },
	}, nil
}

// An engine is the proxy as the console knows it.
type engine struct{ *proxy.Proxy }

// Addrs returns where the proxy listens.
func (e engine) Addrs() []string {
	var addrs []string
	for _, a := range e.Proxy.Addrs() {
		addrs = append(addrs, place(a))
	}
	return addrs
}
