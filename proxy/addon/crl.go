package addon

import (
	"log/slog"
	"strconv"
	"strings"

	"sluice/proxy/cert"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// CRL answers for the revocation list that our certificates name where the server's do: it
// has no entries. Any host is asked for it, as the servers' lists are anywhere.
type CRL struct {
	CA  *cert.Authority
	Log *slog.Logger
}

// Handle answers requests for the list that nobody has answered yet.
func (c *CRL) Handle(h layer.Hook) <-chan layer.Verdict {
	r, ok := h.(*layer.Request)
	if !ok {
		return nil
	}
	f := r.Flow
	if !unanswered(f) || !strings.HasSuffix(f.Request.Path, c.CA.CRLPath()) {
		return nil
	}
	der, err := c.CA.CRL()
	if err != nil {
		c.Log.Warn("no revocation list for the client", "err", err)
		return nil
	}
	head := flow.Headers{{Name: "Content-Type", Value: "application/pkix-crl"}, {Name: "Content-Length", Value: strconv.Itoa(len(der))}}
	f.Response = &flow.Response{Status: 200, Reason: "OK",
		HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Headers: head, Body: flow.BodyOf(der)}}
	return nil
}
