package proxy

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/cert"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// defaultPort is where an HTTP proxy listens unless it is told otherwise.
const defaultPort = 8080

// A Proxy is an engine with the standard addons, kept in step with the options.
type Proxy struct {
	*Engine
	CA *cert.Authority

	opts      *option.Options
	intercept *addon.Intercept
	disk      *addon.Disk
	replays   replayQueue
	instances instances
	announced bool // guarded by instances.mu
	recorded  *addon.ServerReplay
}

// Open makes a proxy as the options say, with the certificate authority of
// confdir, and opens the ports of its modes unless the option server is off. Changes of options take effect at once where they can.
func Open(opts *option.Options, log *slog.Logger) (*Proxy, error) {
	p := &Proxy{opts: opts, intercept: addon.NewIntercept(), disk: addon.NewDisk()}
	if _, err := p.wantedModes(); err != nil {
		return nil, err
	}
	keys := cert.Config{Dir: option.ExpandHome(opts.Str("confdir")), Passphrase: opts.Str("cert_passphrase")}
	if opts.Changed("key_size") {
		keys.KeySize = opts.Int("key_size")
	}
	ca, err := cert.LoadConfig(keys, time.Now())
	if err != nil {
		return nil, err
	}
	p.CA = ca
	chain, err := p.addons(log)
	if err != nil {
		return nil, err
	}
	var local *net.TCPAddr
	if a := opts.Str("connect_addr"); a != "" {
		local = &net.TCPAddr{IP: net.ParseIP(a)}
	}
	p.Engine = New(Config{
		Addons: chain, Layers: p.layerOptions(), Log: log,
		LocalAddr: local, Resolve: p.resolveConfig(), IdleTimeout: time.Duration(opts.Int("tcp_timeout")) * time.Second,
	})
	p.replays.e, p.replays.opts = p.Engine, opts
	return p, p.bindModes()
}

// Resume lets a held flow go on with a person's edit, or as it was if edit is nil.
func (p *Proxy) Resume(id flow.ID, edit *flow.Edit) bool { return p.intercept.Resume(id, edit) }

// Kill ends a live flow, held or not. It reports whether it was alive.
func (p *Proxy) Kill(id flow.ID) bool { return p.intercept.Kill(id) || p.Engine.Kill(id) }

// addons makes the chain and binds every addon to its options.
func (p *Proxy) addons(log *slog.Logger) (addon.Chain, error) {
	block := &addon.Block{}
	anticache, anticomp := &addon.AntiCache{}, &addon.AntiComp{}
	records, altSvc := &addon.StripDNSHTTPS{}, &addon.UpdateAltSvc{}
	next, err := addon.NewNextLayer(p.opts)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := addon.NewTLSConfig(p.opts, p.CA, log)
	if err != nil {
		return nil, err
	}
	auth, login := &addon.UpstreamAuth{}, &addon.ProxyAuth{}
	err = errors.Join(
		p.opts.Follow(func() error { block.Global.Store(p.opts.Bool("block_global")); return nil }, "block_global"),
		p.opts.Follow(func() error { block.Private.Store(p.opts.Bool("block_private")); return nil }, "block_private"),
		p.opts.Follow(func() error { anticache.On.Store(p.opts.Bool("anticache")); return nil }, "anticache"),
		p.opts.Follow(func() error { anticomp.On.Store(p.opts.Bool("anticomp")); return nil }, "anticomp"),
		p.opts.Follow(func() error { _, err := parseRoutes(p.opts.Strs("upstream_routes")); return err }, "upstream_routes"),
		p.opts.Follow(func() error { return auth.Set(p.opts.Str("upstream_auth")) }, "upstream_auth"),
		p.opts.Follow(func() error { records.ECH.Store(p.opts.Bool("strip_ech")); return nil }, "strip_ech"),
		p.opts.Follow(func() error { altSvc.Keep.Store(p.opts.Bool("keep_alt_svc_header")); return nil }, "keep_alt_svc_header"),
		p.opts.Follow(func() error { return login.Set(p.opts.Str("proxyauth")) }, "proxyauth"),
		p.bindIntercept(),
	)
	if err != nil {
		return nil, err
	}
	return p.withRules(addon.Chain{block, records, anticache, anticomp, login, next, tlsConfig, addon.NewTLSPassthrough(p.opts, log),
		&addon.CRL{CA: p.CA, Log: log}, auth, altSvc, p.intercept}, log)
}

