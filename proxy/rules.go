package proxy

import (
	"errors"
	"log/slog"
	"slices"

	"sluice/proxy/addon"
)

// withRules puts the addons that answer and change messages into a chain: some right behind the first of the chain,
// before anything is decided, and some before the last, which holds what the others have made of it.
func (p *Proxy) withRules(chain addon.Chain, log *slog.Logger) (addon.Chain, error) {
	blockList, err := addon.NewBlockList(p.opts)
	headers, err2 := addon.NewModifyHeaders(p.opts, p.disk, log)
	remote, err3 := addon.NewMapRemote(p.opts, log)
	local, err4 := addon.NewMapLocal(p.opts, p.disk, log)
	bodies, err5 := addon.NewModifyBody(p.opts, p.disk, log)
	auth, err6 := addon.NewStickyAuth(p.opts)
	cookies, err7 := addon.NewStickyCookie(p.opts)
	recorded, err8 := addon.NewServerReplay(p.opts, log)
	if err := errors.Join(err, err2, err3, err4, err5, err6, err7, err8); err != nil {
		return nil, err
	}
	p.recorded = recorded
	early := addon.Chain{blockList, &addon.DisableH2C{Log: log}}
	late := addon.Chain{addon.NewOnboarding(p.opts, p.CA, log), headers, recorded, remote, local, bodies, auth, cookies}
	last := len(chain) - 1
	return slices.Concat(chain[:1], early, chain[1:last], late, chain[last:]), nil
}
