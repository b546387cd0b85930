package addon

import "sluice/proxy/layer"

// stages are those of an HTTP exchange. Their hooks are most of all hooks, and most addons have to do with few of them.
type stages uint8

const (
	atRequestHeaders stages = 1 << iota
	atRequest
	atResponseHeaders
	atResponse
)

// An addon that says its stages is not shown the hooks of others. All other hooks it is shown.
type selective interface{ stages() stages }

func (*AntiCache) stages() stages      { return atRequestHeaders }
func (*AntiComp) stages() stages       { return atRequestHeaders }
func (*Block) stages() stages          { return 0 }
func (*BlockList) stages() stages      { return atRequestHeaders | atRequest }
func (*CRL) stages() stages            { return atRequest }
func (*DisableH2C) stages() stages     { return atRequestHeaders }
func (*MapLocal) stages() stages       { return atRequestHeaders | atRequest }
func (*MapRemote) stages() stages      { return atRequestHeaders | atRequest }
func (*NextLayer) stages() stages      { return 0 }
func (*Onboarding) stages() stages     { return atRequestHeaders }
func (*ProxyAuth) stages() stages      { return atRequestHeaders }
func (*ServerReplay) stages() stages   { return atRequestHeaders | atRequest }
func (*StickyAuth) stages() stages     { return atRequestHeaders | atRequest }
func (*StickyCookie) stages() stages   { return atRequestHeaders | atRequest | atResponseHeaders }
func (*StripDNSHTTPS) stages() stages  { return 0 }
func (*TLSConfig) stages() stages      { return 0 }
func (*TLSPassthrough) stages() stages { return 0 }
func (*UpdateAltSvc) stages() stages   { return atResponseHeaders }
func (*UpstreamAuth) stages() stages   { return atRequestHeaders }

// A Sorted is a Chain in which a hook comes only to addons that have to do with it.
type Sorted struct {
	all Chain
	at  [4]Chain
}

// Sort returns a chain that does what c does.
func Sort(c Chain) *Sorted {
	s := &Sorted{all: c}
	for _, a := range c {
		in := atRequestHeaders | atRequest | atResponseHeaders | atResponse
		if a, ok := a.(selective); ok {
			in = a.stages()
		}
		for i := range s.at {
			if in&(1<<i) != 0 {
				s.at[i] = append(s.at[i], a)
			}
		}
	}
	return s
}

// Handle is the Handle of the chain.
func (s *Sorted) Handle(h layer.Hook) (held <-chan layer.Verdict, rest Chain) {
	switch h.(type) {
	case *layer.RequestHeaders:
		return s.at[0].Handle(h)
	case *layer.Request:
		return s.at[1].Handle(h)
	case *layer.ResponseHeaders:
		return s.at[2].Handle(h)
	case *layer.Response:
		return s.at[3].Handle(h)
	}
	return s.all.Handle(h)
}