// bindIntercept keeps the filter of what is held in step: setting it switches holding on, clearing it off.
func (p *Proxy) bindIntercept() error {
	apply := func([]string) error {
		var f *filter.Filter
		if expr := p.opts.Str("intercept"); expr != "" && p.opts.Bool("intercept_active") {
			var err error
			if f, err = filter.Parse(expr); err != nil {
				return err
			}
		}
		p.intercept.SetFilter(f)
		return nil
	}
	set := func([]string) error {
		expr := p.opts.Str("intercept")
		if expr != "" {
			if _, err := filter.Parse(expr); err != nil {
				return err
			}
		}
		return p.opts.Update(map[string]any{"intercept_active": expr != ""})
	}
	p.opts.Subscribe(set, "intercept")
	p.opts.Subscribe(apply, "intercept", "intercept_active")
	if p.opts.Str("intercept") != "" {
		return set(nil)
	}
	return nil
}

// resolveConfig returns where DNS answers come from, renewed on every change.
func (p *Proxy) resolveConfig() *atomic.Pointer[ResolveConfig] {
	ptr := &atomic.Pointer[ResolveConfig]{}
	_ = p.opts.Follow(func() error {
		ptr.Store(&ResolveConfig{Servers: p.opts.Strs("dns_name_servers"), Hosts: p.opts.Bool("dns_use_hosts_file")})
		return nil
	}, "dns_name_servers", "dns_use_hosts_file")
	return ptr
}

// layerOptions returns what the layers read, renewed on every change.
func (p *Proxy) layerOptions() *atomic.Pointer[layer.Options] {
	ptr := &atomic.Pointer[layer.Options]{}
	apply := func() error {
		ptr.Store(readLayerOptions(p.opts))
		return nil
	}
	_ = p.opts.Follow(apply, "upstream_routes", "upstream_auth", "connection_strategy", "rawtcp", "websocket", "keep_host_header",
		"validate_inbound_headers", "normalize_outbound_headers", "show_ignored_hosts", "store_streamed_bodies", "http_connect_send_host_header", "stream_large_bodies",
		"body_size_limit", "body_record_limit", "body_record_budget", "proxy_debug", "http2_ping_keepalive", "proxyauth",
		"onboarding", "onboarding_host")
	return ptr
}

func readLayerOptions(o *option.Options) *layer.Options {
	l := &layer.Options{
		Lazy:            o.Str("connection_strategy") == "lazy",
		RawTCP:          o.Bool("rawtcp"),
		WebSocket:       o.Bool("websocket"),
		KeepHostHeader:  o.Bool("keep_host_header"),
		SkipValidation:  !o.Bool("validate_inbound_headers"),
		KeepHeaderCase:  !o.Bool("normalize_outbound_headers"),
		ShowIgnored:     o.Bool("show_ignored_hosts"),
		StoreStreamed:   o.Bool("store_streamed_bodies"),
		OmitConnectHost: !o.Bool("http_connect_send_host_header"),
		Debug:           o.Bool("proxy_debug"),
		HTTP2Ping:       time.Duration(o.Int("http2_ping_keepalive")) * time.Second,
		UpstreamAuth:    o.Str("upstream_auth"),
		SOCKSLogin:      o.Str("proxyauth") != "",
		OwnHost:         addon.OnboardingHost(o),
	}
	if routes, err := parseRoutes(o.Strs("upstream_routes")); err == nil && len(routes) > 0 {
		l.Route = func(to flow.Addr) (*flow.Via, bool) { return find(routes, to) }
	}
	if s := o.Str("stream_large_bodies"); s != "" {
		if l.StreamLargeBodies, _ = option.ParseSize(s); l.StreamLargeBodies == 0 {
			l.StreamLargeBodies = -1
		}
	}
	if s := o.Str("body_size_limit"); s != "" {
		l.BodySizeLimit, _ = option.ParseSize(s)
	}
	l.BodyRecordLimit, _ = option.ParseSize(o.Str("body_record_limit"))
	l.BodyBudget, _ = option.ParseSize(o.Str("body_record_budget"))
	return l
}
