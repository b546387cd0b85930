package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sluice/proxy/option"
)

// A served mode is an instance and what it was started for.
type served struct {
	want wanted
	*Instance
}

// wanted is a mode and where it shall listen.
type wanted struct {
	spec, host string
	port       int
}

// instances are the modes that a Proxy serves, in the order of the option mode.
type instances struct {
	mu   sync.Mutex
	list []served
}

// bindModes serves what the options say, now and after every change of them.
func (p *Proxy) bindModes() error {
	return p.opts.Follow(p.applyModes, "mode", "server", "listen_host", "listen_port")
}

// applyModes stops what is not wanted any more and starts what is new. What is wanted as before is not touched.
// An error says why something cannot be served; all that was served before and is still wanted, is.
func (p *Proxy) applyModes() error {
	modes, err := p.wantedModes()
	if err != nil {
		return err
	}
	in := &p.instances
	in.mu.Lock()
	defer in.mu.Unlock()
	var kept, gone []served
	for _, s := range in.list {
		if slices.ContainsFunc(modes, func(m wantedMode) bool { return m.wanted == s.want }) {
			kept = append(kept, s)
		} else {
			gone = append(gone, s)
		}
	}
	for _, s := range gone {
		p.Stop(s.Instance)
	}
	in.list = nil
	var failed error
	for _, m := range modes {
		at := slices.IndexFunc(kept, func(s served) bool { return s.want == m.wanted })
		if at >= 0 {
			in.list = append(in.list, kept[at])
			continue
		}
		i, err := p.Start(m.mode, m.host, m.port)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		in.list = append(in.list, served{m.wanted, i})
	}
	p.tellModes(gone, kept)
	return failed
}

// tellModes logs what has been stopped and started, when clients may have come already.
func (p *Proxy) tellModes(gone, kept []served) {
	if !p.announced {
		return
	}
	for _, s := range gone {
		p.cfg.Log.Info(strings.Replace(s.String(), "listening", "stopped listening", 1) + ".")
	}
	for _, s := range p.instances.list {
		if !slices.Contains(kept, s) {
			p.cfg.Log.Info(s.String() + ".")
			if s.keys != nil {
				p.cfg.Log.Info(s.setup())
			}
		}
	}
}

// Announce logs where each mode listens, and from now on what changes of that.
func (p *Proxy) Announce() {
	p.instances.mu.Lock()
	defer p.instances.mu.Unlock()
	p.announced = true
	p.tellModes(nil, nil)
	if p.opts.Str("proxyauth") == "" {
		return
	}
	for _, s := range p.instances.list {
		if !s.Mode.asksLogin() {
			p.cfg.Log.Warn("proxyauth is set, but what is not HTTP needs no login in the mode " + s.Mode.Spec)
		}
	}
}

type wantedMode struct {
	wanted
	mode Mode
}

// wantedModes reads the options. Two modes cannot listen at one place.
func (p *Proxy) wantedModes() ([]wantedMode, error) {
	specs := p.opts.Strs("mode")
	if len(specs) == 0 {
		specs = []string{"regular"}
	}
	var modes []wantedMode
	places := map[string]string{}
	for _, spec := range specs {
		m, err := ParseMode(spec)
		if err != nil {
			return nil, err
		}
		w := wantedMode{wanted{spec: spec}, m}
		if m.Name == "wireguard" {
			w.mode.KeyFile = option.ExpandHome(cmp.Or(m.KeyFile, filepath.Join(p.opts.Str("confdir"), wireguardFile)))
		}
		if w.host, w.port, err = p.listenAddr(m); err != nil {
			return nil, err
		}
		for _, transport := range m.transports() {
			place := transport + " " + w.host + " " + strconv.Itoa(w.port)
			if other, taken := places[place]; taken && w.port != 0 {
				return nil, fmt.Errorf("the modes %s and %s cannot both listen on %s:%d: give one of them a port of its own, as in %s@%d",
					other, spec, cmp.Or(w.host, "*"), w.port, strings.Split(spec, "@")[0], w.port+1)
			}
			places[place] = spec
		}
		modes = append(modes, w)
	}
	if !p.opts.Bool("server") {
		return nil, nil
	}
	return modes, nil
}

// listenAddr returns where a mode shall listen.
func (p *Proxy) listenAddr(m Mode) (host string, port int, err error) {
	host, port = p.opts.Str("listen_host"), m.defaultPort()
	if n, ok := p.opts.IntSet("listen_port"); ok {
		port = n
	}
	if m.Listen {
		host, port = cmp.Or(m.Host, host), m.Port
	}
	if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, " /:@[]") {
		return "", 0, fmt.Errorf("cannot listen on %q: give an address of this machine, or nothing for all", host)
	}
	return host, port, nil
}
