package addon

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"

	"sluice/proxy/layer"
)

// UpstreamAuth names a user and password to the upstream proxy, or to the server that a reverse proxy stands in for (RFC 7617).
type UpstreamAuth struct {
	value atomic.Pointer[string]
}

// Set takes "user:password"; "" switches it off.
func (a *UpstreamAuth) Set(spec string) error {
	if spec == "" {
		a.value.Store(nil)
		return nil
	}
	if i := strings.IndexByte(spec, ':'); i < 1 {
		return errors.New("upstream_auth must be user:password")
	}
	v := "Basic " + base64.StdEncoding.EncodeToString([]byte(spec))
	a.value.Store(&v)
	return nil
}

// Handle adds the credentials to what an upstream proxy itself reads, and to what goes to the target of a reverse proxy.
func (a *UpstreamAuth) Handle(h layer.Hook) <-chan layer.Verdict {
	v := a.value.Load()
	if v == nil {
		return nil
	}
	switch h := h.(type) {
	case *layer.HTTPConnectUpstream:
		r := h.Flow.Request
		r.Headers = r.Headers.Set("Proxy-Authorization", *v)
	case *layer.RequestHeaders:
		r := h.Flow.Request
		switch {
		case h.ForProxy:
			r.Headers = r.Headers.Set("Proxy-Authorization", *v)
		case strings.HasPrefix(strings.ToLower(h.Flow.Client.Mode), "reverse:"):
			r.Headers = r.Headers.Set("Authorization", *v)
		}
	}
	return nil
}
