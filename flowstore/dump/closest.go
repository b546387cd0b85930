package dump

import (
	"strings"

	"sluice/proxy/flow"
)

// mitmproxy gives up a file at a proxy mode or an upstream proxy that it does not know. Those are written as the closest that it does
// know, and as they are in ownMeta.

// closestScheme returns the scheme that mitmproxy has for one of a mode.
func closestScheme(scheme string) string {
	switch scheme = strings.ToLower(scheme); scheme {
	case "http2", "socks5":
		return "http"
	}
	return scheme
}

// closestMode does that for the spec of a mode.
func closestMode(spec string) string {
	name, data, _ := strings.Cut(spec, ":")
	scheme, server, ok := strings.Cut(data, "://")
	closest := closestScheme(scheme)
	if !ok || closest == scheme {
		return spec
	}
	return name + ":" + closest + "://" + server
}

// addOurs adds what mitmproxy does not know of connections as it is to own.
func addOurs(own *dict, f *flow.Flow) {
	if c := f.Client; c != nil && closestMode(c.Mode) != c.Mode {
		own.add("mode", c.Mode)
	}
	if s := f.Server; s != nil && s.Via != nil && closestScheme(s.Via.Scheme) != s.Via.Scheme {
		own.add("via", s.Via.Scheme)
	}
}

// hasOurs reports whether addOurs adds anything.
func hasOurs(f *flow.Flow) bool {
	own := &dict{}
	addOurs(own, f)
	return len(own.fields) > 0
}

// takeOurs takes what addOurs has added.
func takeOurs(own *dict, f *flow.Flow) {
	if mode, ok := own.get("mode").(string); ok && closestMode(mode) != mode {
		f.Client.Mode = mode
	}
	if scheme, ok := own.get("via").(string); ok && f.Server.Via != nil && closestScheme(scheme) != scheme {
		f.Server.Via.Scheme = scheme
	}
}
