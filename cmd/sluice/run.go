package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sluice/proxy"
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// grace is how long flows that are under way may take to end.
const grace = 3 * time.Second

// A running is a proxy that serves, until the first signal; the second one
// ends it at once.
type running struct {
	p       *proxy.Proxy
	stopped context.Context // ends with the first signal, or with an error
	stop    context.CancelCauseFunc
	forced  context.Context // ends with the second signal
	quiet   func()          // stops listening to signals
	owned   sync.WaitGroup  // what ends with the proxy
}

// start serves until one of some signals. Whoever calls it calls end, once.
func start(p *proxy.Proxy, until ...os.Signal) *running {
	r := &running{p: p}
	r.stopped, r.stop = context.WithCancelCause(context.Background())
	var force context.CancelFunc
	r.forced, force = context.WithCancel(context.Background())
	signals, deaf := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, until...)
	r.owned.Go(func() {
		for _, act := range []func(){func() { r.stop(nil) }, force} {
			select {
			case <-signals:
				act()
			case <-deaf:
			}
		}
		force()
	})
	r.quiet = func() {
		signal.Stop(signals)
		close(deaf)
	}
	r.owned.Go(func() { giveBack(r.stopped.Done()) })
	r.owned.Go(func() { p.Serve(r.stopped) })
	return r
}

// startReplays starts the replays of files, which are read until it is told to stop.
func (r *running) startReplays(read func(context.Context, string) iter.Seq2[*flow.Flow, error]) error {
	err := r.p.StartReplays(func(path string) iter.Seq2[*flow.Flow, error] { return read(r.stopped, path) })
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// end drains the proxy and waits for all that was started. It returns the error that it was stopped with, if there was one.
func (r *running) end() error {
	r.stop(nil)
	ctx, cancel := context.WithTimeout(r.forced, grace)
	defer cancel()
	r.p.Shutdown(ctx)
	r.quiet()
	r.owned.Wait()
	if err := context.Cause(r.stopped); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// place writes an address to listen at; *:8080 is one for whatever address the machine has.
func place(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		return fmt.Sprintf("*:%d", t.Port)
	}
	return a.String()
}

// announce logs where the proxy listens, and which options have no effect.
func announce(p *proxy.Proxy, opts *option.Options, log *slog.Logger) {
	p.Announce()
	for _, text := range slices.Concat(opts.Passed(), opts.Unsupported(), checkViews(opts)) {
		log.Warn(text)
	}
}

// viewOptions are the options that name a content view.
var viewOptions = []string{"console_default_contentview", "dumper_default_contentview"}

// unknownView returns an error if an option names a content view that does not exist, as some of mitmproxy's do not.
func unknownView(opts *option.Options, name string) error {
	view := opts.Str(name)
	if _, ok := content.Lookup(view); ok || view == content.Auto {
		return nil
	}
	return fmt.Errorf("%s: there is no content view %q; there are %s", name, view, strings.Join(content.Names(), ", "))
}

// checkViews returns what to say of views that do not exist, in whose place the best one is taken. From now on none can be set.
func checkViews(opts *option.Options) (texts []string) {
	for _, name := range viewOptions {
		if err := unknownView(opts, name); err != nil {
			texts = append(texts, err.Error()+". The best one is taken.")
		}
		opts.Subscribe(func([]string) error { return unknownView(opts, name) }, name)
	}
	return texts
}

// profile writes a CPU profile to the file that --cpuprofile names, until stop is called.
func profile(cmd *cobra.Command) (stop func(), err error) {
	path, _ := cmd.Flags().GetString("cpuprofile")
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("cannot write the CPU profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
