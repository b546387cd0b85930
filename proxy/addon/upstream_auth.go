package addon

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"

	"sluice/proxy/layer"
)

// UpstreamAuth names a user and password to the upstream proxy (RFC 7617).
type UpstreamAuth struct{ value atomic.Pointer[string] }

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

// Handle adds the credentials to what an upstream proxy itself reads.
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
		if strings.HasPrefix(h.Flow.Client.Mode, "upstream:") && r.Scheme == "http" {
			r.Headers = r.Headers.Set("Proxy-Authorization", *v)
		}
	}
	return nil
}
