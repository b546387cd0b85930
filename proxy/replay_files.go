package proxy

import (
	"fmt"
	"iter"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// ReadFlows reads the flows of a file one after the other. An error is the last of them; what came before it is good.
type ReadFlows func(path string) iter.Seq2[*flow.Flow, error]

// Retarget returns what has flows that are read go where the proxy stands in for, if it does nothing else, so that what was
// recorded with one server is easily sent again to another; nil if it does something else.
func Retarget(opts *option.Options) func(*flow.Flow) {
	specs := opts.Strs("mode")
	if len(specs) != 1 {
		return nil
	}
	m, err := ParseMode(specs[0])
	if err != nil || m.Reverse == nil || !strings.HasPrefix(m.Reverse.Scheme, "http") {
		return nil
	}
	scheme := "http"
	if m.Reverse.Scheme == "https" {
		scheme = "https"
	}
	return func(f *flow.Flow) {
		if r := f.Request; r != nil && r.Method != "CONNECT" {
			r.Scheme, r.Host, r.Port = scheme, m.Reverse.Addr.Host, m.Reverse.Addr.Port
			r.SetHostHeader(r.HostPort())
		}
	}
}

// StartReplays answers requests from the files of the option server_replay, and sends the requests of those
// of client_replay; and again whenever one of them is set. It is called once, when the proxy serves.
func (p *Proxy) StartReplays(read ReadFlows) error {
	err := p.opts.Follow(func() error { return p.serveFiles(read, p.opts.Strs("server_replay")) }, "server_replay")
	if err != nil {
		return err
	}
	return p.opts.Follow(func() error { return p.replayFiles(read, p.opts.Strs("client_replay")) }, "client_replay")
}

// serveFiles answers requests from files in the place of what there is. Without files that stays.
func (p *Proxy) serveFiles(read ReadFlows, paths []string) error {
	var recorded []*flow.Flow
	for _, path := range paths {
		flows, err := readAll(read, path)
		if err != nil {
			return fmt.Errorf("server_replay: %w", err)
		}
		recorded = append(recorded, flows...)
	}
	if len(recorded) == 0 {
		return nil
	}
	if left := len(recorded) - p.ServeReplay(recorded, false); left > 0 {
		p.cfg.Log.Info(fmt.Sprintf("server_replay: %d of %d flows have no whole HTTP response to give again", left, len(recorded)))
	}
	return nil
}

// readAll returns the flows of a file, all or none.
func readAll(read ReadFlows, path string) ([]*flow.Flow, error) {
	var flows []*flow.Flow
	for f, err := range read(option.ExpandHome(path)) {
		if err != nil {
			return nil, err
		}
		flows = append(flows, f)
	}
	return flows, nil
}

func (p *Proxy) replayFiles(read ReadFlows, paths []string) error {
	var all []*flow.Flow
	for _, path := range paths {
		flows, err := readAll(read, path)
		if err != nil {
			return fmt.Errorf("client_replay: %w", err)
		}
		all = append(all, flows...)
	}
	flow.Distinct(all)
	for _, f := range all {
		if err := p.Replay(f); err != nil {
			log := p.cfg.Log
			if f.Request != nil {
				log = log.With("url", f.Request.PrettyURL())
			}
			log.Warn("a flow is not replayed", "err", err)
		}
	}
	return nil
}

// ServeReplay answers requests with the responses of flows, in the place of or beside those that are there
// already. It returns how many of the flows have one that can be given again.
func (p *Proxy) ServeReplay(flows []*flow.Flow, add bool) int { return p.recorded.Load(flows, add) }

// StopServeReplay forgets the flows of ServeReplay.
func (p *Proxy) StopServeReplay() { p.recorded.Stop() }

// ServeReplayCount returns how many responses can still be given.
func (p *Proxy) ServeReplayCount() int { return p.recorded.Count() }

// Busy reports whether something is under way that was asked for: replays, or clients.
func (p *Proxy) Busy() bool {
	return p.ReplayCount() > 0 || p.ServeReplayCount() > 0 || p.Clients() > 0
}
