package addon

import (
	"log/slog"
	"strings"
	"time"

	"sluice/proxy/layer"
)

// DisableH2C keeps clients from going over to HTTP/2 without TLS, of which the rest of the connection would be unreadable.
type DisableH2C struct{ Log *slog.Logger }

// Handle takes out of a request what asks for it (RFC 7540 §3.2), and kills one that begins with it (RFC 9113 §3.4).
func (d *DisableH2C) Handle(h layer.Hook) <-chan layer.Verdict {
	r, ok := h.(*layer.RequestHeaders)
	if !ok {
		return nil
	}
	q := r.Flow.Request
	if strings.EqualFold(q.Headers.Get("Upgrade"), "h2c") {
		d.Log.Warn("HTTP/2 without TLS is not spoken: the request goes on as HTTP/1", "client", r.Flow.Client.Peer)
		q.Headers = q.Headers.Del("Upgrade").Del("Connection").Del("HTTP2-Settings")
	}
	if q.Method == "PRI" && q.Path == "*" && q.Version == "HTTP/2.0" {
		d.Log.Warn("HTTP/2 without TLS is not spoken: the client is refused", "client", r.Flow.Client.Peer)
		r.Flow.Kill(time.Now())
	}
	return nil
}
