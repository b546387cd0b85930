package addon

import (
	"crypto/tls"
	"sync"
)

// maxConfigs is how many configurations are kept for further connections.
const maxConfigs = 1024

// tlsConfigKey is what the configurations of one side differ in.
type tlsConfigKey struct {
	cert      *tls.Certificate // that is shown; nil for none
	name      string           // of the server
	protocols string
	classic   bool // no post-quantum groups
}

// tlsConfigs are configurations that connections share: one of its own would be a good part of what an idle connection takes up.
type tlsConfigs struct {
	mu    sync.Mutex
	known map[tlsConfigKey]*tls.Config
}

// get returns the configuration for k, made by the function if there is none yet. It is not to be changed.
func (s *tlsConfigs) get(k tlsConfigKey, build func() *tls.Config) *tls.Config {
	if len(k.name) > 255 { // no host has such a name
		return build()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.known[k]
	if c == nil {
		if s.known == nil || len(s.known) >= maxConfigs {
			s.known = map[tlsConfigKey]*tls.Config{}
		}
		c = build()
		s.known[k] = c
	}
	return c
}
