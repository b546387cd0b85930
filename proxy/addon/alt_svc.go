package addon

import (
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// UpdateAltSvc keeps clients from going past us to another service for the same site (RFC 7838): what speaks HTTP/3, which
// we do not, is taken out, and in reverse mode what is left leads to our own port.
type UpdateAltSvc struct{ Keep atomic.Bool }

// authority is a quoted host:port.
var authority = regexp.MustCompile(`"[^"]*:[0-9]+"`)

// Handle changes a response before the client gets it.
func (a *UpdateAltSvc) Handle(h layer.Hook) <-chan layer.Verdict {
	r, ok := h.(*layer.ResponseHeaders)
	if !ok || a.Keep.Load() {
		return nil
	}
	f := r.Flow
	if _, ok := f.Response.Headers.Lookup("Alt-Svc"); !ok {
		return nil
	}
	var kept flow.Headers
	for _, field := range f.Response.Headers {
		if strings.EqualFold(field.Name, "Alt-Svc") {
			if field.Value = withoutQUIC(field.Value); field.Value == "" {
				continue
			}
			if strings.HasPrefix(f.Client.Mode, "reverse:") {
				field.Value = authority.ReplaceAllString(field.Value, `":`+strconv.Itoa(int(f.Client.Local.Port()))+`"`)
			}
		}
		kept = append(kept, field)
	}
	f.Response.Headers = kept
	return nil
}

// withoutQUIC returns the alternatives of a field that are not reached over QUIC.
func withoutQUIC(value string) string {
	var kept []string
	for _, alternative := range splitQuoted(value) {
		id, _, _ := strings.Cut(strings.TrimSpace(alternative), "=")
		if !isHTTP3(id) && id != "quic" {
			kept = append(kept, strings.TrimSpace(alternative))
		}
	}
	return strings.Join(kept, ", ")
}

// splitQuoted splits a list at the commas outside of quotes.
func splitQuoted(s string) []string {
	var list []string
	quoted, begin := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			list, begin = append(list, s[begin:i]), i+1
		}
	}
	return append(list, s[begin:])
}
